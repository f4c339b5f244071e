"""Delete objects: at once, or by marking them where somebody must act before they go.

Source: k8s.io/apiserver pkg/registry/rest (BeforeDelete) and pkg/registry/generic/registry (Store.Delete).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import msgspec

from kubecapy.apimachinery.errors import Forbidden, StatusDetails, conflict, not_found
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.operations.metadata import FOREGROUND_FINALIZER, ORPHAN_FINALIZER
from kubecapy.apiserver.operations.writing import is_finished
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.storage.records import Record
from kubecapy.apiserver.storage.store import Store
from kubecapy.clock import Clock

Propagation = Literal["Background", "Foreground", "Orphan"]


class DeleteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender of a delete asks for."""

    grace_seconds: int | None = None
    """None leaves it to the object."""
    propagation: Propagation | None = None
    """What happens to dependents; None keeps what the object's finalizers say, background without any."""
    uid: str = ""
    """Delete only the object of this uid; empty for any."""
    resource_version: str = ""
    """Delete only this state; empty for any."""


class Deleted(msgspec.Struct, frozen=True):
    """What a delete left behind."""

    record: Record
    """The last state; with a deletionTimestamp where the object is still there."""
    is_gone: bool


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
        self._check(kind, key, obj, options)
        grace = kind.strategy.grace_seconds(obj, options.grace_seconds) if kind.strategy.grace_seconds else 0
        before = record.decode()
        self._mark(kind, obj, grace, options)
        if is_finished(kind, obj):
            return Deleted(await self._store.remove(kind.resource, key, obj), is_gone=True)
        if obj == before:
            return Deleted(record, is_gone=False)
        return Deleted(await self._store.put(kind.resource, key, obj), is_gone=False)

    def _check(self, kind: ServedKind, key: ObjectKey, obj: JsonObject, options: DeleteOptions) -> None:
        metadata = obj["metadata"]
        if options.uid and options.uid != metadata["uid"]:
            message = f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {metadata['uid']}"
            raise conflict(kind.qualified_plural, key.name, message)
        stated, stored = options.resource_version, metadata["resourceVersion"]
        if stated and stated != stored:
            message = (
                f"Precondition failed: ResourceVersion in precondition: {stated},"
                f" ResourceVersion in object meta: {stored}"
            )
            raise conflict(kind.qualified_plural, key.name, message)
        why = kind.strategy.is_undeletable(obj) if kind.strategy.is_undeletable else ""
        if why:
            details = StatusDetails(name=key.name, group=kind.group, kind=kind.plural)
            raise Forbidden(f'{kind.qualified_plural} "{key.name}" is forbidden: {why}', details=details)

    def _mark(self, kind: ServedKind, obj: JsonObject, grace: int, options: DeleteOptions) -> None:
        """Say in `obj`, in place, that it is being deleted; a second delete may only shorten its grace."""
        metadata = obj["metadata"]
        finalizers = _finalizers(metadata.get("finalizers") or (), options.propagation)
        metadata.pop("finalizers", None)
        if finalizers:
            metadata["finalizers"] = finalizers
        if "deletionTimestamp" in metadata:
            if not kind.strategy.is_deleted_gracefully:
                return
            metadata["deletionGracePeriodSeconds"] = min(grace, metadata.get("deletionGracePeriodSeconds", 0))
            return
        metadata["deletionTimestamp"] = format_time(self._clock.now() + timedelta(seconds=grace))
        if kind.strategy.is_deleted_gracefully:
            metadata["deletionGracePeriodSeconds"] = grace
            if metadata.get("generation"):
                metadata["generation"] += 1
        kind.strategy.prepare_delete(obj)


def _finalizers(present: Sequence[str], propagation: Propagation | None) -> list[str]:
    if propagation is None:
        return list(present)
    kept = [name for name in present if name not in (FOREGROUND_FINALIZER, ORPHAN_FINALIZER)]
    wanted = {"Background": [], "Foreground": [FOREGROUND_FINALIZER], "Orphan": [ORPHAN_FINALIZER]}[propagation]
    return kept + wanted
