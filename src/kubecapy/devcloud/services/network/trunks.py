"""Keep trunks: parent ports that carry VLANs, each VLAN a sub-port."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import asdict

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, not_found
from kubecapy.devcloud.services.network.attributes import Attribute, Unfit, boolean, identifier, integer
from kubecapy.devcloud.services.network.collection import Collection, render
from kubecapy.devcloud.world import usage
from kubecapy.devcloud.world.network import SubPort, Trunk, revise, stamp
from kubecapy.devcloud.world.ports import get_port
from kubecapy.devcloud.world.trunks import require_parent, require_sub_ports, set_sub_ports
from kubecapy.devcloud.world.world import World

# Limit: 802.1Q; 0 and 4095 are reserved.
VLANS = range(1, 4095)


def _sub_ports(value: object) -> tuple[SubPort, ...]:
    if not isinstance(value, list):
        raise Unfit(f"Invalid data format for subports: '{value}' is not a list")
    read = tuple(_sub_port(item) for item in value)
    port_ids = [item.port_id for item in read]
    twice = next((port_id for port_id in port_ids if port_ids.count(port_id) > 1), None)
    if twice is not None:
        raise Unfit(f"Non unique UUID for subport: '{twice}'")
    return read


def _sub_port(value: object) -> SubPort:
    if not isinstance(value, dict):
        raise Unfit(f"Invalid data format for subport: '{value}' is not a dict")
    if "port_id" not in value:
        raise Unfit("A valid port UUID must be specified")
    kind, number = value.get("segmentation_type"), value.get("segmentation_id")
    if not kind or number is None:
        raise Unfit(
            f"Invalid subport details '{value}': missing segmentation information. Must specify both segmentation_id "
            "and segmentation_type"
        )
    if kind != "vlan":
        raise Unfit(f"Unknown segmentation_type '{kind}'")
    if integer(number) not in VLANS:
        raise Unfit(f"Segmentation ID '{number}' is not in range")
    return SubPort(port_id=identifier(value["port_id"]), segmentation_id=integer(number))


def _port_ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) and "port_id" in item for item in value):
        raise Unfit("A valid port UUID must be specified")
    return tuple(identifier(item["port_id"]) for item in value)


ATTRIBUTES: Mapping[str, Attribute] = {
    "port_id": Attribute(identifier, required=True, on_update=False),
    "admin_state_up": Attribute(boolean),
    "sub_ports": Attribute(_sub_ports, on_update=False),
}


class Trunks:
    """The kind trunk."""

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

    def create(self, values: JsonObject, caller: Credentials, now: datetime) -> Trunk:
        """Make a port a trunk's parent.

        Raises:
            Refusal: 404 no such port; 409 a port is in use, or the quota is used up.
        """
        port = get_port(self._world, values["port_id"])
        if not caller.owns(port.project_id):
            raise not_found(f"Port {port.id} could not be found.", "PortNotFound")
        require_parent(self._world, port)
        sub_ports = values.pop("sub_ports", ())
        require_sub_ports(self._world, port.id, sub_ports)
        usage.require_network_quota(self._world, values["project_id"], "trunk")
        trunk = stamp(Trunk(id=self._world.identifiers.uuid(), status=port.status, **values), now)
        self.table[trunk.id] = trunk
        return set_sub_ports(self._world, trunk, sub_ports, now) if sub_ports else trunk

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

    def delete(self, resource: Trunk, _caller: Credentials, now: datetime) -> None:
        """Remove a trunk; its ports stay.

        Raises:
            Refusal: 409, a server uses the parent port, or the trunk is disabled.
        """
        _require_enabled(resource)
        port = self._world.ports.get(resource.port_id)
        if port is not None and port.host_id:
            raise conflict(f"Trunk {resource.id} is currently in use.", "TrunkInUse")
        set_sub_ports(self._world, resource, (), now)
        del self.table[resource.id]


class TrunkSubPorts:
    """The actions that add sub-ports to trunks and take them away."""

    def __init__(self, world: World, trunks: Collection[Trunk]) -> None:
        """Act on the trunks of `world` that `trunks` finds."""
        self._world = world
        self._trunks = trunks

    def routes(self) -> list[Route]:
        """Return the three actions."""
        one = "/v2.0/trunks/{id}"
        return [
            Route("PUT", f"{one}/add_subports", self._add),
            Route("PUT", f"{one}/remove_subports", self._remove),
            Route("GET", f"{one}/get_subports", self._list),
        ]

    def _add(self, call: Call) -> Response:
        trunk = self._trunks.find(call, to_change="update")
        _require_enabled(trunk)
        try:
            wishes = _sub_ports(call.body.get("sub_ports"))
        except Unfit as error:
            raise _invalid(error) from error
        require_sub_ports(self._world, trunk.port_id, wishes, trunk.sub_ports)
        return json_response(200, render(set_sub_ports(self._world, trunk, (*trunk.sub_ports, *wishes), call.now)))

    def _remove(self, call: Call) -> Response:
        trunk = self._trunks.find(call, to_change="update")
        _require_enabled(trunk)
        try:
            unwanted = _port_ids(call.body.get("sub_ports"))
        except Unfit as error:
            raise _invalid(error) from error
        present = {item.port_id for item in trunk.sub_ports}
        for port_id in unwanted:
            if port_id not in present:
                raise not_found(f"SubPort {port_id} on trunk {trunk.id} could not be found.", "SubPortNotFound")
        kept = [item for item in trunk.sub_ports if item.port_id not in unwanted]
        return json_response(200, render(set_sub_ports(self._world, trunk, kept, call.now)))

    def _list(self, call: Call) -> Response:
        return json_response(200, {"sub_ports": [asdict(item) for item in self._trunks.find(call).sub_ports]})


def _require_enabled(trunk: Trunk) -> None:
    if not trunk.admin_state_up:
        raise conflict(f"Trunk {trunk.id} is currently disabled.", "TrunkDisabled")


def _invalid(reason: Exception) -> Refusal:
    return bad_request(f"Invalid input for operation: {reason}.", "InvalidInput")
