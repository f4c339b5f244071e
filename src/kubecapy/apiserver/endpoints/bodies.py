"""Read the body of a request: its bytes, and the JSON value that they are.

What cannot be read is refused in the words of kube-apiserver, which shows the beginning of the body
(k8s.io/apiserver pkg/endpoints/handlers, transformDecodeError).
"""

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, RequestEntityTooLarge, ServerTimeout, UnsupportedMediaType
from kubecapy.apimachinery.json_codec import DecodeError, decode
from kubecapy.apimachinery.json_duplicates import find_duplicates
from kubecapy.apimachinery.json_syntax import why_no_json
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.nesting import MAX_DEPTH, can_be_too_deep, is_too_deep
from kubecapy.apimachinery.resources import GroupVersionKind, split_api_version
from kubecapy.apiserver.operations.decoding import FieldValidation, cannot_be_handled
from kubecapy.apiserver.protobuf.decoding import read_envelope, read_message
from kubecapy.apiserver.protobuf.wire import WireError

MAX_BODY_BYTES = 3 * 1024 * 1024
"""Limit: what kube-apiserver takes (k8s.io/apiserver pkg/server, DefaultMaxRequestBodyBytes)."""
BODY_SECONDS = 60.0
"""Limit: how long kube-apiserver gives a request that is no watch (its --request-timeout)."""
_SHOWN_BYTES = 30
_JSON, _YAML, _PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
_TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
"""How Go calls what it reads a body into first."""
_YAML_ERRORS = "yaml: unmarshal errors:\n  "


class Body(msgspec.Struct, frozen=True):
    """The object that a body holds."""

    data: bytes
    """As it was sent."""
    value: JsonObject
    findings: tuple[str, ...] = ()
    """What is wrong with the text though it can be read, such as a key that stands twice."""


class Unreadable(ValueError):
    """A body holds no object; `str()` says why, in Go's words."""


class MalformedMessage(ValueError):
    """A body says what it is and cannot be read as that; `str()` says why, in Go's words."""

    def __init__(self, why: str, sent: GroupVersionKind) -> None:
        """Keep what the body says that it is."""
        super().__init__(why)
        self.sent = sent


async def read_bytes(request: web.BaseRequest) -> bytes:
    """Return the body as it was sent.

    Raises:
        RequestEntityTooLarge: it is larger than the server takes.
        ServerTimeout: it did not arrive in time.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise ServerTimeout(f"the body of the request did not arrive within {BODY_SECONDS:g} seconds") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise RequestEntityTooLarge(f"Request entity too large: limit is {MAX_BODY_BYTES}") from error


def media_type(request: web.BaseRequest) -> str:
    """Return the media type of the body, without parameters; `invalid` where a parameter of it has no value."""
    type_, *parameters = request.headers.get("Content-Type", "").split(";")
    return type_.strip() if all("=" in parameter for parameter in parameters) else "invalid"


async def read_body(
    request: web.BaseRequest, expected: GroupVersionKind, validation: FieldValidation = "Ignore"
) -> Body:
    """Return the body, which should be of the kind `expected`.

    Raises:
        UnsupportedMediaType: it is neither JSON nor YAML nor a protobuf message that is known here.
        BadRequest: it cannot be read, or is no object.
    """
    data = await read_bytes(request)
    try:
        return decode_body(media_type(request), data, expected, validation)
    except Unreadable as error:
        raise unrecognized(expected.kind, str(error), data) from error
    except MalformedMessage as error:
        raise cannot_be_handled(error.sent, expected.kind, str(error)) from error


def decode_body(type_: str, data: bytes, expected: GroupVersionKind, validation: FieldValidation = "Ignore") -> Body:
    """Return the object in `data`, which is of the kind `expected` unless it says otherwise.

    Its text is looked through for findings unless `validation` ignores them.

    Raises:
        UnsupportedMediaType: it is neither JSON nor YAML nor a protobuf message that is known here.
        BadRequest: it is nested too deeply.
        Unreadable: it cannot be read, or is no object.
        MalformedMessage: it says what it is, and is not.
    """
    findings: tuple[str, ...] = ()
    match type_.lower():
        case "" | "application/json":
            value = _decode_json(data)
            if validation != "Ignore":
                findings = tuple(f'duplicate field "{path}"' for path in find_duplicates(data))
        case "application/yaml":
            value, findings = _decode_yaml(data)
        case "application/vnd.kubernetes.protobuf":
            value = _decode_protobuf(data, expected)
        case _:
            accepted = ", ".join((_JSON, _YAML, _PROTOBUF))
            raise UnsupportedMediaType(
                f"the body of the request was in an unknown format - accepted media types include: {accepted}"
            )
    refuse_depth(value)
    return Body(data, _object(value), findings)


def unrecognized(kind: str, why: str, data: bytes) -> BadRequest:
    """Return the error for the body `data`, which is not the `kind` that it should be."""
    return BadRequest(f"the object provided is unrecognized (must be of type {kind}): {why} ({_summary(data)})")


def read_json(data: bytes) -> Any:  # Any: a JSON value
    """Return the JSON value of `data`.

    Raises:
        Unreadable: it is no JSON.
        BadRequest: it is nested too deeply.
    """
    try:
        value = decode(data, object)
    except DecodeError as error:
        raise Unreadable(why_no_json(data) or str(error)) from error
    if can_be_too_deep(data):
        refuse_depth(value)
    return value


def refuse_depth(value: Any) -> None:  # Any: a JSON value
    """Raise BadRequest where `value` is deeper than what reads, merges and stores it can follow."""
    if is_too_deep(value):
        raise BadRequest(f"the object is nested too deeply: more than {MAX_DEPTH} levels")


def type_word(value: Any) -> str:  # Any: a JSON value
    """Return what Go calls a JSON value that is no object."""
    if isinstance(value, list):
        return "array"
    if isinstance(value, bool):
        return "bool"
    return "string" if isinstance(value, str) else "number"


def _decode_json(data: bytes) -> Any:
    try:
        return read_json(data)
    except Unreadable as error:
        raise Unreadable(f"couldn't get version/kind; json parse error: {error}") from error


def _decode_yaml(data: bytes) -> tuple[Any, tuple[str, ...]]:
    # Heavy, and few clients send it: a server's start does not wait for it.
    from kubecapy.apimachinery.yaml_codec import load_first

    try:
        value, repeated = load_first(data.decode())
    except UnicodeDecodeError as error:
        raise Unreadable("yaml: invalid leading UTF-8 octet") from error
    except DecodeError as error:
        raise Unreadable(f"yaml: {error}") from error
    if not repeated:
        return value, ()
    return value, (_YAML_ERRORS + "\n  ".join(repeated),)


def _decode_protobuf(data: bytes, expected: GroupVersionKind) -> JsonObject:
    try:
        message = read_envelope(data)
    except WireError as error:
        raise Unreadable(str(error)) from error
    group, version = split_api_version(message.api_version or expected.api_version)
    sent = GroupVersionKind(group, version, message.kind or expected.kind)
    try:
        value = read_message(message.data, sent)
    except WireError as error:
        raise MalformedMessage(str(error), sent) from error
    if value is not None:
        return value
    if sent == expected:
        raise UnsupportedMediaType(f"objects of kind {sent.kind} are not read as protobuf by this server: send JSON")
    # Its names are enough to refuse it.
    return {"apiVersion": sent.api_version, "kind": sent.kind}


def _object(value: Any) -> JsonObject:
    """Return `value`, which must be an object; null is an empty one, and the two names of its kind are texts."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        why = f"json: cannot unmarshal {type_word(value)} into Go value of type {_TYPE_META}"
        raise Unreadable(f"couldn't get version/kind; json parse error: {why}")
    for name in ("apiVersion", "kind"):
        found = value.get(name)
        if found is not None and not isinstance(found, str):
            word = "object" if isinstance(found, dict) else type_word(found)
            why = f"json: cannot unmarshal {word} into Go struct field .{name} of type string"
            raise Unreadable(f"couldn't get version/kind; json parse error: {why}")
    return value


def _summary(data: bytes) -> str:
    """Return the beginning of a body: as text where it looks like JSON, in hexadecimal digits else."""
    if not data:
        return "<empty>"
    shown = data[:_SHOWN_BYTES]
    text = shown.decode(errors="replace") if data.startswith(b"{") else shown.hex()
    return f"{text} ..." if len(data) > _SHOWN_BYTES else text
