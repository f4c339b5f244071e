"""Describe what Neutron keeps; the fields' JSON names are Neutron's own, so that a resource encodes to its answer."""

import ipaddress
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from kubecapy.devcloud.times import format_time

R = TypeVar("R", bound="Resource")

ROUTER_INTERFACE_OWNER = "network:router_interface"
ROUTER_GATEWAY_OWNER = "network:router_gateway"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What every Neutron resource has.

    A base class and not a part, since the fields must lie flat in the JSON and msgspec flattens by inheritance only.
    """

    id: str
    project_id: str
    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    created_at: str = ""
    updated_at: str = ""
    revision_number: int = 0


class Network(Resource, frozen=True, kw_only=True):
    """A layer 2 network."""

    admin_state_up: bool = True
    status: str = "ACTIVE"
    shared: bool = False
    mtu: int = 1450
    port_security_enabled: bool = True
    external: bool = msgspec.field(default=False, name="router:external")


class AllocationPool(msgspec.Struct, frozen=True):
    """Addresses from `start` to `end`, both included, that may be given out."""

    start: str
    end: str


class Subnet(Resource, frozen=True, kw_only=True):
    """A range of addresses on a network."""

    network_id: str
    cidr: str
    ip_version: int = 4
    gateway_ip: str | None = None
    enable_dhcp: bool = True
    allocation_pools: tuple[AllocationPool, ...] = ()
    dns_nameservers: tuple[str, ...] = ()
    host_routes: tuple[dict[str, str], ...] = ()

    def contains(self, address: str) -> bool:
        """Return whether `address` lies in the range."""
        return ipaddress.ip_address(address) in ipaddress.ip_network(self.cidr)


class FixedIp(msgspec.Struct, frozen=True):
    """One address of a port."""

    subnet_id: str
    ip_address: str


class AddressPair(msgspec.Struct, frozen=True):
    """An extra source address that a port may use."""

    ip_address: str
    mac_address: str


class Port(Resource, frozen=True, kw_only=True):
    """A place on a network for one device."""

    network_id: str
    mac_address: str
    admin_state_up: bool = True
    status: str = "DOWN"
    device_id: str = ""
    device_owner: str = ""
    fixed_ips: tuple[FixedIp, ...] = ()
    security_groups: tuple[str, ...] = ()
    allowed_address_pairs: tuple[AddressPair, ...] = ()
    port_security_enabled: bool = True
    profile: dict[str, Any] = msgspec.field(default={}, name="binding:profile")  # Any: opaque to Neutron
    vnic_type: str = msgspec.field(default="normal", name="binding:vnic_type")
    host_id: str = msgspec.field(default="", name="binding:host_id")


class ExternalGateway(msgspec.Struct, frozen=True):
    """A router's way out."""

    network_id: str
    external_fixed_ips: tuple[FixedIp, ...] = ()
    enable_snat: bool = True


class Router(Resource, frozen=True, kw_only=True):
    """A router; its interfaces are ports with its id as device."""

    admin_state_up: bool = True
    status: str = "ACTIVE"
    external_gateway_info: ExternalGateway | None = None
    routes: tuple[dict[str, str], ...] = ()


class SecurityGroup(Resource, frozen=True, kw_only=True):
    """A named set of rules."""

    stateful: bool = True
    shared: bool = False


class SecurityGroupRule(Resource, frozen=True, kw_only=True):
    """One allowed kind of traffic; `None` means any."""

    security_group_id: str
    direction: str
    ethertype: str = "IPv4"
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None


class FloatingIp(Resource, frozen=True, kw_only=True):
    """A public address that may be associated with one fixed address."""

    floating_ip_address: str
    floating_network_id: str
    port_id: str | None = None
    fixed_ip_address: str | None = None
    router_id: str | None = None
    status: str = "DOWN"


class SubPort(msgspec.Struct, frozen=True):
    """One VLAN of a trunk, and the port at its end."""

    port_id: str
    segmentation_id: int
    segmentation_type: str = "vlan"


class Trunk(Resource, frozen=True, kw_only=True):
    """A parent port that carries VLANs."""

    port_id: str
    admin_state_up: bool = True
    status: str = "DOWN"
    sub_ports: tuple[SubPort, ...] = ()


def stamp(resource: R, now: datetime) -> R:
    """Return a new `resource` with its times set to `now` and revision 1."""
    moment = format_time(now)
    return msgspec.structs.replace(resource, created_at=moment, updated_at=moment, revision_number=1)


def revise(resource: R, now: datetime, **changes: object) -> R:
    """Return `resource` with `changes`, its next revision number and `now` as its time of update."""
    return msgspec.structs.replace(
        resource, **changes, updated_at=format_time(now), revision_number=resource.revision_number + 1
    )
