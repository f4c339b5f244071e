"""Find the keys that stand twice in one object of a JSON text; decoders keep the last of them and say nothing."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any


class _Object(dict[str, Any]):
    """An object that remembers which of its keys came again."""

    repeated: tuple[str, ...] = ()


def find_duplicates(data: bytes) -> list[str]:
    """Return the paths of repeated keys in the order of the text, such as `spec.list[0].a`; `data` is JSON."""
    found_any = False

    def note(pairs: list[tuple[str, Any]]) -> _Object:
        nonlocal found_any
        obj = _Object(pairs)
        if len(obj) != len(pairs):
            found_any = True
            counts = Counter(key for key, _ in pairs)
            obj.repeated = tuple(key for key, count in counts.items() if count > 1)
        return obj

    value = json.loads(data, object_pairs_hook=note)
    return list(_paths(value, "")) if found_any else []


def _paths(value: Any, path: str) -> Iterator[str]:  # Any: a JSON value
    if isinstance(value, _Object):
        for key, member in value.items():
            place = f"{path}.{key}" if path else key
            if key in value.repeated:
                yield place
            yield from _paths(member, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, f"{path}[{index}]")
