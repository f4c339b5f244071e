"""Act on servers: console output, power, and the floating IP actions of old microversions."""

from kubecapy.devcloud.console import ConsoleReader, tail
from kubecapy.devcloud.endpoints import Call, Effect, Route
from kubecapy.devcloud.messages import Response, json_response
from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.access import find_own_server
from kubecapy.devcloud.services.compute.bodies import invalid, read_object, require_text
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.world.agenda import Event
from kubecapy.devcloud.world.floating import associate, disassociate
from kubecapy.devcloud.world.network import FloatingIp
from kubecapy.devcloud.world.ports import ports_of_device
from kubecapy.devcloud.world.servers import restore_server, start_delete, start_power_change
from kubecapy.devcloud.world.world import World


class Actions:
    """Serves POST /servers/{id}/action."""

    def __init__(self, world: World, consoles: ConsoleReader) -> None:
        """Act on the servers of `world`, whose serial output `consoles` reads."""
        self._world = world
        self._consoles = consoles

    def routes(self) -> list[Route]:
        """Return one route for each action."""
        path = "/v2.1/servers/{server_id}/action"
        return [
            Route("POST", path, self._console, action="os-getConsoleOutput", effect=Effect.READ),
            Route("POST", path, self._start, action="os-start"),
            Route("POST", path, self._stop, action="os-stop"),
            Route("POST", path, self._reboot, action="reboot"),
            Route("POST", path, self._force_delete, action="forceDelete"),
            Route("POST", path, self._restore, action="restore"),
            Route("POST", path, self._add_floating_ip, action="addFloatingIp"),
            Route("POST", path, self._remove_floating_ip, action="removeFloatingIp"),
            Route("POST", path, self._unknown),
        ]

    def _console(self, call: Call) -> Response:
        server = find_own_server(self._world, call)
        if not server.host:
            raise conflict(f"Instance {server.id} is not ready")
        wish = call.body.get("os-getConsoleOutput") or {}
        length = wish.get("length") if isinstance(wish, dict) else None
        if length is not None and not str(length).removeprefix("-").isdecimal():
            raise invalid("length", f"{length!r} is not of type 'integer'", length)
        # A negative length means everything, as for Nova's clients.
        lines = int(length) if length is not None and int(length) >= 0 else None
        return json_response(200, {"output": tail(self._consoles.read(server.id), lines)})

    def _start(self, call: Call) -> Response:
        start_power_change(self._world, find_own_server(self._world, call), Event.START, "powering-on", call.now)
        return Response(202)

    def _stop(self, call: Call) -> Response:
        start_power_change(self._world, find_own_server(self._world, call), Event.STOP, "powering-off", call.now)
        return Response(202)

    def _reboot(self, call: Call) -> Response:
        kind = str(read_object(call.body, "reboot").get("type", "")).upper()
        if kind not in {"SOFT", "HARD"}:
            raise invalid("type", f"{kind!r} is not one of ['HARD', 'SOFT']", kind)
        server = find_own_server(self._world, call)
        task_state = "rebooting" if kind == "SOFT" else "rebooting_hard"
        start_power_change(self._world, server, Event.START, task_state, call.now)
        return Response(202)

    def _force_delete(self, call: Call) -> Response:
        start_delete(self._world, find_own_server(self._world, call), call.now)
        return Response(202)

    def _restore(self, call: Call) -> Response:
        restore_server(self._world, find_own_server(self._world, call), call.now)
        return Response(202)

    def _add_floating_ip(self, call: Call) -> Response:
        floating_ip = self._named_floating_ip(call, "addFloatingIp")
        server = find_own_server(self._world, call)
        port = next(ports_of_device(self._world, server.id), None)
        if port is None:
            raise bad_request("No fixed IPs associated to instance")
        fixed = call.body["addFloatingIp"].get("fixed_address")
        try:
            associate(self._world, floating_ip, port, fixed or port.fixed_ips[0].ip_address, call.now)
        except Refusal as refusal:
            raise bad_request(
                f"Unable to associate floating IP {floating_ip.floating_ip_address} to fixed IP "
                f"{fixed or port.fixed_ips[0].ip_address} for instance {server.id}. Error: {refusal.message}"
            ) from refusal
        return Response(202)

    def _remove_floating_ip(self, call: Call) -> Response:
        floating_ip = self._named_floating_ip(call, "removeFloatingIp")
        server = find_own_server(self._world, call)
        if floating_ip.port_id not in {port.id for port in ports_of_device(self._world, server.id)}:
            raise conflict(
                f"Floating IP {floating_ip.floating_ip_address} is not associated with instance {server.id}."
            )
        disassociate(self._world, floating_ip, call.now)
        return Response(202)

    def _named_floating_ip(self, call: Call, action: str) -> FloatingIp:
        if read_microversion(call.request) >= microversions.NO_NETWORK_PROXIES:
            raise not_found()
        address = require_text(read_object(call.body, action), "address", action)
        for floating_ip in self._world.floating_ips.values():
            if floating_ip.floating_ip_address == address and call.credentials.owns(floating_ip.project_id):
                return floating_ip
        raise not_found("floating IP not found")

    def _unknown(self, call: Call) -> Response:
        action = next(iter(call.body), "")
        raise bad_request(f"There is no such action: {action}" if action else "Malformed request body")
