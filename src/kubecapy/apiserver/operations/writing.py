"""Create and change objects, one decision at a time.

Each write reads the latest state, decides and submits without suspending in between, so no other write can slip in.
"""

import uuid
from asyncio import Future
from collections.abc import Callable
from random import Random

import msgspec

from kubecapy.apimachinery.errors import (
    Forbidden,
    StatusCause,
    StatusDetails,
    already_exists,
    not_found,
)
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.names import generate_name
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.operations.decoding import read_sent
from kubecapy.apiserver.operations.identity import check_address, check_precondition, check_revision, place_new
from kubecapy.apiserver.operations.preparation import prepare_change, prepare_new, prepare_status_change
from kubecapy.apiserver.operations.versions import as_shown, as_stored, shows_as_stored
from kubecapy.apiserver.registry.access import read, read_text
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.storage.records import Record, ResourceId
from kubecapy.apiserver.storage.store import Store
from kubecapy.clock import Clock

_NAMESPACES = ResourceId("", "namespaces")
_NAME_ATTEMPTS = 8

AdmitNew = Callable[[JsonObject], JsonObject]
"""Completes or refuses a new object with regard to its sender."""
AdmitChange = Callable[[JsonObject, JsonObject], JsonObject]
"""Completes or refuses a change, given the stored and the new object."""


def _admit_new(obj: JsonObject) -> JsonObject:
    return obj


def _admit_change(_old: JsonObject, obj: JsonObject) -> JsonObject:
    return obj


class Written(msgspec.Struct, frozen=True):
    """What a write left behind."""

    record: Record
    warnings: tuple[str, ...] = ()
    """What the kind has to say about the object."""
    is_new: bool = False
    """Whether the object was not there before."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an object: how its next state follows from the stored one."""

    change: Callable[[JsonObject], JsonObject]
    """Returns the wished object; what it is given belongs to it."""
    part: str = ""
    """`status` where only the status is taken, `finalize` where what clients must leave is taken too, else empty."""
    admit: AdmitChange = _admit_change
    is_replacement: bool = False
    """Whether a whole object was sent (PUT), so that kinds may demand its resourceVersion."""


class ObjectWriting:
    """Creates and changes objects in a store by the rules of their kinds."""

    def __init__(self, store: Store, registry: Registry, clock: Clock, random: Random) -> None:
        """Write into `store`; uids and generated names come from `random`."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._random = random

    async def create(self, kind: ServedKind, namespace: str, obj: JsonObject, admit: AdmitNew = _admit_new) -> Written:
        """Store the new object `obj`, with what comes along with it, and return it; `obj` belongs to the call.

        Raises:
            StatusError: AlreadyExists, Invalid, BadRequest, Forbidden where the namespace is ending, NotFound where
                it is missing.
        """
        place_new(kind, namespace, obj)
        self._check_namespace(kind, namespace, obj)
        self._name(kind, obj)
        if kind.is_terminating:
            raise _no_more(kind, obj["metadata"]["name"])
        prepared = prepare_new(kind, admit(obj))
        # All parts are submitted before the first wait: a client that hangs up leaves no half of them.
        stored = self._submit_new(kind, namespace, prepared)
        companions = [self._submit_companion(*companion) for companion in kind.strategy.companions(prepared)]
        record = await stored
        for companion in companions:
            if companion is not None:
                await companion
        return Written(record, tuple(kind.strategy.warn(prepared, None)), is_new=True)

    async def update(self, kind: ServedKind, key: ObjectKey, update: Update) -> Written:
        """Change the object and return it; nothing is written where nothing changes.

        An object that is being deleted goes with its last finalizer.

        Raises:
            StatusError: NotFound; Conflict where a resourceVersion or uid does not match; Invalid; BadRequest.
        """
        record = self._store.latest(kind.resource, key)
        if record is None:
            raise not_found(kind.qualified_plural, key.name)
        old = as_shown(record.decode(), kind)
        wished = update.change(as_shown(record.decode(), kind))
        check_address(kind, key, wished)
        if update.is_replacement:
            check_precondition(kind, key, wished, old)
        check_revision(kind, key, wished, old, is_replacement=update.is_replacement)
        prepared = self._prepare(kind, update.admit(old, wished), old, update)
        prepared["metadata"]["resourceVersion"] = str(record.revision)
        if prepared == old and shows_as_stored(kind):
            return Written(record)
        warnings = tuple(kind.strategy.warn(prepared, old))
        stored = as_stored(prepared, kind)
        # A write that changes nothing is how objects move to another storage version.
        if not shows_as_stored(kind) and stored == record.decode():
            return Written(record, warnings)
        return Written(await self._submit_change(kind, key, stored), warnings)

    def _prepare(self, kind: ServedKind, wished: JsonObject, old: JsonObject, update: Update) -> JsonObject:
        if update.part == "status":
            return prepare_status_change(kind, wished, old)
        if update.part != "finalize":
            kind.strategy.keep(wished, old)
        return prepare_change(kind, wished, old)

    def _name(self, kind: ServedKind, obj: JsonObject) -> None:
        """Complete a generated name; a taken one is drawn again."""
        metadata = obj["metadata"]
        prefix = read_text(obj, "metadata", "generateName")
        if read(obj, "metadata", "name") or not prefix:
            return
        for _ in range(_NAME_ATTEMPTS):
            metadata["name"] = generate_name(prefix, self._random)
            key = ObjectKey(metadata.get("namespace", ""), metadata["name"])
            if self._store.latest(kind.resource, key) is None:
                return

    def _check_namespace(self, kind: ServedKind, namespace: str, obj: JsonObject) -> None:
        if not kind.namespaced:
            return
        record = self._store.latest(_NAMESPACES, ObjectKey("", namespace))
        if record is None:
            raise not_found("namespaces", namespace)
        if "deletionTimestamp" in record.decode()["metadata"]:
            name = read_text(obj, "metadata", "name")
            cause = StatusCause(
                reason="NamespaceTerminating",
                message=f"namespace {namespace} is being terminated",
                field="metadata.namespace",
            )
            raise Forbidden(
                f'{kind.qualified_plural} "{name}" is forbidden: unable to create new content in namespace'
                f" {namespace} because it is being terminated",
                details=StatusDetails(name=name, group=kind.group, kind=kind.plural, causes=(cause,)),
            )

    def _submit_new(self, kind: ServedKind, namespace: str, obj: JsonObject) -> Future[Record]:
        metadata = obj["metadata"]
        key = ObjectKey(namespace if kind.namespaced else "", metadata["name"])
        if self._store.latest(kind.resource, key) is not None:
            raise already_exists(kind.qualified_plural, key.name)
        metadata["uid"] = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        metadata["creationTimestamp"] = format_time(self._clock.now())
        return self._store.put(kind.resource, key, as_stored(obj, kind))

    def _submit_companion(self, resource: ResourceId, obj: JsonObject) -> Future[Record] | None:
        kind = self._registry.storage_kind(resource)
        namespace = obj["metadata"]["namespace"]
        if kind is None or self._store.latest(resource, ObjectKey(namespace, obj["metadata"]["name"])) is not None:
            return None
        return self._submit_new(kind, namespace, prepare_new(kind, read_sent(kind, obj, "Ignore").obj))

    async def _submit_change(self, kind: ServedKind, key: ObjectKey, obj: JsonObject) -> Record:
        if is_finished(kind, obj):
            return await self._store.remove(kind.resource, key, obj)
        return await self._store.put(kind.resource, key, obj)


def is_finished(kind: ServedKind, obj: JsonObject) -> bool:
    """Return whether `obj` is being deleted and nothing holds it any longer."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds") and not kind.strategy.is_held(obj)


def _no_more(kind: ServedKind, name: str) -> Forbidden:
    """Return what refuses an object of a kind whose definition is being deleted."""
    words = "create not allowed while custom resource definition is terminating"
    details = StatusDetails(name=name, group=kind.group, kind=kind.plural)
    return Forbidden(f'{kind.qualified_plural} "{name}" is forbidden: {words}', details=details)
