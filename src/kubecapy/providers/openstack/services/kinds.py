"""Name the kinds of Neutron's things that the machines of a cluster share, and how each is asked for.

Source: https://docs.openstack.org/api-ref/network/v2/.
"""

from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from kubecapy.providers.openstack.services.resources import Network, Router, SecurityGroup, Subnet


class Shared(Protocol):
    """What every kind has."""

    @property
    def id(self) -> str:
        """Unique in Neutron."""
        ...

    @property
    def name(self) -> str:
        """For people; not unique."""
        ...

    @property
    def description(self) -> str | None:
        """Begins with the cluster's mark where the thing is ours."""
        ...

    @property
    def tags(self) -> tuple[str, ...]:
        """For people."""
        ...


T = TypeVar("T", bound=Shared)


class Kind(msgspec.Struct, Generic[T], frozen=True):
    """One kind."""

    noun: str
    """For people."""
    key: str
    """Of one thing in a body; that of a list has an `s` more."""
    path: str
    type: type[T]
    fields: tuple[str, ...] = ()
    """Further ones that a list must show."""

    def path_of(self, id_: str) -> str:
        """Return the path of one thing."""
        return f"{self.path}/{id_}"


NETWORKS: Final = Kind("network", "network", "/networks", Network)
SUBNETS: Final = Kind("subnet", "subnet", "/subnets", Subnet, ("network_id", "cidr", "gateway_ip", "dns_nameservers"))
ROUTERS: Final = Kind("router", "router", "/routers", Router, ("external_gateway_info",))
SECURITY_GROUPS: Final = Kind(
    "security group", "security_group", "/security-groups", SecurityGroup, ("project_id", "security_group_rules")
)

SHARED_KINDS: Final[tuple[Kind[Any], ...]] = (NETWORKS, SUBNETS, ROUTERS, SECURITY_GROUPS)
"""Every kind of which a cluster has things of its own, each with a type of its own."""
