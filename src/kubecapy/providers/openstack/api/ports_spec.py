"""Describe the ports that a machine asks for one by one, with what the short form `networks` cannot say.

Keys follow the `ports` of cluster-api-provider-openstack, api/v1beta1/types.go; what a port shares with others of the
machine is written on the machine. There is no `description`: it holds the mark by which a port is found again.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.providers.openstack.api.selectors import NetworkReference, SecurityGroupSelector, SubnetSelector


class FixedAddressWish(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One address that a port gets."""

    subnet: SubnetSelector | None = None
    """Where the address comes from; absent where `ipAddress` tells it."""
    ip_address: str = ""
    """Empty lets Neutron choose one of the subnet."""


class AddressPair(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A foreign address that a port may send from, as for a virtual address."""

    ip_address: str = ""
    """Address or range in CIDR notation."""
    mac_address: str = ""
    """Empty means the port's own."""


class PortOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One port of a machine."""

    network: NetworkReference | None = None
    """Absent means the network that machines get where they name none."""
    name_suffix: str = ""
    """Ends the port's name in place of its number."""
    fixed_ips: tuple[FixedAddressWish, ...] = msgspec.field(name="fixedIPs", default=())
    """One address for each; empty lets Neutron choose."""
    security_groups: tuple[SecurityGroupSelector, ...] | None = None
    """In place of the machine's; `[]` is none at all."""
    allowed_address_pairs: tuple[AddressPair, ...] = ()
    """Further addresses that the port may send from."""
    vnic_type: str = ""
    """How the port is bound: `normal`, `direct` and the like; Neutron's default is `normal`."""
    profile: Mapping[str, Any] = {}
    """Neutron's `binding:profile`, which most clouds leave to administrators."""
    mac_address: str = ""
    """Empty lets Neutron choose."""
    enable_port_security: bool | None = None
    """False switches filtering off; absent leaves it to the network."""
    trunk: bool | None = None
    """In place of the machine's."""
    tags: tuple[str, ...] = ()
    """Beside the machine's."""
