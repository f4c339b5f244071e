"""Read the body of a request."""

import asyncio
from typing import Any

from aiohttp import web

from kubecapy.apimachinery.codec import DecodeError, decode, load_yaml
from kubecapy.apimachinery.errors import BadRequest, RequestEntityTooLarge, ServerTimeout, UnsupportedMediaType
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.nesting import MAX_DEPTH, can_be_too_deep, is_too_deep
from kubecapy.apiserver.protobuf.decoding import UnknownMessage, decode_protobuf
from kubecapy.apiserver.protobuf.wire import WireError
from kubecapy.apiserver.registry.kinds import ServedKind

MAX_BODY_BYTES = 3 * 1024 * 1024
"""Limit: what kube-apiserver takes (k8s.io/apiserver pkg/server, DefaultMaxRequestBodyBytes)."""
BODY_SECONDS = 60.0
"""Limit: how long kube-apiserver gives a request that is no watch (its --request-timeout)."""
_JSON_TYPES = ("", "application/json", "application/octet-stream")
_PROTOBUF = "application/vnd.kubernetes.protobuf"
_ACCEPTED = "application/json, application/yaml"


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
    """Return the media type of the body in lower case, without parameters."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def read_object_body(request: web.BaseRequest) -> JsonObject:
    """Return the body as an object.

    Raises:
        UnsupportedMediaType: it is neither JSON nor YAML nor a protobuf message that is known here.
        BadRequest: it cannot be read, or is no object.
    """
    content_type, data = media_type(request), await read_bytes(request)
    if content_type == "application/yaml":
        value = decode_yaml(data)
    elif content_type in _JSON_TYPES:
        value = decode_json(data)
    elif content_type == _PROTOBUF:
        value = _decode_protobuf(data)
    else:
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {_ACCEPTED}"
        )
    if not isinstance(value, dict):
        raise BadRequest("the body of the request is no object")
    return value


def decode_json(data: bytes) -> Any:  # Any: a JSON value
    """Return the JSON value of `data`.

    Raises:
        BadRequest: it is no JSON, or nested too deeply.
    """
    try:
        value = decode(data, object)
    except DecodeError as error:
        raise BadRequest(f"the body of the request cannot be read: {error}") from error
    if can_be_too_deep(data):
        refuse_depth(value)
    return value


def refuse_depth(value: Any) -> None:  # Any: a JSON value
    """Raise BadRequest where `value` is deeper than what reads, merges and stores it can follow."""
    if is_too_deep(value):
        raise BadRequest(f"the object is nested too deeply: more than {MAX_DEPTH} levels")


def decode_yaml(data: bytes) -> Any:  # Any: a JSON value
    """Return the value of the one YAML document in `data`.

    Raises:
        BadRequest: it is no YAML, or several documents.
    """
    try:
        documents = load_yaml(data.decode())
    except ValueError as error:
        raise BadRequest(f"the body of the request cannot be read: {error}") from error
    if len(documents) != 1:
        raise BadRequest(f"the body of the request has {len(documents)} YAML documents, expected one")
    return documents[0]


def _decode_protobuf(data: bytes) -> JsonObject:
    try:
        return decode_protobuf(data)
    except WireError as error:
        raise BadRequest(f"the body of the request cannot be read: {error}") from error
    except UnknownMessage as error:
        raise UnsupportedMediaType(str(error)) from error


def check_kind(obj: JsonObject, kind: ServedKind) -> None:
    """Check that the body is of the kind that its address says; both names may be left out.

    Raises:
        BadRequest: it is of another kind or version.
    """
    stated = obj.get("apiVersion") or kind.api_version
    if stated != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({stated}) does not match the expected API version ({kind.api_version})"
        )
    if (obj.get("kind") or kind.kind) != kind.kind:
        raise BadRequest(
            f'{obj.get("kind")} in version "{kind.version}" cannot be handled as a {kind.kind}: the kind does not match'
        )
