"""Say what was found in the contract's words; pure."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import NodeAddress
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.contract.actuators import Instance, Reservation
from kubecapy.providers.openstack.actuators.reservation import Reserved
from kubecapy.providers.openstack.actuators.scope import ADDRESS_ANNOTATION, SERVER_ANNOTATION
from kubecapy.providers.openstack.api.secret_reference import SecretReference
from kubecapy.providers.openstack.api.status import (
    FloatingAddressRecord,
    MachineProviderStatus,
    MadeKind,
    PortRecord,
    VolumeRecord,
)
from kubecapy.providers.openstack.naming import Owner, provider_id
from kubecapy.providers.openstack.services.resources import FloatingAddress, Port, Server
from kubecapy.providers.openstack.services.server_faults import describe_fault
from kubecapy.providers.openstack.services.servers import state_of

PROVIDER_ID_TEMPLATE: Final = "openstack:///{{ v1.instance_id }}"
"""The kubelet's providerID before there is a server: cloud-init, which reads user data as a Jinja template, fills in
the id that Nova's metadata names (https://cloudinit.readthedocs.io/en/latest/explanation/instance-data.html)."""


def record_reservation(record: MachineProviderStatus, owner: Owner, reserved: Reserved) -> MachineProviderStatus:
    """Return `record` with what was reserved; the server stays as it was recorded."""
    return record_addresses(
        msgspec.structs.replace(
            record,
            ports=_port_records(reserved.ports, {trunk.port_id: trunk.id for trunk in reserved.trunks}),
            volumes=tuple(VolumeRecord(id=volume.id, name=volume.name or "") for volume in reserved.volumes),
            key_pair=reserved.key_pair or record.key_pair,
        ),
        owner,
        reserved.ports,
        reserved.floating,
        is_own=reserved.has_own_address,
    )


def record_addresses(
    record: MachineProviderStatus,
    owner: Owner,
    ports: Sequence[Port],
    floating: FloatingAddress | None,
    *,
    is_own: bool,
) -> MachineProviderStatus:
    """Return `record` with the ports and the address that were found; all else stays as it was recorded."""
    trunks = {port.id: port.trunk_id for port in record.ports}
    recorded = msgspec.structs.replace(
        record,
        cluster=owner.cluster,
        cluster_mark=owner.mark,
        machine_mark=owner.machine_mark,
        ports=_port_records(ports, trunks),
        floating_ip=_address_record(floating, is_own=is_own),
        addresses=reserved_addresses(ports, floating),
    )
    return msgspec.structs.replace(recorded, made=_kinds_in(recorded))


def reserved_addresses(ports: Sequence[Port], floating: FloatingAddress | None) -> tuple[NodeAddress, ...]:
    """Return the floating address as ExternalIP, then each fixed one as InternalIP."""
    external = (NodeAddress(type="ExternalIP", address=floating.floating_ip_address),) if floating else ()
    internal = (NodeAddress(type="InternalIP", address=fixed.ip_address) for port in ports for fixed in port.fixed_ips)
    return (*external, *internal)


def reservation_of(
    owner: Owner, record: MachineProviderStatus, user_data_secret: SecretReference | None
) -> Reservation:
    """Return what a recorded reservation tells the reconciler, and which template the machine is to boot with."""
    return Reservation(
        addresses=record.addresses,
        hostname=owner.machine,
        kubelet_arguments={"provider-id": PROVIDER_ID_TEMPLATE},
        provider_status=record.to_json(),
        annotations=_address_annotation(record.addresses),
        user_data_secret=_secret_key(owner, user_data_secret),
    )


def instance_of(server: Server, record: MachineProviderStatus, hints: Mapping[str, Any]) -> Instance:
    """Return what a server tells the reconciler; `hints` are what its scheduler was told.

    Addresses are those of the reservation: Nova's own cache lags behind Neutron by up to minutes, and is asked only
    where nothing was recorded.
    """
    addresses = record.addresses or _server_addresses(server)
    return Instance(
        provider_id=provider_id(server.id),
        state=state_of(server),
        addresses=addresses,
        fault=describe_fault(server, hints),
        provider_status=msgspec.structs.replace(record, server_id=server.id).to_json(),
        annotations={SERVER_ANNOTATION: server.id, **_address_annotation(addresses)},
    )


def _port_records(ports: Sequence[Port], trunks: Mapping[str, str]) -> tuple[PortRecord, ...]:
    return tuple(
        PortRecord(id=port.id, name=port.name, network_id=port.network_id, trunk_id=trunks.get(port.id, ""))
        for port in ports
    )


def _address_record(floating: FloatingAddress | None, *, is_own: bool) -> FloatingAddressRecord | None:
    if floating is None:
        return None
    return FloatingAddressRecord(id=floating.id, address=floating.floating_ip_address, is_own=is_own)


def _kinds_in(record: MachineProviderStatus) -> tuple[MadeKind, ...]:
    """Return the kinds of things that the record names now, or named once."""
    found: Mapping[MadeKind, bool] = {
        "port": bool(record.ports),
        "floating ip": record.floating_ip is not None and record.floating_ip.is_own,
        "trunk": any(port.trunk_id for port in record.ports),
        "volume": bool(record.volumes),
        "key pair": bool(record.key_pair),
    }
    return tuple(kind for kind, is_there in found.items() if is_there or kind in record.made)


def _secret_key(owner: Owner, reference: SecretReference | None) -> ObjectKey | None:
    if reference is None or not reference.name:
        return None
    return ObjectKey(reference.namespace or owner.namespace, reference.name)


def _server_addresses(server: Server) -> tuple[NodeAddress, ...]:
    found = [address for group in server.addresses.values() for address in group]
    external = [NodeAddress(type="ExternalIP", address=item.addr) for item in found if item.kind == "floating"]
    internal = [NodeAddress(type="InternalIP", address=item.addr) for item in found if item.kind != "floating"]
    return (*external, *internal)


def _address_annotation(addresses: Sequence[NodeAddress]) -> dict[str, str]:
    """Return the address by which tools reach the machine: the floating one, else the first IPv4 one, else any."""
    if not addresses:
        return {}
    external = (item.address for item in addresses if item.type == "ExternalIP")
    ipv4 = (item.address for item in addresses if ipaddress.ip_address(item.address).version == 4)
    return {ADDRESS_ANNOTATION: (*external, *ipv4, addresses[0].address)[0]}
