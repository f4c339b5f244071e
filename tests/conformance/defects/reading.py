"""Careless changes of what reads: each is a line or two, and each makes clients believe what is not so."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.conformance.defects.defect import Defect

from kubecapy.apimachinery.errors import Gone
from kubecapy.apiserver.endpoints import watch
from kubecapy.apiserver.operations import continuation, listing
from kubecapy.apiserver.operations.continuation import Position
from kubecapy.apiserver.operations.listing import Page
from kubecapy.apiserver.operations.selection import Selection
from kubecapy.apiserver.storage.collection import Collection
from kubecapy.apiserver.storage.records import Change


def _lose_the_bookmark() -> None:
    """Forget to say where the present state ends; clients that stream lists wait for ever."""
    stream = watch._Stream
    whole = stream.present

    def present(self: Any, page: Page, *, with_end: bool) -> Iterator[bytes]:
        return whole(self, page, with_end=False)

    stream.present = present


def _show_a_stale_list() -> None:
    """Call a list newer than it is, so that a watch from there misses the last change."""
    whole = listing._page

    def page(keys: Any, records: Any, selection: Selection, revision: int, limit: int) -> Page:
        found = whole(keys, records, selection, revision, limit)
        return Page(found.records, found.revision - 1, found.continue_token, found.remaining)

    listing._page = page


def _skip_who_leaves_a_selection() -> None:
    """Tell nothing of an object that ceases to match; caches keep it for ever."""
    whole = watch._seen_type

    def seen_type(change: Change, selection: Selection) -> str:
        seen = whole(change, selection)
        return "" if seen == "DELETED" and change.type != "DELETED" else seen

    watch._seen_type = seen_type


def _page_through_the_newest_state() -> None:
    """Show later pages as of now; what was deleted in between is missing, what was made appears."""
    listing.read_token = lambda text: Position(-1, continuation.read_token(text).start)


def _say_gone_instead_of_expired() -> None:
    """Give a wrong reason; clients that look for it do not list again."""
    Gone.reason = "Gone"


def _forget_the_order_of_keys() -> None:
    """Order by namespace and name instead of by key; the pages of two servers do not fit each other."""

    def state_at(self: Collection, revision: int) -> tuple[Iterable[Any], Mapping[Any, Any]]:
        keys, records = whole(self, revision)
        return tuple(sorted(keys)), records

    whole = Collection.state_at
    Collection.state_at = state_at


READING: Mapping[str, Defect] = {
    "a-lost-bookmark": Defect(_lose_the_bookmark, "test_watching.py"),
    "a-stale-list": Defect(_show_a_stale_list, "test_listing.py"),
    "a-silent-leaving": Defect(_skip_who_leaves_a_selection, "test_watching.py"),
    "pages-of-the-newest-state": Defect(_page_through_the_newest_state, "test_listing.py"),
    "a-wrong-reason": Defect(_say_gone_instead_of_expired, "test_listing.py"),
    "another-order": Defect(_forget_the_order_of_keys, "test_listing.py"),
}
