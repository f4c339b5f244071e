"""Shape requests and read replies of the Kubernetes API; pure."""

import http
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from kubecapy.apimachinery.codec import DecodeError, decode, to_json_object
from kubecapy.apimachinery.errors import Status, StatusDetails, StatusError, error_from_status
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.objects import metadata_of, revision_of
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Deleted, Delta, PatchType

T = TypeVar("T")

PAGE_SIZE = 500
"""Objects per list request, client-go's choice (tools/pager)."""
CONTENT_TYPES: Mapping[PatchType, str] = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
MAX_PLAIN_MESSAGE = 300
"""A reply that is no Status, such as a proxy's page, is cut to so many characters."""


class ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    """Metadata of a list."""

    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    items: tuple[T, ...] | None = None
    metadata: ListMeta = ListMeta()


class WatchEvent(msgspec.Struct, Generic[T], frozen=True):
    """One line of a watch."""

    type: str
    object: T


class _Revision(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Revised(msgspec.Struct, frozen=True):
    metadata: _Revision = _Revision()


def object_body(resource: Resource[Any], obj: Any) -> JsonObject:
    """Return `obj` as the server wants it, with apiVersion and kind."""
    return {**to_json_object(obj), "apiVersion": resource.api_version, "kind": resource.kind}


def decode_object(data: bytes, resource: Resource[T]) -> T:
    """Return the object of a reply; DecodeError where it does not fit the kind's type."""
    value: T = decode(data, resource.type)
    return value


def decode_deleted(data: bytes, resource: Resource[T]) -> Deleted[T]:
    """Return what the reply to a deletion says: a Status where the object is gone, else the object.

    Some kinds answer with the object although it is gone (a Service, a ServiceAccount); it then bears no
    deletionTimestamp. Source: kubernetes/apiserver pkg/registry/generic/registry/store.go, ReturnDeletedObject.
    DecodeError where it is neither.
    """
    status = _status_of(data)
    if status is not None:
        return Deleted(status.details.uid if status.details else "")
    obj = decode_object(data, resource)
    meta = metadata_of(obj)
    return Deleted(meta.uid, obj if meta.deletion_timestamp else None)


def decode_page(data: bytes, resource: Resource[T]) -> Page[T]:
    """Return one page of a list; entries of unknown shape get the apiVersion and kind that lists leave out."""
    page: Page[T] = decode(data, Page[resource.type])  # type: ignore[name-defined]  # the type is a value here
    if resource.type is not dict:
        return page
    implied = {"apiVersion": resource.api_version, "kind": resource.kind}
    items: Any = tuple({**implied, **item} for item in page.items or () if isinstance(item, dict))
    return Page(items, page.metadata)


def decode_delta(line: bytes, resource: Resource[T]) -> Delta[T]:
    """Return the change that a line of a watch reports.

    Raises:
        StatusError: the line is the server's ERROR; Gone means "list again".
        DecodeError: the line is no watch event, or its object does not fit the kind's type.
    """
    try:
        event: WatchEvent[T] = decode(line, _event_of(resource.type))
    except DecodeError:
        return _decode_rare(line, resource)
    # A kind whose fields are all optional also takes a bookmark's object, or a Status.
    match event.type:
        case "ADDED" | "MODIFIED" | "DELETED" as kind:
            return Delta(kind, event.object, revision_of(event.object))
        case _:
            return _decode_rare(line, resource)


@cache
def _event_of(type_: Any) -> Any:  # Any: types made at run time
    return WatchEvent[type_]


def _decode_rare(line: bytes, resource: Resource[T]) -> Delta[T]:
    """Decode a line a second time, its object as what its type says: a bookmark, an error, or something unreadable."""
    event = decode(line, WatchEvent[msgspec.Raw])
    match event.type:
        case "ADDED" | "MODIFIED" | "DELETED" as kind:
            obj = decode(event.object, resource.type)
            return Delta(kind, obj, revision_of(obj))
        case "BOOKMARK":
            return Delta("BOOKMARK", None, decode(event.object, _Revised).metadata.resource_version)
        case "ERROR":
            raise error_from_status(decode(event.object, Status))
        case other:
            raise DecodeError("type", f'expected ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, got "{other}"')


def error_of_reply(code: int, body: bytes, retry_after: str) -> StatusError:
    """Return the error of a reply that is no success; the body is a Status or, from a proxy, anything."""
    status = _status_of(body) or Status(code=code, message=_said(code, body))
    if retry_after.isdigit() and (status.details is None or status.details.retry_after_seconds is None):
        details = msgspec.structs.replace(status.details or StatusDetails(), retry_after_seconds=int(retry_after))
        status = msgspec.structs.replace(status, details=details)
    return error_from_status(msgspec.structs.replace(status, code=status.code or code))


def _status_of(body: bytes) -> Status | None:
    try:
        status = decode(body, Status)
    except DecodeError:
        return None
    return status if status.kind == "Status" else None


def _said(code: int, body: bytes) -> str:
    # An API server answers a path of a kind that it does not serve with a page of text: client-go words it so, too.
    if code == http.HTTPStatus.NOT_FOUND:
        return "the server could not find the requested resource"
    return _plain_text(body) or f"the server replied {code}"


def _plain_text(body: bytes) -> str:
    return body.decode(errors="replace").strip()[:MAX_PLAIN_MESSAGE]


def selector_query(labels: str, fields: str) -> dict[str, str]:
    """Return the query parameters of the selectors that are not empty."""
    return {key: text for key, text in (("labelSelector", labels), ("fieldSelector", fields)) if text}


class LineSplitter:
    """Cuts a stream of chunks into lines of any length.

    aiohttp's `readline` gives up on lines beyond its buffer; a watch line holds a whole object, 1 MiB and more.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._pieces: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Return the lines that `chunk` completes, without their ends; empty lines are left out."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            whole = b"".join((*self._pieces, line))
            self._pieces.clear()
            if whole.strip():
                yield whole
        if rest:
            self._pieces.append(rest)
