"""Copy the objects of an inventory to another API, and compare the copies with the originals.

Uids change on the way, so owner references are pointed at the copies. Status is written through its subresource: a
plain create drops it. A copy that an earlier attempt made is brought up to date.
"""

from collections.abc import Mapping, Sequence

from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.patches import apply_merge_patch, diff_merge_patch
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.move.inventory import RESOURCES, Inventory, address_of, key_of_address
from kubecapy.clusterctl.objects.raw_resources import RAW_NAMESPACES
from kubecapy.clusterctl.runs.progress import Progress

_SERVER_METADATA = frozenset(
    {
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
    }
)
"""What each server writes by itself."""

_REPORTED_ANEW = "conditions"
"""Part of a status that the destination's controllers may already have written to, such as that it is paused."""


class Copier:
    """Copies one inventory to one destination."""

    def __init__(self, destination: Client, progress: Progress) -> None:
        """Copy to `destination`, telling of each object at verbosity 4."""
        self._destination = destination
        self._progress = progress
        self._uids: dict[str, str] = {}

    async def copy(self, inventory: Inventory) -> None:
        """Make or refresh every copy, owners first, so that references can be pointed at their new uids."""
        await self._ensure_namespaces(inventory)
        for original in inventory.copied:
            await self._copy_object(original)

    async def verify(self, inventory: Inventory) -> None:
        """Read every copy back and compare it with its original.

        Raises:
            ClusterctlError: a copy is missing or differs; the message names it and the fields.
        """
        for original in inventory.copied:
            address = address_of(original)
            copy = await self._destination.find(RESOURCES[address.kind], key_of_address(address))
            name = f"{address.kind} {address.namespace}/{address.name}"
            if copy is None:
                raise ClusterctlError(f"{name} is missing after it was copied; run the same command again")
            differing = sorted(_differences(self._wanted(original), copy))
            if differing:
                raise ClusterctlError(
                    f"{name} differs from its original in {', '.join(differing)} after it was copied; "
                    "run the same command again"
                )

    async def _ensure_namespaces(self, inventory: Inventory) -> None:
        for name in sorted({obj["metadata"]["namespace"] for obj in inventory.copied}):
            if await self._destination.find(RAW_NAMESPACES, ObjectKey("", name)) is None:
                await self._create_namespace(name)

    async def _create_namespace(self, name: str) -> None:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        try:
            await self._destination.create(RAW_NAMESPACES, namespace)
        except AlreadyExists:
            return

    async def _copy_object(self, original: JsonObject) -> None:
        address = address_of(original)
        self._progress.detail(4, f"Moving {address.kind} {address.namespace}/{address.name}")
        resource, key = RESOURCES[address.kind], key_of_address(address)
        wanted = self._wanted(original)
        status = wanted.pop("status", None)
        copy = await self._destination.find(resource, key)
        if copy is None:
            copy = await self._destination.create(resource, wanted)
        elif patch := _refresh(copy, wanted):
            copy = await self._destination.patch(resource, key, patch)
        if status and (patch := diff_merge_patch({"status": copy.get("status") or {}}, {"status": status})):
            copy = await self._destination.patch(resource, key, patch, subresource="status")
        self._uids[original["metadata"]["uid"]] = copy["metadata"]["uid"]

    def _wanted(self, original: JsonObject) -> JsonObject:
        """Return what the copy should be; a copied Cluster is paused until the switch."""
        metadata = {key: value for key, value in original["metadata"].items() if key not in _SERVER_METADATA}
        owners = _point_at_copies(metadata.pop("ownerReferences", None) or (), self._uids)
        if owners:
            metadata["ownerReferences"] = owners
        wanted = {**original, "metadata": metadata}
        if original["kind"] == "Cluster":
            wanted = apply_merge_patch(wanted, {"spec": {"paused": True}})
        return wanted


def _point_at_copies(owners: Sequence[JsonObject], uids: Mapping[str, str]) -> list[JsonObject]:
    """Return `owners` with the uids of the copies; an owner that did not move is left out.

    A reference to a uid that is unknown on the destination would make its garbage collector delete the copy.
    """
    return [{**owner, "uid": uids[owner["uid"]]} for owner in owners if owner["uid"] in uids]


def _refresh(copy: JsonObject, wanted: JsonObject) -> JsonObject:
    """Return the patch that makes `copy` hold exactly `wanted` in what a person or controller writes."""
    return diff_merge_patch(_comparable(copy), wanted)


def _comparable(obj: JsonObject) -> JsonObject:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _SERVER_METADATA}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": metadata}


def _differences(wanted: JsonObject, copy: JsonObject) -> list[str]:
    """Return the top-level fields in which `copy` is not `wanted`."""
    found = _comparable(copy)
    fields = [field for field in found.keys() | (wanted.keys() - {"status"}) if found.get(field) != wanted.get(field)]
    if _lasting(wanted) != _lasting(copy):
        fields.append("status")
    return fields


def _lasting(obj: JsonObject) -> JsonObject:
    status = obj.get("status") or {}
    return {key: value for key, value in status.items() if key != _REPORTED_ANEW}
