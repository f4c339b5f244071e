"""Cut lists into pages as Nova does."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from kubecapy.devcloud.endpoints import Call
from kubecapy.devcloud.refusals import bad_request

T = TypeVar("T")
MAX_LIMIT = 1000

Links = list[dict[str, str]]


def cut_page(items: Sequence[T], call: Call, name_of: Callable[[T], str]) -> tuple[list[T], Links]:
    """Return the page of `items` that `limit` and `marker` ask for, and the link to the next where there may be one.

    Raises:
        Refusal: 400, the limit is no number, or no item has the marker's name.
    """
    query = call.request.query
    limit = _read_limit(query.find("limit"))
    marker = query.find("marker")
    start = 0
    if marker:
        names = [name_of(item) for item in items]
        if marker not in names:
            raise bad_request(f"marker [{marker}] not found")
        start = names.index(marker) + 1
    page = list(items[start : start + limit])
    if len(page) < limit:
        return page, []
    pairs = [(name, value) for name, value in query.pairs if name != "marker"]
    href = f"{call.base_url}{call.request.path}?{urlencode([*pairs, ('marker', name_of(page[-1]))])}"
    return page, [{"rel": "next", "href": href}]


def cut_offset(items: Sequence[T], call: Call) -> list[T]:
    """Return the part of `items` that `limit` and `offset` ask for, of the few lists that have no marker.

    Raises:
        Refusal: 400, one is no number.
    """
    query = call.request.query
    offset = query.find("offset") or "0"
    if not offset.isdecimal():
        raise bad_request(
            f"Invalid input for query parameters offset. Value: {offset}. '{offset}' does not match '^[0-9]*$'"
        )
    return list(items[int(offset) : int(offset) + _read_limit(query.find("limit"))])


def _read_limit(text: str | None) -> int:
    if not text:
        return MAX_LIMIT
    if not text.isdecimal():
        raise bad_request(
            f"Invalid input for query parameters limit. Value: {text}. '{text}' does not match '^[0-9]*$'"
        )
    return min(int(text), MAX_LIMIT) or MAX_LIMIT
