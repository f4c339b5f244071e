"""List objects page by page, all pages from the state of one revision.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions; k8s.io/apiserver
pkg/storage/interfaces.go and etcd3/errors.go.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kubecapy.apimachinery.errors import BadRequest, Gone
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.operations.continuation import Position, place_of, read_token, write_token
from kubecapy.apiserver.operations.selection import Selection, key_of_selection
from kubecapy.apiserver.operations.waiting import too_large_revision
from kubecapy.apiserver.storage.collection import order_of
from kubecapy.apiserver.storage.records import Record
from kubecapy.apiserver.storage.store import Store

_EXPIRED = "The resourceVersion for the provided list is too old."
_INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without"
    " the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
    " Continuing with the provided token results in an inconsistent list - objects that were created, modified, or"
    " deleted between the time the first chunk was returned and now may show up in the list."
)


class ListOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender of a list asks for, beside the selection."""

    limit: int = 0
    """0 means no limit."""
    continue_token: str = ""
    resource_version: int | None = None
    match: str = ""
    """`Exact`, `NotOlderThan`, or empty for what older clients mean."""
    names_revision: bool = False
    """Whether a revision other than 0 is asked for, be it readable or not; a continue token forbids that."""

    @property
    def exact_revision(self) -> int | None:
        """The one revision that may be shown; None where any that is not older than `resource_version` may."""
        if self.match == "Exact" or (self.limit and not self.match):
            return self.resource_version or None
        return None

    @property
    def page_size(self) -> int:
        """How many objects are shown at most, 0 without a bound: who takes any state (revision 0) gets all of it."""
        return 0 if self.resource_version == 0 else self.limit


class Page(msgspec.Struct, frozen=True):
    """A part of a list."""

    records: Sequence[Record]
    revision: int
    """The revision that all pages show."""
    continue_token: str = ""
    """Asks for the next page; empty on the last."""
    remaining: int | None = None
    """How many objects the next pages hold; None where selectors make that unknown."""


def list_page(store: Store, selection: Selection, options: ListOptions) -> Page:
    """Return the page that `options` ask for.

    Raises:
        Gone: the revision of the continue token, or the exact one asked for, is forgotten.
        ServerTimeout: the revision asked for lies in the future.
        BadRequest: the continue token is none of ours, or comes with a revision.
    """
    if options.continue_token:
        position = read_token(options.continue_token)
        if options.names_revision:
            raise BadRequest("specifying resource version is not allowed when using continue")
        return _next_page(store, selection, position, options.limit)
    if (options.resource_version or 0) > store.revision:
        raise too_large_revision(options.resource_version or 0, store.revision)
    revision = options.exact_revision or store.revision
    try:
        keys, records = _state(store, selection, revision)
    except Gone as error:
        raise Gone(_EXPIRED) from error
    return _page(keys, records, selection, revision, options.page_size)


def _next_page(store: Store, selection: Selection, position: Position, limit: int) -> Page:
    if position.revision > store.revision:
        raise too_large_revision(position.revision, store.revision)
    # A negative revision continues at the newest state: the client takes the seams between its pages.
    revision = position.revision if position.revision > 0 else store.revision
    try:
        keys, records = _state(store, selection, revision)
    except Gone as error:
        onwards = write_token(Position(-1, position.start))
        raise Gone(_INCONSISTENT, metadata={"continue": onwards}) from error
    start = bisect_left(keys, position.start, key=lambda key: place_of(key, selection.namespace))
    return _page(keys[start:], records, selection, revision, limit)


def _state(store: Store, selection: Selection, revision: int) -> tuple[Sequence[ObjectKey], Mapping[ObjectKey, Record]]:
    all_keys, records = store.collection(selection.kind.resource).state_at(revision)
    single = key_of_selection(selection)
    if single is not None:
        return ((single,) if single in records else ()), records
    if selection.namespace:
        return _within(selection.namespace, all_keys), records
    return all_keys, records


def _within(namespace: str, keys: Sequence[ObjectKey]) -> Sequence[ObjectKey]:
    """Return the part of the ordered `keys` that lies in `namespace`."""
    # No name holds a slash, and 0 is the character that follows it.
    first, behind = (bisect_left(keys, f"{namespace}{end}", key=order_of) for end in ("/", "0"))
    return keys[first:behind]


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
            token = write_token(Position(revision, place_of(found[-1].key, selection.namespace) + "\0"))
            return Page(found, revision, token, len(keys) - limit if selection.selects_all else None)
        found.append(record)
    return Page(found, revision)


def _matching(keys: Iterable[ObjectKey], records: Mapping[ObjectKey, Record], selection: Selection) -> Iterable[Record]:
    return (records[key] for key in keys if selection.matches(records[key]))
