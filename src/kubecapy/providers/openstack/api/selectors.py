"""Describe how a spec picks existing networks, subnets, routers and security groups.

Keys are those of cluster-api-provider-openstack v1alpha1; each filter becomes a query of Neutron's list calls
(https://docs.openstack.org/api-ref/network/v2/, "Filtering and Column Selection").
"""

from typing import Final

import msgspec

_SELECTING_NOTHING: Final = frozenset({"limit", "marker", "sort_key", "sort_dir"})
"""Query names that page or order a list, and so select nothing by themselves."""

Query = tuple[tuple[str, str], ...]


class _Filter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Holds what every filter of the field has."""

    id: str = ""
    name: str = ""
    description: str = ""
    tenant_id: str = ""
    project_id: str = ""
    limit: int = 0
    marker: str = ""
    sort_key: str = ""
    sort_dir: str = ""
    tags: str = ""
    tags_any: str = ""
    not_tags: str = ""
    not_tags_any: str = ""


class NetworkFilter(_Filter, frozen=True, kw_only=True, rename="camel"):
    """Picks networks by what Neutron knows of them."""

    status: str = ""
    admin_state_up: bool | None = None
    shared: bool | None = None


class SubnetFilter(_Filter, frozen=True, kw_only=True, rename="camel"):
    """Picks subnets by what Neutron knows of them."""

    enable_dhcp: bool | None = None
    network_id: str = ""
    ip_version: int = 0
    gateway_ip: str = msgspec.field(name="gateway_ip", default="")
    cidr: str = ""
    ipv6_address_mode: str = ""
    ipv6_ra_mode: str = ""
    subnetpool_id: str = ""


class SecurityGroupFilter(_Filter, frozen=True, kw_only=True, rename="camel"):
    """Picks security groups by what Neutron knows of them."""


class RouterFilter(_Filter, frozen=True, kw_only=True, rename="camel"):
    """Picks routers by what Neutron knows of them."""


class RouterSelector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Picks exactly one router."""

    uuid: str = ""
    filter: RouterFilter | None = None


class SubnetSelector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Picks exactly one subnet of the network that it is written under."""

    uuid: str = ""
    filter: SubnetFilter | None = None


class NetworkReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Picks exactly one network, by id, by name or by what Neutron knows of it."""

    uuid: str = ""
    name: str = ""
    filter: NetworkFilter | None = None


class NetworkSelector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Picks exactly one network, and where wished the subnets or the address on it."""

    uuid: str = ""
    fixed_ip: str = msgspec.field(name="fixedIp", default="")
    """An address that the port must get; ignored by the original, honoured here."""
    filter: NetworkFilter | None = None
    subnets: tuple[SubnetSelector, ...] = ()
    """One port is made on each; empty makes one port and lets Neutron choose."""


class SecurityGroupSelector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Picks exactly one security group."""

    uuid: str = ""
    name: str = ""
    filter: SecurityGroupFilter | None = None


def filter_query(chosen: _Filter | None) -> Query:
    """Return the query pairs of a filter, in Neutron's names; empty where it selects nothing."""
    if chosen is None:
        return ()
    given = (
        (name, _text(value)) for name, value in msgspec.structs.asdict(chosen).items() if value not in ("", 0, None)
    )
    pairs = tuple((_neutron_name(name), value) for name, value in given)
    return pairs if any(name not in _SELECTING_NOTHING for name, _ in pairs) else ()


def merged_query(chosen: _Filter | None, **overriding: str) -> Query:
    """Return the filter's pairs with `overriding` ones in their place; empty values override nothing."""
    merged = dict(filter_query(chosen))
    merged.update({name: value for name, value in overriding.items() if value})
    return tuple(merged.items())


def _neutron_name(name: str) -> str:
    if name == "tenant_id":
        return "project_id"
    return name.replace("_", "-") if "tags" in name else name


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
