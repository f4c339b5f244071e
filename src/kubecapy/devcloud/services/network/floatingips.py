"""Keep floating IPs."""

from collections.abc import Mapping
from datetime import datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request, not_found
from kubecapy.devcloud.services.network.attributes import Attribute, address, identifier, nullable
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.world import floating
from kubecapy.devcloud.world.network import FloatingIp, Port, revise
from kubecapy.devcloud.world.ports import get_port
from kubecapy.devcloud.world.world import World

ATTRIBUTES: Mapping[str, Attribute] = {
    "floating_network_id": Attribute(identifier, required=True, on_update=False),
    # Neutron's default policy keeps the choice of an address from members.
    "floating_ip_address": Attribute(address, on_update=False, admin_only=True),
    "subnet_id": Attribute(nullable(identifier), on_update=False),
    "port_id": Attribute(nullable(identifier)),
    "fixed_ip_address": Attribute(nullable(address)),
}
PORT_DETAILS = ("name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner")


class FloatingIps:
    """The kind floating IP."""

    singular = "floatingip"
    path = "floatingips"
    type = FloatingIp
    derived = frozenset[str]()
    attributes = ATTRIBUTES

    def __init__(self, world: World) -> None:
        """Keep the floating IPs of `world`."""
        self._world = world
        self.table = world.floating_ips

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown floating IP."""
        return not_found(f"Floating IP {identifier} could not be found", "FloatingIPNotFound")

    def can_see(self, resource: FloatingIp, caller: Credentials) -> bool:
        """Return whether the floating IP is the caller's."""
        return caller.owns(resource.project_id)

    def view(self, resource: FloatingIp, _caller: Credentials) -> JsonObject:
        """Return the floating IP's JSON with what its port is."""
        view = render(resource)
        del view["name"]
        port = self._world.ports.get(resource.port_id or "")
        view["port_details"] = {name: getattr(port, name) for name in PORT_DETAILS} if port else None
        view["port_forwardings"] = []
        return view

    def create(self, values: JsonObject, caller: Credentials, now: datetime) -> FloatingIp:
        """Allocate a floating IP, and associate it where a port is named; a refusal allocates nothing.

        Raises:
            Refusal: as for `floating.allocate_floating_ip` and `floating.associate`.
        """
        port_id, fixed = values.pop("port_id", None), values.pop("fixed_ip_address", None)
        subnet_id = values.pop("subnet_id", None)
        port = self._own_port(port_id, caller) if port_id else None
        draft = FloatingIp(id=self._world.identifiers.uuid(), **{"floating_ip_address": "", **values})
        allocated = floating.allocate_floating_ip(self._world, draft, now, subnet_id=subnet_id)
        if port is None:
            return allocated
        try:
            floating.associate(self._world, allocated, port, fixed, now)
        except Refusal:
            del self.table[allocated.id]
            raise
        return self.table[allocated.id]

    def update(self, resource: FloatingIp, values: JsonObject, caller: Credentials, now: datetime) -> FloatingIp:
        """Associate, move (`port_id`) or disassociate (`port_id` null) a floating IP, or change its description.

        Raises:
            Refusal: as for `floating.associate`.
        """
        fixed = values.pop("fixed_ip_address", None)
        if "port_id" in values:
            port_id = values.pop("port_id")
            if port_id is None:
                floating.disassociate(self._world, resource, now)
            else:
                floating.associate(self._world, resource, self._own_port(port_id, caller), fixed, now)
        elif fixed is not None:
            raise bad_request(
                "Bad floatingip request: fixed_ip_address cannot be specified without a port_id.", "BadRequest"
            )
        if values:
            self.table[resource.id] = revise(self.table[resource.id], now, **values)
        return self.table[resource.id]

    def delete(self, resource: FloatingIp, _caller: Credentials, _now: datetime) -> None:
        """Give the address back, associated or not."""
        del self.table[resource.id]

    def _own_port(self, port_id: str, caller: Credentials) -> Port:
        port = get_port(self._world, port_id)
        if not caller.owns(port.project_id):
            raise not_found(f"Port {port_id} could not be found.", "PortNotFound")
        return port
