"""Attach ports to servers, detach them, and show what hangs on a server."""

from msgspec.structs import replace

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import bad_request, not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.access import find_own_server
from kubecapy.devcloud.services.compute.attachment import Attachments
from kubecapy.devcloud.services.compute.bodies import invalid, read_object
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.services.compute.views import ServerViews
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.network import Port
from kubecapy.devcloud.world.ports import bind_port, ports_of_device, set_port_status
from kubecapy.devcloud.world.servers import detach_port
from kubecapy.devcloud.world.world import World


class Interfaces:
    """Serves /servers/{id}/os-interface, /ips and /os-security-groups."""

    def __init__(self, world: World) -> None:
        """Act on the servers and ports of `world`."""
        self._world = world
        self._attachments = Attachments(world)

    def routes(self) -> list[Route]:
        """Return the routes."""
        server = "/v2.1/servers/{server_id}"
        return [
            Route("GET", f"{server}/os-interface", self._list),
            Route("POST", f"{server}/os-interface", self._attach),
            Route("GET", f"{server}/os-interface/{{port_id}}", self._show),
            Route("DELETE", f"{server}/os-interface/{{port_id}}", self._detach),
            Route("GET", f"{server}/ips", self._addresses),
            Route("GET", f"{server}/os-security-groups", self._security_groups),
        ]

    def _list(self, call: Call) -> Response:
        server, version = find_own_server(self._world, call), read_microversion(call.request)
        ports = ports_of_device(self._world, server.id)
        return json_response(200, {"interfaceAttachments": [_view(port, version) for port in ports]})

    def _show(self, call: Call) -> Response:
        server, port_id = find_own_server(self._world, call), call.parameters["port_id"]
        port = self._world.ports.get(port_id)
        if port is None or port.device_id != server.id:
            raise not_found(f"Instance {server.id} does not have a port with id {port_id}")
        return json_response(200, {"interfaceAttachment": _view(port, read_microversion(call.request))})

    def _attach(self, call: Call) -> Response:
        server = find_own_server(self._world, call)
        wish = read_object(call.body, "interfaceAttachment") if call.body else {}
        attachments = self._attachments.read(_as_networks(wish), call.credentials, microversions.MINIMUM)
        ports = self._attachments.make_ports(attachments, call.credentials, call.now)
        if not ports:
            raise bad_request("No network to attach: the project has none")
        if attachments[0].port is None:
            self._own(server, ports[0])
        return json_response(200, {"interfaceAttachment": self._bind(server, ports[0], call)})

    def _own(self, server: Server, port: Port) -> None:
        self._world.servers[server.id] = replace(server, own_port_ids=(*server.own_port_ids, port.id))

    def _bind(self, server: Server, port: Port, call: Call) -> JsonObject:
        bind_port(self._world, port, server, call.now)
        if server.status == "ACTIVE":
            set_port_status(self._world, self._world.ports[port.id], "ACTIVE", call.now)
        return _view(self._world.ports[port.id], read_microversion(call.request))

    def _detach(self, call: Call) -> Response:
        detach_port(self._world, find_own_server(self._world, call), call.parameters["port_id"], call.now)
        return Response(202)

    def _addresses(self, call: Call) -> Response:
        server, version = find_own_server(self._world, call), read_microversion(call.request)
        views = ServerViews(self._world, call.credentials, version, call.base_url)
        listed = {
            name: [{"version": item["version"], "addr": item["addr"]} for item in items]
            for name, items in views.addresses(server).items()
        }
        return json_response(200, {"addresses": listed})

    def _security_groups(self, call: Call) -> Response:
        server, world = find_own_server(self._world, call), self._world
        ids = dict.fromkeys(group for port in ports_of_device(world, server.id) for group in port.security_groups)
        groups = [world.security_groups[identifier] for identifier in ids]
        views = [
            {
                "id": group.id,
                "name": group.name,
                "description": group.description,
                "tenant_id": group.project_id,
                "rules": [],
            }
            for group in groups
        ]
        return json_response(200, {"security_groups": views})


def _as_networks(wish: JsonObject) -> JsonObject:
    """Return an interface's wish as the `networks` of a server's body."""
    port_id, network_id = wish.get("port_id"), wish.get("net_id")
    if port_id and network_id:
        raise bad_request("Must not input both network_id and port_id")
    if not port_id and not network_id:
        return {"networks": "auto"}
    fixed_ips = wish.get("fixed_ips") or [{}]
    if not isinstance(fixed_ips, list) or len(fixed_ips) != 1 or not isinstance(fixed_ips[0], dict):
        raise invalid("fixed_ips", "It must be a list of one object with an 'ip_address'", fixed_ips)
    return {"networks": [{"port": port_id, "uuid": network_id, "fixed_ip": fixed_ips[0].get("ip_address")}]}


def _view(port: Port, version: Microversion) -> JsonObject:
    view: JsonObject = {
        "port_id": port.id,
        "net_id": port.network_id,
        "mac_addr": port.mac_address,
        "port_state": port.status,
        "fixed_ips": [{"subnet_id": fixed.subnet_id, "ip_address": fixed.ip_address} for fixed in port.fixed_ips],
    }
    if version >= microversions.INTERFACE_TAGS:
        view["tag"] = None
    return view
