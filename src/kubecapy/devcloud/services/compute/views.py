"""Show servers as the caller's rights and microversion have it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.times import format_launch_time, format_time
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.network import FloatingIp, Port
from kubecapy.devcloud.world.ports import ports_of_device
from kubecapy.devcloud.world.world import World


class ServerViews:
    """Renders servers for one call; reads ports and floating IPs once, so that long lists stay cheap."""

    def __init__(self, world: World, caller: Credentials, version: Microversion, base_url: str) -> None:
        """Render for `caller` who asked for `version`; links start with `base_url`."""
        self._world = world
        self._caller = caller
        self._version = version
        self._base_url = base_url
        self._ports: dict[str, list[Port]] | None = None
        self._floating: dict[tuple[str, str], list[FloatingIp]] = defaultdict(list)
        for floating_ip in world.floating_ips.values():
            if floating_ip.port_id and floating_ip.fixed_ip_address:
                self._floating[floating_ip.port_id, floating_ip.fixed_ip_address].append(floating_ip)

    def brief(self, server: Server) -> JsonObject:
        """Return id, name and links."""
        return {"id": server.id, "name": server.name, "links": self._links("servers", server.id)}

    def full_list(self, servers: Iterable[Server]) -> list[JsonObject]:
        """Return every server in full."""
        self._ports = defaultdict(list)
        for port in self._world.ports.values():
            if port.device_id:
                self._ports[port.device_id].append(port)
        return [self.full(server) for server in servers]

    def full(self, server: Server) -> JsonObject:
        """Return everything that the caller may see of a server."""
        version = self._version
        view = self.brief(server)
        view |= self._basics(server)
        view["flavor"] = self._flavor(server)
        if version >= microversions.ADMIN_ATTRIBUTES and self._caller.is_admin:
            view |= _admin_attributes(server)
        if version >= microversions.LOCKED:
            view["locked"] = False
        if version >= microversions.HOST_STATUS and self._caller.is_admin:
            view["host_status"] = "UP" if server.host else ""
        if version >= microversions.DESCRIPTION:
            view["description"] = server.description
        if version >= microversions.TAGS:
            view["tags"] = server.tags
        if version >= microversions.TRUSTED_CERTIFICATES:
            view["trusted_image_certificates"] = None
        if version >= microversions.SERVER_GROUPS:
            view["server_groups"] = [server.group_id] if server.group_id in self._world.server_groups else []
        if version >= microversions.LOCKED_REASON:
            view["locked_reason"] = None
        if version >= microversions.HOSTNAME_FOR_ALL:
            view["OS-EXT-SRV-ATTR:hostname"] = server.hostname
        if version >= microversions.PINNED_ZONE:
            view["pinned_availability_zone"] = server.pinned_zone
        return view

    def addresses(self, server: Server) -> JsonObject:
        """Return the server's addresses by the name of their network, floating ones after their fixed one."""
        addresses: JsonObject = {}
        for port in self._ports_of(server):
            network = self._world.networks[port.network_id]
            for fixed in port.fixed_ips:
                listed = addresses.setdefault(network.name, [])
                listed.append(_address(port, fixed.ip_address, "fixed"))
                floating = self._floating.get((port.id, fixed.ip_address), ())
                listed.extend(_address(port, item.floating_ip_address, "floating") for item in floating)
        return addresses

    def _basics(self, server: Server) -> JsonObject:
        view: JsonObject = {
            "status": server.status,
            "tenant_id": server.project_id,
            "user_id": server.user_id,
            "metadata": server.metadata,
            "hostId": _host_id(server),
            "image": self._image(server),
            "created": format_time(server.created_at),
            "updated": format_time(server.updated_at),
            "addresses": self.addresses(server),
            "accessIPv4": "",
            "accessIPv6": "",
            "OS-DCF:diskConfig": "MANUAL",
            "OS-EXT-AZ:availability_zone": server.availability_zone,
            "config_drive": "True" if server.config_drive else "",
            "key_name": server.key_name,
            "OS-SRV-USG:launched_at": format_launch_time(server.launched_at) if server.launched_at else None,
            "OS-SRV-USG:terminated_at": format_launch_time(server.terminated_at) if server.terminated_at else None,
            "OS-EXT-STS:task_state": server.task_state,
            "OS-EXT-STS:vm_state": server.vm_state,
            "OS-EXT-STS:power_state": server.power_state,
            "os-extended-volumes:volumes_attached": self._volumes(server),
        }
        groups = self._security_groups(server)
        if groups:
            view["security_groups"] = groups
        if server.status in {"ACTIVE", "BUILD", "REBOOT"}:
            view["progress"] = 0
        if server.fault is not None and server.status in {"ERROR", "DELETED"}:
            view["fault"] = {
                "code": server.fault.code,
                "created": format_time(server.fault.created_at),
                "message": server.fault.message,
            }
        return view

    def _volumes(self, server: Server) -> list[JsonObject]:
        if self._version < microversions.ADMIN_ATTRIBUTES:
            return [{"id": device.volume_id} for device in server.devices]
        return [
            {"id": device.volume_id, "delete_on_termination": device.delete_on_termination} for device in server.devices
        ]

    def _image(self, server: Server) -> JsonObject | str:
        if server.image_id is None:
            return ""
        href = f"{self._base_url}/compute/images/{server.image_id}"
        return {"id": server.image_id, "links": [{"rel": "bookmark", "href": href}]}

    def _flavor(self, server: Server) -> JsonObject:
        flavor = server.flavor
        if self._version < microversions.EMBEDDED_FLAVOR:
            href = f"{self._base_url}/compute/flavors/{flavor.id}"
            return {"id": flavor.id, "links": [{"rel": "bookmark", "href": href}]}
        return {
            "original_name": flavor.name,
            "vcpus": flavor.vcpus,
            "ram": flavor.ram_mib,
            "disk": flavor.disk_gib,
            "ephemeral": 0,
            "swap": 0,
            "extra_specs": {},
        }

    def _security_groups(self, server: Server) -> list[dict[str, str]]:
        ids = {group: None for port in self._ports_of(server) for group in port.security_groups}
        return [{"name": self._world.security_groups[group].name} for group in ids]

    def _ports_of(self, server: Server) -> Iterable[Port]:
        if self._ports is None:
            return ports_of_device(self._world, server.id)
        return self._ports.get(server.id, ())

    def _links(self, collection: str, identifier: str) -> list[dict[str, str]]:
        base = self._base_url
        return [
            {"rel": "self", "href": f"{base}/compute/v2.1/{collection}/{identifier}"},
            {"rel": "bookmark", "href": f"{base}/compute/{collection}/{identifier}"},
        ]


def _admin_attributes(server: Server) -> JsonObject:
    prefix = "OS-EXT-SRV-ATTR"
    return {
        f"{prefix}:host": server.host or None,
        f"{prefix}:hypervisor_hostname": server.host or None,
        f"{prefix}:instance_name": f"instance-{server.id[:8]}",
        f"{prefix}:hostname": server.hostname,
        f"{prefix}:reservation_id": server.reservation_id,
        f"{prefix}:launch_index": server.launch_index,
        f"{prefix}:kernel_id": "",
        f"{prefix}:ramdisk_id": "",
        f"{prefix}:root_device_name": "/dev/vda",
        f"{prefix}:user_data": server.user_data,
    }


def _host_id(server: Server) -> str:
    """Return a name of the host that differs for each project, so that projects cannot compare notes."""
    if not server.host:
        return ""
    return hashlib.sha224(f"{server.project_id}{server.host}".encode()).hexdigest()


def _address(port: Port, address: str, kind: str) -> JsonObject:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": port.mac_address,
    }
