"""Apply JSON patches: lists of operations on paths.

Sources: RFC 6902, and github.com/evanphx/json-patch v4, by which kube-apiserver applies them. Where the second is
kinder than the first, so is this: `replace` makes an absent member, an absent one is copied, moved and tested as null,
an absent `value` is null, an index counts from the end where it is negative, and what stands before the first slash of
a path is passed over.
"""

import copy
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.meta import JsonObject

MAX_OPERATIONS: Final = 10_000
"""Limit: kube-apiserver refuses longer JSON patches too (apiserver/pkg/endpoints/handlers/patch.go)."""
MAX_COPIED_BYTES: Final = 3 * 1024 * 1024
"""Limit: what all `copy` operations of one patch may add (apiserver/pkg/server, JSONPatchMaxCopyBytes)."""


class PatchError(ValueError):
    """A patch is malformed or does not fit its target; the sender must change it. `str()` is one sentence."""


def apply_json_patch(target: JsonObject, operations: Sequence[Any]) -> JsonObject:
    """Return `target` with all `operations` applied in order; `target` stays untouched.

    Raises:
        PatchError: an operation is malformed, its path does not exist, a `test` fails, or the result is no object.
    """
    if not isinstance(operations, list | tuple) or not all(isinstance(operation, dict) for operation in operations):
        raise PatchError("expected a JSON patch: a list of objects with op and path")
    if len(operations) > MAX_OPERATIONS:
        raise PatchError(f"a JSON patch has at most {MAX_OPERATIONS} operations, this one has {len(operations)}")
    document = _Document(copy.deepcopy(target))
    for operation in operations:
        document.apply(operation)
    if not isinstance(document.root, dict):
        raise PatchError("the JSON patch replaces the object by something that is no object")
    return document.root


class _Place:
    """A member of an object, or an entry of a list, that is there or could be."""

    def __init__(self, holder: Any, key: str, path: str) -> None:
        self._holder = holder
        self._key = key
        self._path = path

    def get(self) -> Any:
        """Return the value; None where a member is absent."""
        return self._holder.get(self._key) if isinstance(self._holder, dict) else self._holder[self._index()]

    def replace(self, value: Any) -> None:
        if isinstance(self._holder, dict):
            self._holder[self._key] = value
        else:
            self._holder[self._index()] = value

    def add(self, value: Any) -> None:
        if isinstance(self._holder, dict):
            self._holder[self._key] = value
        elif self._key == "-":
            self._holder.append(value)
        else:
            self._holder.insert(self._index(places=len(self._holder) + 1), value)

    def remove(self) -> None:
        if isinstance(self._holder, list):
            del self._holder[self._index()]
        elif self._key in self._holder:
            del self._holder[self._key]
        else:
            raise _does_not_fit(f"nothing is at {self._path}")

    def _index(self, places: int | None = None) -> int:
        """Return the index that the key means among `places`, all entries unless given."""
        places = len(self._holder) if places is None else places
        digits = self._key.removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdigit()) or len(self._key) - len(digits) > 1:
            raise _does_not_fit(f"{self._key} in {self._path} is no index of a list")
        index = int(self._key)
        if not -places <= index < places:
            raise _does_not_fit(f"the list at {self._path} has no place {self._key}")
        return index + places if index < 0 else index


class _Document:
    """An object while operations change it."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._copied = 0

    def apply(self, operation: dict[str, Any]) -> None:
        """Do one operation; PatchError where it cannot be done."""
        match operation.get("op"):
            case "add":
                self._place(operation, "path").add(operation.get("value"))
            case "remove":
                self._place(operation, "path").remove()
            case "replace":
                self._replace(operation)
            case "move":
                source = self._place(operation, "from")
                value = source.get()
                source.remove()
                self._place(operation, "path").add(value)
            case "copy":
                value = self._copy(self._place(operation, "from").get())
                self._place(operation, "path").add(value)
            case "test":
                self._test(operation)
            case unknown:
                raise _does_not_fit(f"unknown op {msgspec.json.encode(unknown).decode()}")

    def _replace(self, operation: dict[str, Any]) -> None:
        if operation.get("path") == "":
            self.root = operation.get("value")
            return
        place = self._place(operation, "path")
        place.get()
        place.replace(operation.get("value"))

    def _copy(self, value: Any) -> Any:
        self._copied += len(msgspec.json.encode(value))
        if self._copied > MAX_COPIED_BYTES:
            raise _does_not_fit(f"copies of one patch may add at most {MAX_COPIED_BYTES} bytes")
        return copy.deepcopy(value)

    def _test(self, operation: dict[str, Any]) -> None:
        found = self.root if operation.get("path") == "" else self._place(operation, "path").get()
        if not _same(found, operation.get("value")):
            raise PatchError(f"a test operation of the JSON patch failed: {operation.get('path')} has another value")

    def _place(self, operation: dict[str, Any], field: str) -> _Place:
        """Return where a path leads; every step but the last must be there."""
        path = operation.get(field)
        if not isinstance(path, str):
            raise _does_not_fit(f"an operation lacks its {field}")
        _, *steps = path.split("/")
        if not steps:
            raise _does_not_fit(f'"{path}" names no member')
        # An operation before may have left no object at all.
        holder = self._inside(self.root, path)
        for step in steps[:-1]:
            holder = self._inside(_Place(holder, _unescaped(step), path).get(), path)
        return _Place(holder, _unescaped(steps[-1]), path)

    def _inside(self, value: Any, path: str) -> Any:
        if not isinstance(value, dict | list):
            raise _does_not_fit(f"the way to {path} is missing")
        return value


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are written alike: 1 is neither true nor 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)


def _does_not_fit(why: str) -> PatchError:
    return PatchError(f"the JSON patch does not fit the object: {why}")
