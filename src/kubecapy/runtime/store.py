"""Keep a local, indexed copy of the objects of one kind.

What it hands out is shared and must not be changed: Structs are frozen, JSON objects are by agreement.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Literal, TypeVar

import msgspec

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.objects import object_key, revision_of

T = TypeVar("T")

IndexFunction = Callable[[T], Iterable[str]]
"""Names the values under which an object is found; pure."""


class Change(msgspec.Struct, Generic[T], frozen=True):
    """One change of the copy."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: T
    """The object after the change; its last known state where it was deleted."""
    old: T | None = None
    """The object before the change; None where it was added."""


class Store(Generic[T]):
    """Holds objects by key, and keys by index value."""

    def __init__(self) -> None:
        """Begin empty, without indexes."""
        self._objects: dict[ObjectKey, T] = {}
        self._functions: dict[str, IndexFunction[T]] = {}
        self._indexes: dict[str, defaultdict[str, set[ObjectKey]]] = {}
        self._sorted: Sequence[ObjectKey] | None = None
        """All keys in order, from the first look after a key came or went; most changes are of objects that stay."""

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self._objects)

    def get(self, key: ObjectKey) -> T | None:
        """Return the object; None where it is absent."""
        return self._objects.get(key)

    def list(self, namespace: str = "") -> Sequence[T]:
        """Return the objects in order of their keys; an empty namespace means all of them."""
        if self._sorted is None:
            self._sorted = sorted(self._objects)
        if not namespace:
            return [self._objects[key] for key in self._sorted]
        first = bisect_left(self._sorted, ObjectKey(namespace, ""))
        # The least text that is greater: NUL is in no name.
        end = bisect_left(self._sorted, ObjectKey(f"{namespace}\0", ""), first)
        return [self._objects[key] for key in self._sorted[first:end]]

    def by_index(self, name: str, value: str) -> Sequence[T]:
        """Return the objects that index `name` files under `value`, in order of their keys."""
        return [self._objects[key] for key in sorted(self._indexes[name].get(value, ()))]

    def add_index(self, name: str, function: IndexFunction[T]) -> None:
        """File every object, present and future, under the values of `function`.

        Raises:
            ValueError: another index has this name.
        """
        if name in self._functions:
            raise ValueError(f"the index {name} is there already")
        self._functions[name] = function
        self._indexes[name] = defaultdict(set)
        for key, obj in self._objects.items():
            self._file(name, key, obj)

    def put(self, obj: T) -> Change[T] | None:
        """Keep `obj` in place of what has its key; return the change, None where the revision is the same."""
        key = object_key(obj)
        old = self._objects.get(key)
        if old is not None and revision_of(old) == revision_of(obj):
            return None
        self._unfile(key, old)
        if old is None:
            self._sorted = None
        self._objects[key] = obj
        for name in self._functions:
            self._file(name, key, obj)
        return Change("ADDED", obj) if old is None else Change("MODIFIED", obj, old)

    def remove(self, key: ObjectKey, last: T | None = None) -> Change[T] | None:
        """Drop the object; return the change with its `last` state, None where it was absent."""
        old = self._objects.pop(key, None)
        if old is None:
            return None
        self._sorted = None
        self._unfile(key, old)
        return Change("DELETED", old if last is None else last, old)

    def replace(self, objects: Iterable[T]) -> Sequence[Change[T]]:
        """Keep exactly `objects`, and return what changed by that: a list tells of deletions only by absence."""
        wanted = {object_key(obj): obj for obj in objects}
        gone = [key for key in self._objects if key not in wanted]
        changes = [self.remove(key) for key in gone] + [self.put(obj) for obj in wanted.values()]
        return [change for change in changes if change is not None]

    def _file(self, name: str, key: ObjectKey, obj: T) -> None:
        for value in self._functions[name](obj):
            self._indexes[name][value].add(key)

    def _unfile(self, key: ObjectKey, old: T | None) -> None:
        if old is None:
            return
        for name, function in self._functions.items():
            for value in function(old):
                keys = self._indexes[name][value]
                keys.discard(key)
                if not keys:
                    del self._indexes[name][value]
