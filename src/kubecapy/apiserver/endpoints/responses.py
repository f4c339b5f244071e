"""Write replies."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import Status, StatusDetails, StatusError
from kubecapy.apimachinery.json_codec import decode, encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.negotiation import JSON, YAML, wants_yaml
from kubecapy.apiserver.published import Document
from kubecapy.apiserver.registry.kinds import ServedKind

_PEOPLE = ("curl", "Wget", "Mozilla/5.0")
"""How the names of clients begin that show replies to people."""
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
NOT_CACHED = "no-cache, private"
"""The Cache-Control of every reply that does not say better."""


def json_response(body: bytes, *, status: int = 200) -> web.Response:
    """Return a reply of JSON bytes."""
    return web.Response(body=body, status=status, headers={"Content-Type": JSON})


def add_warnings(response: web.StreamResponse, warnings: Sequence[str]) -> None:
    """Add a Warning header to `response` for each of `warnings`, which kubectl prints."""
    for warning in dict.fromkeys(warnings):
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        # A header ends at a line break, and a client could write one into a field name.
        text = quoted.encode("ascii", "backslashreplace").decode().replace("\n", " ")
        response.headers.add("Warning", f'299 - "{text}"')


def value_response(value: Any, *, status: int = 200) -> web.Response:  # Any: what JSON can say
    """Return a reply that encodes `value`."""
    return json_response(encode(value), status=status)


def document_response(request: web.BaseRequest, document: Document, headers: Mapping[str, str]) -> web.Response:
    """Return the reply that holds `document`, or says that the client has it already."""
    tag = f'"{document.hash}"'
    tagged = {**headers, "Etag": tag, "Vary": "Accept"}
    if tag in request.headers.get("If-None-Match", ""):
        tagged.pop("Content-Type")
        return web.Response(status=304, headers=tagged)
    return web.Response(body=document.body, headers=tagged)


def error_response(error: StatusError) -> web.Response:
    """Return the reply that says `error`."""
    status = error.to_status()
    response = value_response(to_wire(status), status=error.code)
    if error.details is not None and error.details.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.details.retry_after_seconds)
    return response


def success_response(kind: ServedKind, metadata: JsonObject) -> web.Response:
    """Return the reply to a delete that is done."""
    details = StatusDetails(name=metadata["name"], group=kind.group, kind=kind.plural, uid=metadata["uid"])
    return value_response(to_wire(Status(status="Success", details=details)))


def to_wire(status: Status) -> JsonObject:
    """Return the Status with every key that clients expect, the empty metadata included."""
    shown: JsonObject = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": status.metadata or {},
        "status": status.status,
    }
    if status.message:
        shown["message"] = status.message
    if status.reason:
        shown["reason"] = status.reason
    if status.details is not None:
        shown["details"] = status.details
    if status.code:
        shown["code"] = status.code
    return shown


def finish(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Write a JSON reply as its client wants to read it: as YAML, or indented; and keep it out of caches."""
    if not isinstance(response, web.Response):
        return
    response.headers.setdefault("Cache-Control", NOT_CACHED)
    if not isinstance(response.body, bytes):
        return
    if response.headers.get("Content-Type") != JSON:
        return
    if wants_yaml(request.headers.get("Accept")):
        # Heavy, and few clients ask for it: a server's start does not wait for it.
        from kubecapy.apimachinery.yaml_codec import dump_yaml

        response.body = dump_yaml(decode(response.body, object)).encode()
        response.headers["Content-Type"] = YAML
    elif _wants_indentation(request):
        response.body = msgspec.json.format(response.body)


def _wants_indentation(request: web.BaseRequest) -> bool:
    if "pretty" in request.query_string and (asked := request.query.get("pretty")):
        return asked in _TRUE
    return request.headers.get("User-Agent", "").startswith(_PEOPLE)
