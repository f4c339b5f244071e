"""Hold what a pod refers to in its namespace: Secrets, ConfigMaps, its service account."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.pods.failures import PlanError

SourceKind = Literal["secret", "configmap"]


class ServiceAccountFiles(msgspec.Struct, frozen=True):
    """What is mounted for a pod's service account."""

    token: str
    ca: bytes
    namespace: str

    def __repr__(self) -> str:
        """Show no token."""
        return f"ServiceAccountFiles({self.namespace})"


class PodSources(msgspec.Struct, frozen=True):
    """What a pod refers to in its namespace, decoded."""

    secrets: Mapping[str, Mapping[str, bytes]] = {}
    """Data by the Secret's name."""
    config_maps: Mapping[str, Mapping[str, bytes]] = {}
    """Data by the ConfigMap's name."""
    service_account: ServiceAccountFiles | None = None
    """None where no token is mounted."""

    def __repr__(self) -> str:
        """Name the Secrets alone."""
        return f"PodSources(secrets={sorted(self.secrets)})"

    def find(self, kind: SourceKind, reference: JsonObject) -> Mapping[str, bytes] | None:
        """Return the data of the object that `reference` names; None where it is absent and optional.

        Raises:
            PlanError: it is absent, and the pod needs it.
        """
        available = self.secrets if kind == "secret" else self.config_maps
        name = name_in(reference)
        if name not in available and not reference.get("optional"):
            raise PlanError("CreateContainerConfigError", f'{kind} "{name}" not found')
        return available.get(name)


def name_in(reference: JsonObject) -> str:
    """Return the name in a reference, empty where it has none; a Secret's volume alone calls it `secretName`."""
    name: str = reference.get("secretName") or reference.get("name", "")
    return name


def references_of(pod: JsonObject) -> tuple[Sequence[str], Sequence[str]]:
    """Return the names of the Secrets and of the ConfigMaps that `pod` refers to, sorted."""
    secrets: set[str] = set()
    config_maps: set[str] = set()
    for volume in pod["spec"].get("volumes") or ():
        for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]:
            secrets.add(name_in(source.get("secret") or {}))
            config_maps.add(name_in(source.get("configMap") or {}))
    for container in pod["spec"].get("containers") or ():
        for source in container.get("envFrom") or ():
            secrets.add(name_in(source.get("secretRef") or {}))
            config_maps.add(name_in(source.get("configMapRef") or {}))
        for variable in container.get("env") or ():
            origin = variable.get("valueFrom") or {}
            secrets.add(name_in(origin.get("secretKeyRef") or {}))
            config_maps.add(name_in(origin.get("configMapKeyRef") or {}))
    return sorted(secrets - {""}), sorted(config_maps - {""})
