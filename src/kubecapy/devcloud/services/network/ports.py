"""Keep ports."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import asdict

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, not_found
from kubecapy.devcloud.services.network.attributes import (
    Attribute,
    Unfit,
    address,
    boolean,
    choice,
    cidr,
    hardware_address,
    identifier,
    list_of,
    mapping_of,
    policy_refused,
    text,
    texts,
)
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.world.addresses import AddressWish, give_addresses
from kubecapy.devcloud.world.network import AddressPair, Network, Port, Trunk, revise
from kubecapy.devcloud.world.ports import get_network, make_port, remove_port
from kubecapy.devcloud.world.security import require_groups
from kubecapy.devcloud.world.trunks import find_trunk
from kubecapy.devcloud.world.world import World

VNIC_TYPES = ("normal", "macvtap", "direct", "baremetal", "direct-physical", "virtio-forwarder", "smart-nic")
ROUTER_OWNER_PREFIX = "network:router"


def _address_or_cidr(value: object) -> object:
    return cidr(value) if "/" in str(value) else address(value)


def _mapping(value: object) -> dict[str, object]:
    if value is not None and not isinstance(value, dict):
        raise Unfit(f"'{value}' is not a dictionary")
    return value or {}


ATTRIBUTES: Mapping[str, Attribute] = {
    "network_id": Attribute(identifier, required=True, on_update=False),
    "admin_state_up": Attribute(boolean),
    "mac_address": Attribute(hardware_address, on_update=False),
    "device_id": Attribute(text),
    "device_owner": Attribute(text),
    "fixed_ips": Attribute(list_of(mapping_of({}, {"subnet_id": identifier, "ip_address": address}))),
    "security_groups": Attribute(list_of(identifier)),
    "allowed_address_pairs": Attribute(
        list_of(mapping_of({"ip_address": _address_or_cidr}, {"mac_address": hardware_address}))
    ),
    "port_security_enabled": Attribute(boolean),
    "binding:vnic_type": Attribute(choice(*VNIC_TYPES)),
    "binding:host_id": Attribute(text, admin_only=True),
    "binding:profile": Attribute(_mapping, admin_only=True),
    "tags": Attribute(texts, on_update=False),
}
RENAMED = {"binding:vnic_type": "vnic_type", "binding:host_id": "host_id", "binding:profile": "profile"}


class Ports:
    """The kind port."""

    singular = "port"
    path = "ports"
    type = Port
    derived = frozenset[str]()
    attributes = ATTRIBUTES

    def __init__(self, world: World) -> None:
        """Keep the ports of `world`."""
        self._world = world
        self.table = world.ports

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown port."""
        return not_found(f"Port {identifier} could not be found.", "PortNotFound")

    def can_see(self, resource: Port, caller: Credentials) -> bool:
        """Return whether the port or its network is the caller's."""
        return caller.owns(resource.project_id) or caller.owns(self._world.networks[resource.network_id].project_id)

    def view(self, resource: Port, caller: Credentials) -> JsonObject:
        """Return the port's JSON; administrators also see where it is bound."""
        view = render(resource)
        view["extra_dhcp_opts"] = []
        trunk = find_trunk(self._world, resource.id)
        if trunk is not None:
            view["trunk_details"] = {"trunk_id": trunk.id, "sub_ports": self._sub_ports(trunk)}
        if not caller.is_admin:
            del view["binding:host_id"], view["binding:profile"]
            return view
        bound = bool(resource.host_id)
        view["binding:vif_type"] = "ovs" if bound else "unbound"
        view["binding:vif_details"] = {"port_filter": True} if bound else {}
        return view

    def _sub_ports(self, trunk: Trunk) -> list[JsonObject]:
        return [
            {**asdict(item), "mac_address": self._world.ports[item.port_id].mac_address} for item in trunk.sub_ports
        ]

    def create(self, values: JsonObject, caller: Credentials, now: datetime) -> Port:
        """Store a new port; without wishes it has one address and its project's default security group.

        Raises:
            Refusal: 400 an address fits no subnet; 403 a chosen address on another's network; 404 unknown network,
                subnet or group; 409 address in use, none left, or quota used up.
        """
        world = self._world
        network = get_network(world, values["network_id"])
        wishes = _read_wishes(values.pop("fixed_ips", None))
        self._require_policy(network, wishes, caller)
        no_groups_named = "security_groups" not in values
        mac_address = values.pop("mac_address", None) or world.identifiers.mac_address()
        values["port_security_enabled"] = values.get("port_security_enabled", network.port_security_enabled)
        draft = Port(id=world.identifiers.uuid(), mac_address=mac_address, **_fields(values, mac_address))
        _require_consistent(draft)
        _require_different_pairs(draft)
        return make_port(world, draft, wishes, now, with_default_group=no_groups_named)

    def update(self, resource: Port, values: JsonObject, caller: Credentials, now: datetime) -> Port:
        """Change a port.

        Raises:
            Refusal: as for `create`.
        """
        world = self._world
        wishes = _read_wishes(values.pop("fixed_ips", None))
        if wishes is not None:
            self._require_policy(world.networks[resource.network_id], wishes, caller)
            values["fixed_ips"] = give_addresses(world, resource.network_id, wishes, kept=resource.fixed_ips)
        require_groups(world, values.get("security_groups", ()))
        changed = revise(resource, now, **_fields(values, resource.mac_address))
        if not changed.port_security_enabled and changed.security_groups and "security_groups" not in values:
            raise conflict(
                "Port has security group associated. Cannot disable port security or IP address until security group "
                "is removed.",
                "PortSecurityPortHasSecurityGroup",
            )
        _require_consistent(changed)
        _require_different_pairs(changed)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: Port, _caller: Credentials, now: datetime) -> None:
        """Remove a port, even one that a server uses; its floating IP is disassociated.

        Raises:
            Refusal: 409, a router uses it, or it carries a trunk.
        """
        if resource.device_owner.startswith(ROUTER_OWNER_PREFIX):
            raise conflict(
                f"Port {resource.id} cannot be deleted directly via the port API: has device owner "
                f"{resource.device_owner}.",
                "ServicePortInUse",
            )
        remove_port(self._world, resource, now)

    def _require_policy(self, network: Network, wishes: Sequence[AddressWish] | None, caller: Credentials) -> None:
        if caller.owns(network.project_id):
            return
        if not network.shared:
            # Limit: members see external networks, and may not plug into them (Neutron's default policy).
            raise policy_refused("create_port")
        if any(wish.ip_address is not None for wish in wishes or ()):
            raise policy_refused("create_port", "create_port:fixed_ips", "create_port:fixed_ips:ip_address")


def _read_wishes(fixed_ips: tuple[dict[str, str], ...] | None) -> list[AddressWish] | None:
    if fixed_ips is None:
        return None
    return [AddressWish(wish.get("subnet_id"), wish.get("ip_address")) for wish in fixed_ips]


def _fields(values: JsonObject, mac_address: str) -> JsonObject:
    fields = {RENAMED.get(name, name): value for name, value in values.items()}
    if "allowed_address_pairs" in fields:
        pairs = fields["allowed_address_pairs"]
        fields["allowed_address_pairs"] = tuple(
            AddressPair(pair["ip_address"], pair.get("mac_address", mac_address)) for pair in pairs
        )
    return fields


def _require_consistent(port: Port) -> None:
    if not port.port_security_enabled and port.allowed_address_pairs:
        raise conflict(
            "Port Security must be enabled in order to have allowed address pairs on a port.",
            "AddressPairAndPortSecurityRequired",
        )
    if not port.port_security_enabled and port.security_groups:
        raise bad_request(
            "Port security must be enabled and port must have an IP address in order to use security groups.",
            "PortSecurityAndIPRequiredForSecurityGroups",
        )


def _require_different_pairs(port: Port) -> None:
    seen = set()
    for pair in port.allowed_address_pairs:
        if pair in seen:
            raise bad_request(
                f"Request contains duplicate address pair: mac_address {pair.mac_address} ip_address "
                f"{pair.ip_address}.",
                "DuplicateAddressPairInRequest",
            )
        seen.add(pair)
