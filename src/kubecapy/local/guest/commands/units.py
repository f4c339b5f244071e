"""Start, stop, enable and ask units: systemctl and service.

Source: systemctl(1); messages are its own.
"""

from collections.abc import Mapping

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.commands import Call, Command
from kubecapy.local.guest.units import MaskedUnit, UnknownUnit

UNIT_MISSING_STATUS = 5
UNIT_INACTIVE_STATUS = 3


def unit_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    units = _UnitCommands(host)
    return {"service": units.service, "systemctl": units.systemctl}


class _UnitCommands:
    def __init__(self, host: Host) -> None:
        self._host = host

    async def service(self, call: Call) -> int:
        if len(call.arguments) < 2:
            return call.fail("usage: service <unit> <start|stop|restart|status>")
        return await call.run(("systemctl", call.arguments[1], call.arguments[0]), {})

    async def systemctl(self, call: Call) -> int:
        words = [word for word in call.arguments if not word.startswith("-")]
        if not words or words[0] in ("daemon-reload", "daemon-reexec", "reset-failed", "preset"):
            return 0
        verb, *names = words
        now = "--now" in call.arguments
        status = 0
        for name in names:
            try:
                status = await self._unit(call, verb, name, now=now) or status
            except UnknownUnit as error:
                prefix = "Failed to enable unit" if verb in ("enable", "disable") else f"Failed to {verb} {error}"
                call.err(f"{prefix}: Unit {'file ' if 'enable' in prefix else ''}{error} not found.\n")
                status = UNIT_MISSING_STATUS
            except MaskedUnit as error:
                call.err(f"Failed to {verb} {error}.service: Unit {error}.service is masked.\n")
                status = 1
        return status

    async def _unit(self, call: Call, verb: str, name: str, *, now: bool) -> int:
        units = self._host.units
        if verb in ("start", "restart", "stop", "reload", "try-restart", "reload-or-restart"):
            await {"start": units.start, "stop": units.stop}.get(verb, units.restart)(name)
        elif verb in ("enable", "disable"):
            units.enable(name, enabled=verb == "enable")
            if now:
                await (units.start if verb == "enable" else units.stop)(name)
        elif verb in ("mask", "unmask"):
            units.mask(name, masked=verb == "mask")
        elif verb in ("is-active", "is-enabled", "status"):
            return self._report(call, verb, name)
        else:
            call.err(f"Unknown command verb {verb}.\n")
            return 1
        return 0

    def _report(self, call: Call, verb: str, name: str) -> int:
        unit = self._host.units.find(name)
        active = unit is not None and unit.active
        good = unit is not None and unit.enabled if verb == "is-enabled" else active
        word = ("enabled" if good else "disabled") if verb == "is-enabled" else ("active" if good else "inactive")
        if "--quiet" not in call.arguments and "-q" not in call.arguments:
            call.out(f"{word}\n")
        return 0 if good else 1 if verb == "is-enabled" else UNIT_INACTIVE_STATUS
