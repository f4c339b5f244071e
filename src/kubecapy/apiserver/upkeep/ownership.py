"""Know who owns whom: the graph of owner references, kept equal to the store."""

from collections.abc import Iterator

import msgspec

from kubecapy.apimachinery.json_codec import decode
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.registry.strategies.finalizers import FOREGROUND_FINALIZER, ORPHAN_FINALIZER
from kubecapy.apiserver.storage.records import Change, Record, ResourceId


class Owner(msgspec.Struct, frozen=True, rename="camel"):
    """One owner reference."""

    uid: str
    api_version: str = ""
    kind: str = ""
    block_owner_deletion: bool | None = None


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    uid: str = ""
    deletion_timestamp: str | None = None
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[Owner, ...] = ()


class _Object(msgspec.Struct, frozen=True):
    """The little of an object that ownership is about."""

    metadata: _Metadata


class Node(msgspec.Struct, frozen=True):
    """One object in the graph."""

    uid: str
    resource: ResourceId
    key: ObjectKey
    is_deleting: bool
    finalizers: tuple[str, ...]
    owners: tuple[Owner, ...]

    @property
    def waits_for_dependents(self) -> bool:
        """Whether it goes once its dependents are gone."""
        return self.is_deleting and FOREGROUND_FINALIZER in self.finalizers

    @property
    def orphans_dependents(self) -> bool:
        """Whether it goes once its dependents have forgotten it."""
        return self.is_deleting and ORPHAN_FINALIZER in self.finalizers

    @property
    def blocked(self) -> set[str]:
        """The uids of the owners whose foreground deletion has to wait for this object."""
        return {reference.uid for reference in self.owners if reference.block_owner_deletion}


class OwnerGraph:
    """Objects by uid and dependents by the uid of their owner."""

    def __init__(self) -> None:
        """Start empty."""
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[str, set[str]] = {}

    def find(self, uid: str) -> Node | None:
        """Return the object; None where it is gone or never was."""
        return self._nodes.get(uid)

    def dependents(self, uid: str) -> list[Node]:
        """Return the objects that name `uid` as an owner."""
        return [self._nodes[dependent] for dependent in self._dependents.get(uid, ())]

    def load(self, resource: ResourceId, record: Record) -> Node:
        """Take in what is stored, in place of an earlier state, and return it."""
        node = _read(resource, record)
        self._put(node)
        return node

    def apply(self, resource: ResourceId, change: Change) -> Iterator[str]:
        """Take in a change and yield the uids of objects for which it may mean something."""
        node = _read(resource, change.record)
        if change.type == "DELETED":
            yield from self._dependents.get(node.uid, ())
            yield from (owner.uid for owner in node.owners)
            self._forget(node.uid)
            return
        before = self._nodes.get(node.uid)
        self._put(node)
        if node.owners or node.is_deleting:
            yield node.uid
        # An owner that waited for this object need not any longer.
        yield from before.blocked - node.blocked if before is not None else ()

    def _put(self, node: Node) -> None:
        self._forget(node.uid)
        self._nodes[node.uid] = node
        for owner in node.owners:
            self._dependents.setdefault(owner.uid, set()).add(node.uid)

    def _forget(self, uid: str) -> None:
        node = self._nodes.pop(uid, None)
        if node is None:
            return
        # One owner may be named twice.
        for owner in {reference.uid for reference in node.owners}:
            dependents = self._dependents[owner]
            dependents.discard(uid)
            if not dependents:
                del self._dependents[owner]


def _read(resource: ResourceId, record: Record) -> Node:
    metadata = decode(record.data, _Object).metadata
    return Node(
        uid=metadata.uid,
        resource=resource,
        key=record.key,
        is_deleting=metadata.deletion_timestamp is not None,
        finalizers=metadata.finalizers,
        owners=metadata.owner_references,
    )
