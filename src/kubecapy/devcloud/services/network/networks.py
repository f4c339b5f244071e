"""Keep networks."""

from collections.abc import Mapping
from datetime import datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, conflict, not_found
from kubecapy.devcloud.services.network.attributes import Attribute, boolean, integer
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.world import usage
from kubecapy.devcloud.world.addresses import subnets_of
from kubecapy.devcloud.world.network import Network, revise, stamp
from kubecapy.devcloud.world.world import World

ATTRIBUTES: Mapping[str, Attribute] = {
    "admin_state_up": Attribute(boolean),
    "mtu": Attribute(integer),
    "port_security_enabled": Attribute(boolean),
    "shared": Attribute(boolean, admin_only=True),
    "router:external": Attribute(boolean, admin_only=True),
}


class Networks:
    """The kind network."""

    singular = "network"
    path = "networks"
    type = Network
    derived = frozenset({"subnets"})
    attributes = ATTRIBUTES

    def __init__(self, world: World) -> None:
        """Keep the networks of `world`."""
        self._world = world
        self.table = world.networks

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown network."""
        return not_found(f"Network {identifier} could not be found.", "NetworkNotFound")

    def can_see(self, resource: Network, caller: Credentials) -> bool:
        """Return whether the network is the caller's, shared or external."""
        return caller.owns(resource.project_id) or resource.shared or resource.external

    def view(self, resource: Network, caller: Credentials) -> JsonObject:
        """Return the network's JSON with its subnets; administrators also see what it is made of."""
        view = render(resource)
        view["subnets"] = [subnet.id for subnet in subnets_of(self._world, resource.id)]
        view["availability_zone_hints"] = []
        view["availability_zones"] = [self._world.zones[0]]
        view["ipv4_address_scope"] = view["ipv6_address_scope"] = None
        if resource.external:
            view["is_default"] = False
        if caller.is_admin:
            kind = "flat" if resource.external else "geneve"
            view["provider:network_type"] = kind
            view["provider:physical_network"] = "public" if resource.external else None
            view["provider:segmentation_id"] = None if resource.external else int(resource.id[:4], 16)
        return view

    def create(self, values: JsonObject, _caller: Credentials, now: datetime) -> Network:
        """Store a new network."""
        usage.require_network_quota(self._world, values["project_id"], "network")
        external = values.pop("router:external", False)
        network = stamp(Network(id=self._world.identifiers.uuid(), external=external, **values), now)
        self.table[network.id] = network
        return network

    def update(
        self,
        resource: Network,
        values: JsonObject,
        _caller: Credentials,
        now: datetime,
    ) -> Network:
        """Change a network."""
        if "router:external" in values:
            values["external"] = values.pop("router:external")
        changed = revise(resource, now, **values)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: Network, _caller: Credentials, _now: datetime) -> None:
        """Remove a network with its subnets.

        Raises:
            Refusal: 409, ports or floating IPs are on it.
        """
        world = self._world
        users = [port.id for port in world.ports.values() if port.network_id == resource.id]
        users += [item.id for item in world.floating_ips.values() if item.floating_network_id == resource.id]
        if users:
            raise conflict(
                f"Unable to complete operation on network {resource.id}. There are one or more ports still in use on "
                f"the network, id for these ports is: {','.join(users)}.",
                "NetworkInUse",
            )
        for subnet in subnets_of(world, resource.id):
            del world.subnets[subnet.id]
        del self.table[resource.id]
