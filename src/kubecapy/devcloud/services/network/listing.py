"""Filter, sort, page and narrow lists as Neutron's API does."""

from collections.abc import Collection, Sequence
from urllib.parse import urlencode

from kubecapy.devcloud.messages import JsonObject, Query
from kubecapy.devcloud.refusals import bad_request

TAG_FILTERS = frozenset({"tags", "tags-any", "not-tags", "not-tags-any"})
STEERING = frozenset({"fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"})


def filter_views(views: Sequence[JsonObject], query: Query, filterable: Collection[str]) -> list[JsonObject]:
    """Return the views that fit every filter of `query`; several values of one name mean any of them.

    Raises:
        Refusal: 400, a name is no attribute of the kind.
    """
    names = [name for name in query.names() if name not in STEERING]
    unknown = [name for name in names if name not in TAG_FILTERS and name not in filterable]
    if unknown:
        raise bad_request(f"{unknown} is invalid attribute for filtering")
    return [view for view in views if all(_fits(view, name, query.list(name)) for name in names)]


def page_views(
    views: list[JsonObject], query: Query, url: str
) -> tuple[list[JsonObject], list[dict[str, str]], str | None]:
    """Return one page, its links, and the marker where it names no view.

    Args:
        views: All that fit, in the order of creation.
        query: The query, with `sort_key`, `sort_dir`, `limit`, `marker`, `page_reverse`.
        url: Address of the collection, for the links.

    Raises:
        Refusal: 400, `limit` is no number, or a sort key is no attribute.
    """
    limit, marker = _read_limit(query), query.find("marker")
    keys = _sort_keys(query)
    if limit is not None and not any(key == "id" for key, _ in keys):
        keys.append(("id", "asc"))
    ordered = _sorted(views, keys)
    backwards = (query.find("page_reverse") or "").lower() in {"true", "1"}
    if backwards:
        ordered.reverse()
    if marker is not None:
        position = next((index for index, view in enumerate(ordered) if view["id"] == marker), None)
        if position is None:
            return [], [], marker
        ordered = ordered[position + 1 :]
    if limit is None:
        return ordered, [], None
    page = ordered[:limit]
    if backwards:
        page.reverse()
    return page, _links(page, query, url, limit, backwards=backwards), None


def narrow(view: JsonObject, query: Query) -> JsonObject:
    """Return `view` with the attributes that `fields` asks for; all where it is absent."""
    fields = query.list("fields")
    if not fields:
        return view
    return {name: value for name, value in view.items() if name in fields}


def _fits(view: JsonObject, name: str, wanted: tuple[str, ...]) -> bool:
    if name in TAG_FILTERS:
        return _fits_tags(view.get("tags", ()), name, wanted)
    if name == "fixed_ips":
        return all(any(_fits_address(fixed, text) for fixed in view["fixed_ips"]) for text in wanted)
    value = view.get(name)
    if isinstance(value, list | tuple):
        return any(text in value for text in wanted)
    return any(_equals(value, text) for text in wanted)


def _fits_tags(tags: Collection[str], name: str, wanted: tuple[str, ...]) -> bool:
    named = [tag for text in wanted for tag in text.split(",") if tag]
    match name:
        case "tags":
            return all(tag in tags for tag in named)
        case "tags-any":
            return any(tag in tags for tag in named)
        case "not-tags":
            return not all(tag in tags for tag in named)
        case _:
            return not any(tag in tags for tag in named)


def _fits_address(fixed: JsonObject, text: str) -> bool:
    """Return whether one fixed IP fits `ip_address=1.2.3.4`, `subnet_id=...` or `ip_address_substr=1.2`."""
    key, _, value = text.partition("=")
    if key == "ip_address_substr":
        return value in str(fixed.get("ip_address"))
    return fixed.get(key) == value


def _equals(value: object, text: str) -> bool:
    if isinstance(value, bool):
        return text.lower() in ({"true", "1"} if value else {"false", "0"})
    return text == ("" if value is None else str(value))


def _read_limit(query: Query) -> int | None:
    text = query.find("limit")
    if text in {None, "", "0"}:
        return None
    if text is None or not text.isdecimal():
        raise bad_request(f"Limit must be an integer 0 or greater and not '{text}'", "BadRequest")
    return int(text)


def _sort_keys(query: Query) -> list[tuple[str, str]]:
    keys, directions = query.list("sort_key"), query.list("sort_dir")
    if directions and len(directions) != len(keys):
        raise bad_request("The number of sort_keys and sort_dirs must be same")
    return list(zip(keys, directions or ("asc",) * len(keys), strict=True))


def _sorted(views: list[JsonObject], keys: list[tuple[str, str]]) -> list[JsonObject]:
    ordered = list(views)
    for key, direction in reversed(keys):
        if any(key not in view for view in ordered):
            raise bad_request(f"[{key!r}] is invalid attribute for sort_keys")
        ordered.sort(key=lambda view: str(view[key]), reverse=direction == "desc")
    return ordered


def _links(page: list[JsonObject], query: Query, url: str, limit: int, *, backwards: bool) -> list[dict[str, str]]:
    if not page:
        return []
    kept = [(name, value) for name, value in query.pairs if name not in {"marker", "page_reverse"}]
    links = []
    if backwards or len(page) == limit:
        links.append({"rel": "next", "href": f"{url}?{urlencode([*kept, ('marker', page[-1]['id'])])}"})
    if not backwards or len(page) == limit:
        pairs = [*kept, ("marker", page[0]["id"]), ("page_reverse", "True")]
        links.append({"rel": "previous", "href": f"{url}?{urlencode(pairs)}"})
    return links
