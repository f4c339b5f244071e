"""Put the entries of merged lists in order, as Go does.

Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go, normalizeElementOrder.
"""

from typing import Any, Final

_SHORT: Final = 20
"""Up to so many entries Go sorts by insertion."""


def ordered(entries: list[Any], order: list[Any], before: list[Any], merge_key: str) -> list[Any]:
    """Return `entries`: those that `order` names in its order, and among them the others as they stood `before`."""
    wanted, places = ([identity_of(item, merge_key) for item in items] for items in (order, before))
    known = _sorted([entry for entry in entries if identity_of(entry, merge_key) in wanted], wanted, merge_key)
    others = _sorted([entry for entry in entries if identity_of(entry, merge_key) not in wanted], places, merge_key)
    result: list[Any] = []
    while known or others:
        if known and others:
            other, first = (_place(items[0], places, merge_key) for items in (others, known))
            takes_other = other is not None and first is not None and other < first
        else:
            takes_other = not known
        result.append((others if takes_other else known).pop(0))
    return result


def _sorted(entries: list[Any], places: list[Any], merge_key: str) -> list[Any]:
    """Return `entries` in the order of `places`, as normalizeSliceOrder of patch.go sorts them.

    It finds each of two in front of the other where one has no place: such an entry wanders to the front, as far as
    the insertion sort compares it that Go uses for short lists.
    """
    found = [(_place(entry, places, merge_key), entry) for entry in entries]
    if len(found) > _SHORT or all(place is not None for place, _ in found):
        found.sort(key=lambda pair: -1 if pair[0] is None else pair[0])
        return [entry for _, entry in found]
    for end in range(1, len(found)):
        at = end
        while at and _is_in_front(found[at][0], found[at - 1][0]):
            found[at - 1], found[at] = found[at], found[at - 1]
            at -= 1
    return [entry for _, entry in found]


def _is_in_front(place: int | None, other: int | None) -> bool:
    return place is None or other is None or place < other


def _place(entry: Any, places: list[Any], merge_key: str) -> int | None:
    identity = identity_of(entry, merge_key)
    return places.index(identity) if identity in places else None


def identity_of(entry: Any, merge_key: str) -> Any:  # Any: JSON values
    """Return what tells an entry of a list apart: the value of its key, or the entry itself where it has none."""
    return entry.get(merge_key) if merge_key and isinstance(entry, dict) else entry
