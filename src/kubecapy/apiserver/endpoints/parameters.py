"""Read query parameters."""

from collections.abc import Mapping
from typing import Literal

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apiserver.operations.listing import ListOptions
from kubecapy.apiserver.operations.preparation import FieldValidation

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("", "0", "f", "F", "false", "FALSE", "False")
_VALIDATIONS: Mapping[str, FieldValidation] = {"": "Warn", "Strict": "Strict", "Warn": "Warn", "Ignore": "Ignore"}
_MATCHES: Mapping[str, Literal["", "Exact", "NotOlderThan"]] = {
    "": "",
    "Exact": "Exact",
    "NotOlderThan": "NotOlderThan",
}


def read_bool(query: Mapping[str, str], name: str) -> bool:
    """Return a boolean parameter, False where it is absent.

    Raises:
        BadRequest: it is neither true nor false.
    """
    text = query.get(name, "")
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise BadRequest(f'query parameter {name}: expected true or false, got "{text}"')


def read_count(query: Mapping[str, str], name: str) -> int | None:
    """Return a parameter that is a whole number of at least 0; None where it is absent.

    Raises:
        BadRequest: it is no such number.
    """
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise BadRequest(f'query parameter {name}: expected a whole number, got "{text}"')
    return int(text)


def read_revision(query: Mapping[str, str]) -> int | None:
    """Return the resourceVersion asked for; None where it is absent.

    Raises:
        BadRequest: it is none that this server gave out.
    """
    text = query.get("resourceVersion", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise BadRequest(f'resourceVersion: Invalid value: "{text}": expected a revision that this server gave out')
    return int(text)


def read_list_options(query: Mapping[str, str]) -> ListOptions:
    """Return what a list request asks for.

    Raises:
        BadRequest: a parameter is wrong, or two of them do not go together.
    """
    revision = read_revision(query)
    match = _MATCHES.get(query.get("resourceVersionMatch", ""))
    if match is None:
        raise BadRequest("resourceVersionMatch: Unsupported value: supported values: Exact, NotOlderThan")
    if match and revision is None:
        raise BadRequest("resourceVersionMatch: Forbidden: it is forbidden unless resourceVersion is provided")
    if match == "Exact" and revision == 0:
        raise BadRequest('resourceVersionMatch: Forbidden: "Exact" is forbidden for resourceVersion "0"')
    token = query.get("continue", "")
    if token and revision:
        raise BadRequest("resourceVersion: Forbidden: it is forbidden when continue is provided")
    return ListOptions(
        limit=read_count(query, "limit") or 0, continue_token=token, resource_version=revision or 0, match=match
    )


def read_field_validation(query: Mapping[str, str]) -> FieldValidation:
    """Return how unknown fields are to be treated.

    Raises:
        BadRequest: the parameter has another value.
    """
    text = query.get("fieldValidation", "")
    if text not in _VALIDATIONS:
        raise BadRequest(f'fieldValidation: Unsupported value: "{text}": supported values: Ignore, Strict, Warn')
    return _VALIDATIONS[text]


def refuse_dry_run(query: Mapping[str, str]) -> None:
    """Refuse what this server cannot do.

    Raises:
        BadRequest: a dry run is asked for.
    """
    if query.get("dryRun"):
        raise BadRequest("dryRun: this server cannot try a write without doing it; send the request without dryRun")
