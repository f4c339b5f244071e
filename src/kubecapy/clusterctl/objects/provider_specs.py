"""Find the provider's part of an object, which each kind holds in a place of its own."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from kubecapy.api.cluster.v1alpha1 import (
    CLUSTERS,
    MACHINE_CLASSES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
)
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind

_IN_TEMPLATE = ("spec", "template", "spec", "providerSpec")
_PLACES: Mapping[GroupVersionKind, tuple[str, ...]] = {
    CLUSTERS.gvk: ("spec", "providerSpec"),
    MACHINES.gvk: ("spec", "providerSpec"),
    MACHINE_SETS.gvk: _IN_TEMPLATE,
    MACHINE_DEPLOYMENTS.gvk: _IN_TEMPLATE,
}
"""Where the kinds hold a ProviderSpec, with `value` or `valueFrom` in it."""


class ProviderSpecPlace(msgspec.Struct, frozen=True):
    """A ProviderSpec and where it stands."""

    path: str
    """Such as `spec.template.spec.providerSpec`."""
    about: Literal["Cluster", "Machine"]
    """What the value describes."""
    spec: JsonObject
    """Empty where the object has none."""

    @property
    def value_path(self) -> str:
        """Path of the value."""
        return f"{self.path}.value"

    @property
    def value(self) -> JsonObject | None:
        """The provider's object; None where it is not written here."""
        value = self.spec.get("value")
        return value if isinstance(value, dict) else None


class _ClassPlace(ProviderSpecPlace, frozen=True):
    """A MachineClass is nothing but a value."""

    @property
    def value_path(self) -> str:
        """Path of the value."""
        return self.path


def find_provider_spec(gvk: GroupVersionKind, obj: JsonObject) -> ProviderSpecPlace | None:
    """Return the provider's part of an object of that kind; None where the kind has none."""
    if gvk == MACHINE_CLASSES.gvk:
        return _ClassPlace("providerSpec", "Machine", {"value": obj.get("providerSpec")})
    place = _PLACES.get(gvk)
    if place is None:
        return None
    found = obj
    for name in place:
        inner = found.get(name)
        found = inner if isinstance(inner, dict) else {}
    return ProviderSpecPlace(".".join(place), "Cluster" if gvk == CLUSTERS.gvk else "Machine", found)
