"""Translate what an OpenStack service refuses into the contract's errors: the one table from answer to error.

401                         PermissionDenied
403                         CapacityExhausted where the text speaks of a quota, else PermissionDenied
404                         NotFound
400, 406, 422               InvalidConfiguration; NotFound where the text says that something is missing
409, 412                    CapacityExhausted where a quota or the addresses are used up, else Conflict
413, 429                    Throttled; CapacityExhausted for a 413 that speaks of a quota, or has no wait (old Nova)
503 with Retry-After        Throttled
anything else               Unavailable
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec

from kubecapy.contract.errors import (
    CapacityExhausted,
    Conflict,
    InvalidConfiguration,
    NotFound,
    PermissionDenied,
    ProviderError,
    Throttled,
    Unavailable,
)

MESSAGE_CHARACTERS_MAX: Final = 300
DEFAULT_RETRY_SECONDS: Final = 10.0
LONGEST_RETRY_SECONDS: Final = 300.0

_QUOTA: Final = re.compile(r"quota|exceeds? allowed|OverQuota|No more IP addresses|OverLimit", re.IGNORECASE)
_ABSENT: Final = re.compile(
    r"could ?n[o']t be found|can ?not (be found|find)|not found|does not exist|Invalid key_name", re.IGNORECASE
)
_ECHOED_VALUE: Final = re.compile(r"\bValue: .*", re.DOTALL)
_TAGS: Final = re.compile(r"<[^>]*>")

PlainError = CapacityExhausted | Conflict | InvalidConfiguration | NotFound | PermissionDenied | Unavailable
"""The errors that need nothing but a message."""


class ServiceMissing(Unavailable):
    """The cloud's catalog has no such service: nothing can have been made in it."""


class Refusal(msgspec.Struct, frozen=True):
    """An answer that is not a success."""

    doing: str
    """What was attempted on what: `creating port m-0`."""
    service: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


def provider_error(refusal: Refusal, now: datetime) -> ProviderError:
    """Return the contract's error for `refusal`, with the service's own words and its request id."""
    text = _words(refusal.body) or _phrase(refusal.status)
    source = ", ".join(part for part in (f"{refusal.service} {refusal.status}", request_id_of(refusal.headers)) if part)
    message = f"{refusal.doing}: {text} ({source}){_hint(refusal)}"
    wait = _retry_after(refusal.headers.get("retry-after"), now)
    if refusal.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and "quota" in text:
        return CapacityExhausted(message)
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS or (wait is not None and refusal.status in (413, 503)):
        return Throttled(message, retry_after_seconds=DEFAULT_RETRY_SECONDS if wait is None else wait)
    if refusal.status == HTTPStatus.NOT_FOUND and not _is_spoken(refusal):
        return Unavailable(message)
    return _class_of(refusal.status, text)(message)


def request_id_of(headers: Mapping[str, str]) -> str:
    """Return the id under which the service logged the call; empty where it names none. Header names in lower case."""
    return headers.get("x-openstack-request-id") or headers.get("x-compute-request-id") or ""


def unavailable(doing: str, why: str) -> Unavailable:
    """Return the error for a cloud that did not answer, or not in a form that can be read."""
    return Unavailable(f"{doing}: {why}")


def _hint(refusal: Refusal) -> str:
    """Return what a person can do about an answer whose own words do not say it."""
    if refusal.status == HTTPStatus.NOT_ACCEPTABLE and refusal.service == "compute":
        return '; this Nova knows no server tags, set "disableServerTags" in the Cluster\'s providerSpec'
    return ""


def _class_of(status: int, text: str) -> type[PlainError]:
    is_quota = _QUOTA.search(text) is not None
    match status:
        case 401:
            return PermissionDenied
        case 403:
            return CapacityExhausted if is_quota else PermissionDenied
        case 404:
            return NotFound
        case 400 | 406 | 422:
            return NotFound if _ABSENT.search(text) else InvalidConfiguration
        case 409 | 412:
            return CapacityExhausted if is_quota else Conflict
        case 413:
            return CapacityExhausted
        case _:
            return Unavailable


def _is_spoken(refusal: Refusal) -> bool:
    """Return whether a 404 is the service's own: a proxy's page must never count as "it is gone".

    Glance alone answers with a page of its own.
    """
    return refusal.service == "image" or refusal.body.lstrip()[:1] == b"{"


def _words(body: bytes) -> str:
    """Return the message inside an error body of any service; the body itself is never shown."""
    try:
        text = _message_of(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = _TAGS.sub(" ", body.decode(errors="replace")) if body[:1] == b"<" else ""
    # Nova's schema errors repeat the value they refuse, which may be user data.
    text = _ECHOED_VALUE.sub("", text)
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= MESSAGE_CHARACTERS_MAX else f"{text[:MESSAGE_CHARACTERS_MAX]}..."


def _message_of(value: Any) -> str:  # Any: a foreign body
    """Return `message` of `{kind: {message}}`, as every service has it, or of the object itself."""
    if not isinstance(value, dict):
        return ""
    for inner in (value, *value.values()):
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            return str(inner["message"])
        if isinstance(inner, dict) and isinstance(inner.get("detail"), str):
            return str(inner["detail"])
    return next((item for item in value.values() if isinstance(item, str)), "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "an unknown answer"


def _retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, as seconds or a date (RFC 9110 10.2.3)."""
    if not header:
        return None
    try:
        seconds = float(header) if header.strip().isdigit() else (parsedate_to_datetime(header) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_SECONDS)
