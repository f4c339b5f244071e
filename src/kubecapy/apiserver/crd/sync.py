"""Keep the registry equal to the stored definitions, from the moment that they become visible."""

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema import SchemaError
from kubecapy.apiserver.crd.json_paths import JsonPathError
from kubecapy.apiserver.crd.kinds import served_kinds
from kubecapy.apiserver.crd.strategy import DEFINITIONS, is_established
from kubecapy.apiserver.registry.access import read_text
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.storage.records import Change, ResourceId
from kubecapy.apiserver.storage.store import Store
from kubecapy.telemetry.logs import get_logger

_log = get_logger(__name__)


class DefinitionSync:
    """Follows the definitions in a store."""

    def __init__(self, store: Store, registry: Registry) -> None:
        """Tell `registry` what the definitions in `store` say."""
        self._store = store
        self._registry = registry

    def start(self) -> None:
        """Serve what is defined already, and follow every change from now on."""
        for record in self._store.collection(DEFINITIONS).records():
            self._serve(record.decode())
        self._store.add_listener(self._on_change)

    def _on_change(self, resource: ResourceId, change: Change) -> None:
        if resource != DEFINITIONS:
            return
        definition = change.record.decode()
        if change.type == "DELETED":
            self._registry.remove_custom(read_text(definition, "metadata", "name"))
            spec = definition["spec"]
            # A watch of a kind that is gone has nothing to wait for.
            self._store.close_subscriptions(ResourceId(read_text(spec, "group"), read_text(spec, "names", "plural")))
        else:
            self._serve(definition)

    def _serve(self, definition: JsonObject) -> None:
        name = read_text(definition, "metadata", "name")
        if not is_established(definition):
            self._registry.remove_custom(name)
            return
        try:
            self._registry.set_custom(name, served_kinds(definition))
        except (SchemaError, JsonPathError) as error:
            # Only a store that an older version wrote can hold this: writes are checked.
            _log.error("Failed to serve CustomResourceDefinition %s: %s", name, error)
            self._registry.remove_custom(name)
