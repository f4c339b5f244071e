"""Give the server's own parts the store's objects, by the protocols of `interfaces`."""

from collections.abc import Sequence

from kubecapy.apimachinery.errors import NotFound, not_found
from kubecapy.apimachinery.json_codec import to_json_object
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.operations.decoding import read_sent
from kubecapy.apiserver.operations.deleting import DeleteOptions, ObjectDeleting
from kubecapy.apiserver.operations.writing import ObjectWriting, Update
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.storage.records import ResourceId
from kubecapy.apiserver.storage.store import Store


class StoreReader:
    """Reads what is visible, as `interfaces.ObjectReader`."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self._store = store

    def find(self, group: str, plural: str, namespace: str, name: str) -> JsonObject | None:
        """Return the object as it is stored; None where it is absent."""
        record = self._store.collection(ResourceId(group, plural)).get(ObjectKey(namespace, name))
        return None if record is None else record.decode()

    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]:
        """Return the objects in order of namespace and name; an empty namespace means all of them."""
        return [record.decode() for record in self._store.collection(ResourceId(group, plural)).records(namespace)]

    def revision(self, group: str, plural: str) -> int:
        """Return the revision of the kind's last change."""
        return self._store.collection(ResourceId(group, plural)).revision


class StoreWriter:
    """Writes for the server itself, as `interfaces.ObjectWriter`."""

    def __init__(self, registry: Registry, writing: ObjectWriting, deleting: ObjectDeleting) -> None:
        """Write by the rules of the kinds in `registry`."""
        self._registry = registry
        self._writing = writing
        self._deleting = deleting

    async def create(self, group: str, plural: str, namespace: str, obj: JsonObject) -> JsonObject:
        """Store `obj` and return what was stored."""
        kind = self._kind(group, plural)
        written = await self._writing.create(kind, namespace, read_sent(kind, to_json_object(obj), "Ignore").obj)
        return written.record.decode()

    async def update(self, group: str, plural: str, obj: JsonObject, *, subresource: str = "") -> JsonObject:
        """Replace the stored object of the same name, or its status, and return what was stored."""
        metadata = obj["metadata"]
        key = ObjectKey(metadata.get("namespace", ""), metadata["name"])
        part = "status" if subresource == "status" else ""
        kind = self._kind(group, plural)
        sent = read_sent(kind, to_json_object(obj), "Ignore").obj
        written = await self._writing.update(kind, key, Update(change=lambda _old: sent, part=part))
        return written.record.decode()

    async def delete(self, group: str, plural: str, namespace: str, name: str) -> bool:
        """Start deletion as a background delete does; return whether the object existed."""
        options = DeleteOptions(propagation="Background")
        try:
            await self._deleting.delete(self._kind(group, plural), ObjectKey(namespace, name), options)
        except NotFound:
            return False
        return True

    def _kind(self, group: str, plural: str) -> ServedKind:
        kind = self._registry.storage_kind(ResourceId(group, plural))
        if kind is None:
            raise not_found("the kind", f"{plural}.{group}")
        return kind
