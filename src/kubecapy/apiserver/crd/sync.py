"""Keep the registry equal to the stored definitions, from the moment that they become visible."""

from kubecapy.apiserver.crd.kinds import served_kinds
from kubecapy.apiserver.crd.lifecycle import is_served
from kubecapy.apiserver.crd.strategy import DEFINITIONS
from kubecapy.apiserver.crd.types import stored_definition
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.storage.records import Change, Record, ResourceId
from kubecapy.apiserver.storage.store import Store


class DefinitionSync:
    """Follows the definitions in a store."""

    def __init__(self, store: Store, registry: Registry) -> None:
        """Tell `registry` what the definitions in `store` say."""
        self._store = store
        self._registry = registry

    def start(self) -> None:
        """Serve what is defined already, and follow every change from now on."""
        for record in self._store.collection(DEFINITIONS).records():
            self._serve(record)
        self._store.add_listener(self._on_change)

    def _on_change(self, resource: ResourceId, change: Change) -> None:
        if resource != DEFINITIONS:
            return
        if change.type != "DELETED":
            self._serve(change.record)
            return
        self._registry.remove_custom(change.record.key.name)
        spec = stored_definition(change.record.data).spec
        # A watch of a kind that is gone has nothing to wait for.
        self._store.close_subscriptions(ResourceId(spec.group, spec.names.plural))

    def _serve(self, record: Record) -> None:
        definition = stored_definition(record.data)
        if is_served(definition):
            self._registry.set_custom(record.key.name, served_kinds(definition, record.decode()))
        else:
            self._registry.remove_custom(record.key.name)
