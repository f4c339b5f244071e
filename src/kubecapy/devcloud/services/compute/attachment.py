"""Read which networks a server wants, and turn them into ports."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, forbidden
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.bodies import invalid
from kubecapy.devcloud.world.addresses import AddressWish, subnets_of
from kubecapy.devcloud.world.network import Network, Port
from kubecapy.devcloud.world.ports import make_port, remove_port
from kubecapy.devcloud.world.security import ensure_default_group
from kubecapy.devcloud.world.world import World


class Attachment(msgspec.Struct, frozen=True):
    """One wanted interface: an existing `port`, or a network on which Nova makes one."""

    network: Network
    port: Port | None = None
    fixed_address: str | None = None
    security_group_names: tuple[str, ...] = ()


class Attachments:
    """Reads `networks` and `security_groups` of server bodies, and makes the ports."""

    def __init__(self, world: World) -> None:
        """Look up in `world`."""
        self._world = world

    def read(self, wish: JsonObject, caller: Credentials, version: Microversion) -> list[Attachment]:
        """Return the interfaces that a server body asks for, in their order.

        Raises:
            Refusal: 400 a reference leads nowhere; 403 an external network; 409 a port in use, or several networks
                to choose from.
        """
        groups = self._read_groups(wish, caller)
        networks = wish.get("networks")
        if networks is None and version >= microversions.NETWORKS_REQUIRED:
            raise invalid("server", "'networks' is a required property")
        if networks == "none":
            return []
        if networks is None or networks in ("auto", []):
            return self._choose(caller, groups)
        if not isinstance(networks, list) or not all(isinstance(item, dict) for item in networks):
            raise invalid("networks", f"{networks!r} is not of type 'array'", networks)
        return [self.read_one(item, caller, groups) for item in networks]

    def read_one(self, wish: JsonObject, caller: Credentials, groups: tuple[str, ...] = ()) -> Attachment:
        """Return the interface that one `{"port": ...}` or `{"uuid": ..., "fixed_ip": ...}` asks for.

        Raises:
            Refusal: as for `read`.
        """
        if wish.get("port"):
            port = self._usable_port(str(wish["port"]), caller)
            return Attachment(self._world.networks[port.network_id], port)
        identifier = str(wish.get("uuid") or "")
        network = self._world.networks.get(identifier)
        if network is None or not _can_see(network, caller):
            raise bad_request(f"Network {identifier} could not be found.")
        if network.external and not caller.is_admin:
            raise forbidden(f"It is not allowed to create an interface on external network {identifier}")
        if not subnets_of(self._world, network.id):
            raise bad_request(f"Network {identifier} requires a subnet in order to boot instances on.")
        return Attachment(network, None, _read_address(wish.get("fixed_ip")), groups)

    def make_ports(self, attachments: Sequence[Attachment], caller: Credentials, now: datetime) -> list[Port]:
        """Return one port for each attachment; the missing ones are made, or none at all.

        Raises:
            Refusal: 400 or 409 an address cannot be had; 403 the quota of ports is used up.
        """
        made: list[Port] = []
        try:
            return [attachment.port or self._make_port(attachment, made, caller, now) for attachment in attachments]
        except Refusal as refusal:
            for port in made:
                remove_port(self._world, port, now)
            if refusal.kind == "OverQuota":
                raise forbidden("Maximum number of ports exceeded") from refusal
            raise

    def discard_ports(self, attachments: Sequence[Attachment], ports: Sequence[Port], now: datetime) -> None:
        """Remove those of `ports` that `make_ports` made for `attachments`."""
        for attachment, port in zip(attachments, ports, strict=True):
            if attachment.port is None:
                remove_port(self._world, port, now)

    def _make_port(self, attachment: Attachment, made: list[Port], caller: Credentials, now: datetime) -> Port:
        world = self._world
        draft = Port(
            id=world.identifiers.uuid(),
            project_id=caller.project_id,
            network_id=attachment.network.id,
            mac_address=world.identifiers.mac_address(),
            security_groups=tuple(self._group_id(name, caller, now) for name in attachment.security_group_names),
        )
        wishes = [AddressWish(ip_address=attachment.fixed_address)] if attachment.fixed_address else None
        made.append(make_port(world, draft, wishes, now, with_default_group=not draft.security_groups))
        return made[-1]

    def _usable_port(self, identifier: str, caller: Credentials) -> Port:
        port = self._world.ports.get(identifier)
        if port is None or not caller.owns(port.project_id):
            raise bad_request(f"Port {identifier} could not be found.")
        if port.device_id:
            raise conflict(f"Port {identifier} is still in use.")
        if not port.fixed_ips:
            raise bad_request(f"Port {identifier} requires a FixedIP in order to be used.")
        return port

    def _choose(self, caller: Credentials, groups: tuple[str, ...]) -> list[Attachment]:
        world = self._world
        candidates = [
            network
            for network in world.networks.values()
            if (network.project_id == caller.project_id or network.shared)
            and not network.external
            and subnets_of(world, network.id)
        ]
        if len(candidates) > 1:
            raise conflict("Multiple possible networks found, use a Network ID to be more specific.")
        return [Attachment(network, security_group_names=groups) for network in candidates]

    def _read_groups(self, wish: JsonObject, caller: Credentials) -> tuple[str, ...]:
        groups = wish.get("security_groups") or []
        if not isinstance(groups, list) or not all(isinstance(group, dict) and "name" in group for group in groups):
            raise invalid("security_groups", "Every group must be an object with a 'name'", groups)
        names = tuple(str(group["name"]) for group in groups)
        for name in names:
            if name != "default" and self._find_group_id(name, caller) is None:
                raise bad_request(f"Security group {name} not found for project {caller.project_id}.")
        return names

    def _group_id(self, name: str, caller: Credentials, now: datetime) -> str:
        found = self._find_group_id(name, caller)
        return found if found is not None else ensure_default_group(self._world, caller.project_id, now).id

    def _find_group_id(self, name: str, caller: Credentials) -> str | None:
        for group in self._world.security_groups.values():
            if group.project_id == caller.project_id and name in {group.name, group.id}:
                return group.id
        return None


def _read_address(value: object) -> str | None:
    if not value:
        return None
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError as error:
        raise invalid("fixed_ip", f"{value!r} is not a 'ip-address'", value) from error


def _can_see(network: Network, caller: Credentials) -> bool:
    return caller.owns(network.project_id) or network.shared or network.external
