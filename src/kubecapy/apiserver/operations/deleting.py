"""Delete objects: at once, or by marking them where somebody must act before they go.

Source: k8s.io/apiserver pkg/registry/rest (BeforeDelete) and pkg/registry/generic/registry (Store.Delete).
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import Final, Literal

import msgspec

from kubecapy.apimachinery.errors import Forbidden, StatusDetails, conflict, not_found
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_time, parse_time
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.strategies.finalizers import FOREGROUND_FINALIZER, ORPHAN_FINALIZER
from kubecapy.apiserver.storage.records import Record
from kubecapy.apiserver.storage.store import Store
from kubecapy.clock import Clock

Propagation = Literal["Background", "Foreground", "Orphan"]


class DeleteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender of a delete asks for."""

    grace_seconds: int | None = None
    """None leaves it to the object; below zero counts as one second."""
    propagation: Propagation | None = None
    """What happens to dependents; None keeps what the object's finalizers say, background without any."""
    uid: str | None = None
    """Delete only the object of this uid; None for any."""
    resource_version: str | None = None
    """Delete only this state; None for any."""


class Deleted(msgspec.Struct, frozen=True):
    """What a delete left behind."""

    record: Record
    """The last state; with a deletionTimestamp where the object is still there."""
    is_gone: bool


class Pending(Enum):
    """Says that nothing is to be done: the object goes in its own time."""

    PENDING = auto()


PENDING: Final = Pending.PENDING


class ObjectDeleting:
    """Deletes objects from a store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Delete from `store`; deletion times come from `clock`."""
        self._store = store
        self._clock = clock

    async def delete(self, kind: ServedKind, key: ObjectKey, options: DeleteOptions) -> Deleted:
        """Delete the object, or begin to.

        Raises:
            StatusError: NotFound; Conflict where a precondition fails; Forbidden where the object is protected.
        """
        record = self._store.latest(kind.resource, key)
        if record is None:
            raise not_found(kind.qualified_plural, key.name)
        obj = record.decode()
        _check(kind, key, obj, options)
        grace = self._grace(kind, obj, options)
        if grace is PENDING or (_is_deleting(obj) and kind.strategy.is_held(obj)):
            return Deleted(record, is_gone=False)
        if kind.strategy.has_dependents:
            _keep_finalizers(obj["metadata"], options.propagation)
        if grace is not None or obj["metadata"].get("finalizers") or not kind.strategy.is_deleted_gracefully:
            self._mark(kind, obj, grace or 0)
        if not _waits(kind, obj):
            return Deleted(await self._store.remove(kind.resource, key, obj), is_gone=True)
        if obj == record.decode():
            return Deleted(record, is_gone=False)
        return Deleted(await self._store.put(kind.resource, key, obj), is_gone=False)

    def _grace(self, kind: ServedKind, obj: JsonObject, options: DeleteOptions) -> int | Pending | None:
        """Return the seconds that the object has from now on; None where its kind goes at once."""
        if kind.strategy.grace_seconds is None:
            return None
        asked = options.grace_seconds
        if not _is_deleting(obj):
            return _at_least_one(kind.strategy.grace_seconds(obj, asked))
        left = obj["metadata"].get("deletionGracePeriodSeconds") or 0
        if not left:
            return None
        # What is on its way may be hurried, never held up.
        return PENDING if asked is None or _at_least_one(asked) >= left else _at_least_one(asked)

    def _mark(self, kind: ServedKind, obj: JsonObject, grace: int) -> None:
        """Say in `obj`, in place, that it is being deleted and has `grace` seconds from the first such request."""
        metadata, now = obj["metadata"], self._clock.now()
        if not _is_deleting(obj):
            metadata["deletionTimestamp"] = format_time(now + timedelta(seconds=grace))
            if kind.strategy.is_deleted_gracefully:
                metadata["deletionGracePeriodSeconds"] = grace
                if metadata.get("generation"):
                    metadata["generation"] += 1
            kind.strategy.prepare_delete(obj)
            return
        if not kind.strategy.is_deleted_gracefully:
            return
        shorter = metadata.get("deletionGracePeriodSeconds", 0) - grace
        ends = max(parse_time(metadata["deletionTimestamp"]) - timedelta(seconds=shorter), now)
        if shorter:
            metadata["deletionTimestamp"] = format_time(ends)
        metadata["deletionGracePeriodSeconds"] = grace


def _check(kind: ServedKind, key: ObjectKey, obj: JsonObject, options: DeleteOptions) -> None:
    metadata = obj["metadata"]
    # Upstream names the kind here where everything else names the plural.
    named = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    if options.uid is not None and options.uid != metadata["uid"]:
        raise conflict(
            named,
            key.name,
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({metadata['uid']})."
            " The object might have been deleted and then recreated",
        )
    stated, stored = options.resource_version, metadata["resourceVersion"]
    if stated is not None and stated != stored:
        raise conflict(
            named,
            key.name,
            f"the ResourceVersion in the precondition ({stated}) does not match the ResourceVersion in record"
            f" ({stored}). The object might have been modified",
        )
    why = kind.strategy.is_undeletable(obj) if kind.strategy.is_undeletable else ""
    if why:
        details = StatusDetails(name=key.name, group=kind.group, kind=kind.plural)
        raise Forbidden(f'{kind.qualified_plural} "{key.name}" is forbidden: {why}', details=details)


def _is_deleting(obj: JsonObject) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def _waits(kind: ServedKind, obj: JsonObject) -> bool:
    """Return whether something keeps `obj` though it is to be deleted."""
    metadata = obj["metadata"]
    has_to = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
    return bool(has_to) or kind.strategy.is_held(obj)


def _at_least_one(seconds: int) -> int:
    """Return `seconds`; below zero means one second (rest.BeforeDelete)."""
    return 1 if seconds < 0 else seconds


def _keep_finalizers(metadata: JsonObject, propagation: Propagation | None) -> None:
    finalizers = _finalizers(metadata.pop("finalizers", None) or (), propagation)
    if finalizers:
        metadata["finalizers"] = finalizers


def _finalizers(present: Sequence[str], propagation: Propagation | None) -> list[str]:
    if propagation is None:
        return list(present)
    kept = [name for name in present if name not in (FOREGROUND_FINALIZER, ORPHAN_FINALIZER)]
    wanted = {"Background": [], "Foreground": [FOREGROUND_FINALIZER], "Orphan": [ORPHAN_FINALIZER]}[propagation]
    return kept + wanted
