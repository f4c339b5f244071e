"""Answer what `clusterctl` asks, without a management cluster."""

import base64
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Literal

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.codec import DecodeError, load_yaml
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.contract.provider import GenerateRequest, Leftover, ProviderManifests
from kubecapy_shelf.client import ShelfClient
from kubecapy_shelf.marks import CLUSTER, mark_of
from kubecapy_shelf.spec import PATH, errors_in

NAMESPACE = "shelf-provider-system"


class ShelfTooling:
    """Offers the provider to command lines; see `kubecapy.contract.provider.ProviderTooling`."""

    def __init__(self, client: ShelfClient) -> None:
        """Ask through `client`."""
        self._client = client

    def generate(self, request: GenerateRequest) -> ProviderManifests:
        """Return the manifests in this package, with the key of the shelf that is asked for."""
        cluster, *machines = _read("manifests.yaml")
        components = _read("components.yaml")
        return ProviderManifests(cluster, machines, NAMESPACE, (*components, _secret(_find_key(request))))

    def validate_spec(self, kind: Literal["Cluster", "Machine"], value: JsonObject, path: str) -> Sequence[FieldError]:
        """Return what is wrong with a providerSpec."""
        return errors_in(kind, value, path)

    async def preflight(self, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
        """Look whether the images are there."""
        images = await self._client.images(f"looking for images for Cluster {cluster['metadata']['name']}")
        obstacles = [str(error) for error in errors_in("Cluster", _value(cluster))]
        for machine in machines:
            name = machine["metadata"].get("name") or machine["metadata"].get("generateName", "")
            value = _value(machine)
            obstacles += [f"Machine {name}: {error}" for error in errors_in("Machine", value)]
            image = value.get("image")
            if isinstance(image, str) and image not in images:
                obstacles.append(f"Machine {name}: {PATH}.image: there is no image {image} on the shelf")
        return obstacles

    async def find_leftovers(self, cluster: Cluster) -> Sequence[Leftover]:
        """Return the boxes and slots that bear the mark of the Cluster."""
        doing, mark = f"looking for what is left of Cluster {cluster.metadata.name}", mark_of(cluster)
        boxes = await self._client.boxes(doing, CLUSTER, mark)
        slots = await self._client.slots(doing, CLUSTER, mark)
        return (
            *(Leftover("box", box.id, box.name) for box in boxes),
            *(Leftover("slot", slot.id, slot.address) for slot in slots),
        )


def _value(obj: JsonObject) -> JsonObject:
    value = (obj["spec"].get("providerSpec") or {}).get("value")
    return value if isinstance(value, dict) else {}


def _read(name: str) -> list[JsonObject]:
    return load_yaml(files("kubecapy_shelf").joinpath(name).read_text())


def _find_key(request: GenerateRequest) -> str:
    """Return the key of the shelf that is asked for, out of `shelves: {NAME: {key: ...}}`."""
    try:
        documents = load_yaml(request.configuration.reveal().decode())
    except (DecodeError, UnicodeDecodeError) as error:
        raise InvalidConfiguration("the configuration is not valid YAML") from error
    shelves: Any = documents[0].get("shelves") if documents and isinstance(documents[0], dict) else None
    entry = shelves.get(request.cloud) if isinstance(shelves, dict) else None
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        raise InvalidConfiguration(f'the configuration has no shelf "{request.cloud}" with a "key"')
    return str(entry["key"])


def _secret(key: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shelf-key", "namespace": NAMESPACE},
        "data": {"SHELF_KEY": base64.b64encode(key.encode()).decode()},
    }
