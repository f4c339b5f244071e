"""Filter changes before they reach a queue."""

from collections.abc import Callable
from typing import Any

from kubecapy.apimachinery.objects import metadata_of
from kubecapy.runtime.store import Change

Predicate = Callable[[Change[Any]], bool]
"""Says whether a change matters; pure."""


def every_change(change: Change[Any]) -> bool:
    """Let every change through."""
    del change
    return True


def wish_changed(change: Change[Any]) -> bool:
    """Let through what may change the wish: generation, labels, annotations, finalizers, owners, deletion.

    Status updates, a reconciler's own among them, do not pass.
    """
    if change.old is None or change.type != "MODIFIED":
        return True
    old, new = metadata_of(change.old), metadata_of(change.object)
    return any(getattr(old, field) != getattr(new, field) for field in _WISH_FIELDS)


_WISH_FIELDS = ("generation", "labels", "annotations", "finalizers", "owner_references", "deletion_timestamp", "uid")
