"""Say what keeps a thing of ours from being deleted, and who probably made it.

Neutron tells by a port's `device_owner` who uses it (neutron_lib.constants, DEVICE_OWNER_*).
"""

from collections.abc import Sequence
from typing import Final

from kubecapy.providers.openstack.cloud.transport import Call, Query
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import FloatingAddress, Port, Router, SecurityGroup

SHOWN_MAX: Final = 5

_LOAD_BALANCER: Final = (
    "a load balancer, probably made for a Service of type LoadBalancer: delete the Service, or "
    "`openstack loadbalancer delete --cascade`"
)
_ROUTER: Final = "a router that somebody joined to the network: `openstack router remove port`"
_MAKERS: Final = (
    ("compute:", "a server that is no machine of the cluster: `openstack server delete`"),
    ("octavia", _LOAD_BALANCER),
    ("neutron:loadbalancer", _LOAD_BALANCER),
    ("ovn-lb", _LOAD_BALANCER),
    ("network:router", _ROUTER),
    ("network:ha_router", _ROUTER),
    ("manila:", "a file share of Manila"),
    ("trunk:subport", "a trunk that somebody made"),
    ("baremetal:", "a bare-metal host"),
)
"""Beginnings of `device_owner`, in lower case, and who stands behind them."""
_AUTO_DELETED: Final = ("network:dhcp", "network:distributed")
"""Neutron removes these with their network (neutron.common._constants, AUTO_DELETE_PORT_OWNERS)."""


class _UsedPort(Port, frozen=True):
    """A port with its groups."""

    security_groups: tuple[str, ...] = ()


async def describe_network_users(project: Project, network_id: str) -> str:
    """Return the ports that keep a network or its subnet, for people; empty where there are none."""
    ports = await _list_ports(project, (("network_id", network_id),))
    return _describe([port for port in ports if (port.device_owner or "") not in _AUTO_DELETED])


async def describe_group_users(project: Project, group: SecurityGroup) -> str:
    """Return the ports that bear a security group, for people; empty where there are none."""
    ports = await _list_ports(project, (("project_id", await project.client.project_id()),))
    return _describe([port for port in ports if group.id in port.security_groups])


async def describe_router_users(project: Project, router: Router) -> str:
    """Return what hangs on a router, for people; empty where nothing does."""
    ports = await _list_ports(project, (("device_id", router.id),))
    interfaces = [port for port in ports if port.device_owner != "network:router_gateway"]
    networks = ", ".join(port.network_id for port in interfaces[:SHOWN_MAX])
    if networks:
        return f"an interface that somebody gave it on network {networks}: `openstack router remove port`"
    return await _describe_addresses(project, router.id)


async def describe_interface_users(project: Project, port: Port) -> str:
    """Return what needs a router's interface, for people; empty where nothing does."""
    addresses = await _describe_addresses(project, port.device_id or "")
    return f"the router's interface {port.name}, in use by {addresses}" if addresses else ""


async def _describe_addresses(project: Project, router_id: str) -> str:
    call = Call(
        doing="listing floating addresses",
        service="network",
        method="GET",
        path="/floatingips",
        query=(("router_id", router_id),),
    )
    found = await project.client.list(call, "floatingips", FloatingAddress)
    shown = ", ".join(floating.floating_ip_address for floating in found[:SHOWN_MAX])
    return f"floating address {shown}, which leads through it: `openstack floating ip unset --port`" if shown else ""


async def _list_ports(project: Project, query: Query) -> Sequence[_UsedPort]:
    call = Call(doing="looking for what is in the way", service="network", method="GET", path="/ports", query=query)
    return await project.client.list(call, "ports", _UsedPort)


def _describe(ports: Sequence[Port]) -> str:
    shown = [f"port {port.name or 'without name'} ({port.id}) of {_maker(port)}" for port in ports[:SHOWN_MAX]]
    more = len(ports) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _maker(port: Port) -> str:
    owner = (port.device_owner or "").lower()
    for beginning, maker in _MAKERS:
        if owner.startswith(beginning):
            return maker
    return port.device_owner or "nobody's: a person or a tool made it, `openstack port delete`"
