"""Write replies."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.errors import Status, StatusDetails, StatusError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.kinds import ServedKind

_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-cache, private"}


def json_response(body: bytes, *, status: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    """Return a reply of JSON bytes; each warning becomes a Warning header, which kubectl prints."""
    headers = CIMultiDict(_HEADERS)
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        # A header ends at a line break, and a client could write one into a field name.
        headers.add("Warning", f'299 - "{quoted.encode("ascii", "backslashreplace").decode()}"'.replace("\n", " "))
    return web.Response(body=body, status=status, headers=headers)


def value_response(value: Any, *, status: int = 200) -> web.Response:  # Any: what JSON can say
    """Return a reply that encodes `value`."""
    return json_response(encode(value), status=status)


def error_response(error: StatusError) -> web.Response:
    """Return the reply that says `error`."""
    status = error.to_status()
    response = value_response(_with_metadata(status), status=error.code)
    if error.details is not None and error.details.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.details.retry_after_seconds)
    return response


def success_response(kind: ServedKind, metadata: JsonObject) -> web.Response:
    """Return the reply to a delete that is done."""
    details = StatusDetails(name=metadata["name"], group=kind.group, kind=kind.plural, uid=metadata["uid"])
    return value_response(_with_metadata(Status(status="Success", details=details)))


def _with_metadata(status: Status) -> JsonObject:
    """Return the Status with every key that clients expect, the empty metadata included."""
    shown: JsonObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": status.status}
    if status.message:
        shown["message"] = status.message
    if status.reason:
        shown["reason"] = status.reason
    if status.details is not None:
        shown["details"] = status.details
    if status.code:
        shown["code"] = status.code
    return shown
