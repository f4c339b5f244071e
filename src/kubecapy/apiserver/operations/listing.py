"""List objects page by page, all pages from the state of one revision."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from kubecapy.apimachinery.codec import DecodeError, decode, encode
from kubecapy.apimachinery.errors import BadRequest, Gone, ServerTimeout
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.operations.selection import Selection, key_of_selection
from kubecapy.apiserver.storage.records import Record
from kubecapy.apiserver.storage.store import Store

_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list"
    " without the continue parameter."
)


class ListOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender of a list asks for, beside the selection."""

    limit: int = 0
    """0 means no limit."""
    continue_token: str = ""
    resource_version: int = 0
    match: Literal["", "Exact", "NotOlderThan"] = ""


class Page(msgspec.Struct, frozen=True):
    """A part of a list."""

    records: Sequence[Record]
    revision: int
    """The revision that all pages show."""
    continue_token: str = ""
    """Asks for the next page; empty on the last."""
    remaining: int | None = None
    """How many objects the next pages hold; None where selectors make that unknown."""


class _Position(msgspec.Struct, frozen=True):
    revision: int
    namespace: str
    name: str


def list_page(store: Store, selection: Selection, options: ListOptions) -> Page:
    """Return the page that `options` ask for.

    Raises:
        Gone: the revision of the continue token, or the exact one asked for, is forgotten.
        ServerTimeout: the revision asked for lies in the future.
        BadRequest: the continue token is none of ours.
    """
    position = _read_token(options.continue_token) if options.continue_token else None
    revision = _revision(store, options, position)
    keys, records = _state(store, selection, revision, is_continued=position is not None)
    start = bisect_right(keys, ObjectKey(position.namespace, position.name)) if position else 0
    return _page(keys[start:], records, selection, revision, options.limit)


def _revision(store: Store, options: ListOptions, position: _Position | None) -> int:
    if position is not None:
        return position.revision
    if options.resource_version > store.revision:
        raise ServerTimeout(f"Too large resource version: {options.resource_version}, current: {store.revision}")
    return options.resource_version if options.match == "Exact" else store.revision


def _state(
    store: Store, selection: Selection, revision: int, *, is_continued: bool
) -> tuple[Sequence[ObjectKey], Mapping[ObjectKey, Record]]:
    collection = store.collection(selection.kind.resource)
    try:
        keys, records = collection.state_at(revision)
    except Gone as error:
        raise Gone(_EXPIRED if is_continued else f"The provided resource version is too old: {revision}") from error
    single = key_of_selection(selection)
    if single is not None:
        return ((single,) if single in records else ()), records
    return keys, records


def _page(
    keys: Sequence[ObjectKey],
    records: Mapping[ObjectKey, Record],
    selection: Selection,
    revision: int,
    limit: int,
) -> Page:
    found: list[Record] = []
    for record in _matching(keys, records, selection):
        if limit and len(found) == limit:
            last = found[-1].key
            remaining = None
            if selection.selects_all:
                remaining = sum(1 for _ in _matching(keys, records, selection)) - limit
            return Page(found, revision, _write_token(_Position(revision, last.namespace, last.name)), remaining)
        found.append(record)
    return Page(found, revision)


def _matching(keys: Iterable[ObjectKey], records: Mapping[ObjectKey, Record], selection: Selection) -> Iterable[Record]:
    return (records[key] for key in keys if selection.matches(records[key]))


def _write_token(position: _Position) -> str:
    return base64.urlsafe_b64encode(encode(position)).decode().rstrip("=")


def _read_token(text: str) -> _Position:
    try:
        padded = text + "=" * (-len(text) % 4)
        return decode(base64.b64decode(padded, altchars=b"-_", validate=True), _Position)
    except (binascii.Error, DecodeError, ValueError) as error:
        raise BadRequest("continue key is not valid: it is none that this server gave out") from error
