"""Filter, sort and page lists as Cinder does."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from kubecapy.devcloud.endpoints import Call
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import bad_request, not_found

T = TypeVar("T")
MAX_LIMIT = 1000

Values = Mapping[str, Callable[[T], object]]


def select(items: Sequence[T], call: Call, values: Values[T]) -> list[T]:
    """Return the items that fit the query, newest first unless it sorts otherwise; unknown filters are ignored.

    Args:
        items: All that the caller may see, oldest first.
        call: The call with its query.
        values: What may be filtered and sorted by; texts are compared.

    Raises:
        Refusal: 400, a sort key is unknown.
    """
    query = call.request.query
    wanted = {name: query.find(name) for name in query.names() if name in values}
    fitting = [item for item in items if all(str(values[name](item)) == text for name, text in wanted.items())]
    fitting.reverse()
    for part in reversed((query.find("sort") or "").split(",")):
        key, _, direction = part.partition(":")
        if key and key not in values:
            raise bad_request(f"Invalid input received: Invalid sort key: {key}.")
        if key:
            fitting.sort(key=lambda item, key=key: str(values[key](item)), reverse=direction != "asc")  # type: ignore[misc]
    return fitting


def page(items: Sequence[T], call: Call, plural: str, id_of: Callable[[T], str]) -> tuple[list[T], JsonObject]:
    """Return the page that `limit`, `marker` and `offset` ask for, and the entry with the link to the next.

    Raises:
        Refusal: 400 a number is none; 404 no item has the marker's id.
    """
    query = call.request.query
    limit, offset = _read_number(call, "limit", MAX_LIMIT), _read_number(call, "offset", 0)
    marker, start = query.find("marker"), offset
    if marker:
        ids = [id_of(item) for item in items]
        if marker not in ids:
            raise not_found(f"{plural.removesuffix('s').capitalize()} {marker} could not be found.")
        start += ids.index(marker) + 1
    chosen = list(items[start : start + min(limit, MAX_LIMIT)])
    if not chosen or len(chosen) < limit or start + len(chosen) >= len(items):
        return chosen, {}
    pairs = [(name, value) for name, value in query.pairs if name not in {"marker", "offset"}]
    href = f"{call.base_url}{call.request.path}?{urlencode([*pairs, ('marker', id_of(chosen[-1]))])}"
    return chosen, {f"{plural}_links": [{"rel": "next", "href": href}]}


def _read_number(call: Call, name: str, default: int) -> int:
    text = call.request.query.find(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal():
        raise bad_request(f"{name} param must be an integer")
    return int(text)
