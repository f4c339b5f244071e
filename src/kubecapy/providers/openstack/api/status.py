"""Record what the provider made for a machine, so that deletes and restarts need not guess."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from kubecapy.api.cluster.v1alpha1 import NodeAddress
from kubecapy.apimachinery.meta import Value
from kubecapy.providers.openstack.api.header import REGISTERED_API_VERSION


class PortRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A port that was made for the machine."""

    id: str
    name: str = ""
    network_id: str = msgspec.field(name="networkID", default="")
    trunk_id: str = msgspec.field(name="trunkID", default="")
    """The trunk on it; empty where there is none."""


class VolumeRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A volume that was made for the machine."""

    id: str
    name: str = ""


class FloatingAddressRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The floating address that leads to the machine."""

    id: str
    address: str
    is_own: bool = False
    """True where it was allocated for the machine and is released with it; one that you gave stays."""


MadeKind = Literal["port", "floating ip", "trunk", "volume", "key pair"]


class MachineProviderStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What `status.providerStatus` of a Machine holds."""

    api_version: str = ""
    kind: str = ""
    cluster: str = ""
    """Name of the Cluster that the machine was made for."""
    cluster_mark: str = ""
    """What everything of that Cluster bears in the cloud."""
    machine_mark: str = ""
    """What everything of this machine bears in the cloud."""
    ports: tuple[PortRecord, ...] = ()
    """Written before the server is asked for."""
    floating_ip: FloatingAddressRecord | None = msgspec.field(name="floatingIP", default=None)
    volumes: tuple[VolumeRecord, ...] = ()
    """Written before the server is asked for."""
    key_pair: str = ""
    """Name of the key pair that was made for the cluster of this machine's public key."""
    made: tuple[MadeKind, ...] = ()
    """Every kind of thing that was ever made for the machine, so that a delete looks for no other."""
    server_id: str = msgspec.field(name="serverID", default="")
    addresses: tuple[NodeAddress, ...] = ()
    """What ports and floating address give the server."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as the reconciler stores it, with its kind."""
        stamped = msgspec.structs.replace(
            self, api_version=REGISTERED_API_VERSION, kind="OpenstackMachineProviderStatus"
        )
        return msgspec.to_builtins(stamped)  # type: ignore[no-any-return]  # a Struct becomes a dict


def read_machine_status(value: Mapping[str, Any] | None) -> MachineProviderStatus:
    """Return the record; an empty one where there is none or it is not ours to read."""
    try:
        return msgspec.convert(dict(value or {}), MachineProviderStatus)
    except msgspec.ValidationError:
        return MachineProviderStatus()
