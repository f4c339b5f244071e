"""Keep trunks: parent ports that carry VLANs."""

from collections.abc import Mapping
from datetime import datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, conflict, not_found
from kubecapy.devcloud.services.network.attributes import Attribute, boolean, identifier
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.world import usage
from kubecapy.devcloud.world.network import Trunk, revise, stamp
from kubecapy.devcloud.world.ports import get_port
from kubecapy.devcloud.world.world import World

ATTRIBUTES: Mapping[str, Attribute] = {
    "port_id": Attribute(identifier, required=True, on_update=False),
    "admin_state_up": Attribute(boolean),
}


class Trunks:
    """The kind trunk; sub-ports are not simulated, and a request that carries them is refused."""

    singular = "trunk"
    path = "trunks"
    type = Trunk
    derived = frozenset[str]()
    attributes = ATTRIBUTES

    def __init__(self, world: World) -> None:
        """Keep the trunks of `world`."""
        self._world = world
        self.table = world.trunks

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown trunk."""
        return not_found(f"Trunk {identifier} could not be found.", "TrunkNotFound")

    def can_see(self, resource: Trunk, caller: Credentials) -> bool:
        """Return whether the trunk is the caller's."""
        return caller.owns(resource.project_id)

    def view(self, resource: Trunk, _caller: Credentials) -> JsonObject:
        """Return the trunk's JSON."""
        return render(resource)

    def create(self, values: JsonObject, _caller: Credentials, now: datetime) -> Trunk:
        """Make a port a trunk's parent.

        Raises:
            Refusal: 404 no such port; 409 the port is a parent already, or the quota is used up.
        """
        port = get_port(self._world, values["port_id"])
        for other in self.table.values():
            if other.port_id == port.id:
                raise conflict(f"Port {port.id} is currently a parent port for trunk {other.id}.", "ParentPortInUse")
        usage.require_network_quota(self._world, values["project_id"], "trunk")
        trunk = stamp(Trunk(id=self._world.identifiers.uuid(), status=port.status, **values), now)
        self.table[trunk.id] = trunk
        return trunk

    def update(
        self,
        resource: Trunk,
        values: JsonObject,
        _caller: Credentials,
        now: datetime,
    ) -> Trunk:
        """Change a trunk."""
        changed = revise(resource, now, **values)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: Trunk, _caller: Credentials, _now: datetime) -> None:
        """Remove a trunk; its parent port stays.

        Raises:
            Refusal: 409, a server uses the parent port.
        """
        port = self._world.ports.get(resource.port_id)
        if port is not None and port.host_id:
            raise conflict(f"Trunk {resource.id} is currently in use.", "TrunkInUse")
        del self.table[resource.id]
