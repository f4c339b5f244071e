"""Keep a guest's systemd units: which are there, enabled, masked and running."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec

from kubecapy.local.guest.filesystem import GuestFilesystem

STATE_PATH = "/var/lib/systemd/units.json"
UNIT_FOLDERS = ("/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system")

Hook: TypeAlias = Callable[[], Awaitable[None]]


class Unit(msgspec.Struct, frozen=True):
    """One service unit."""

    enabled: bool = False
    active: bool = False
    masked: bool = False


class UnknownUnit(Exception):
    """The guest has no unit of that name."""


class MaskedUnit(Exception):
    """The unit is masked and does not start."""


class Units:
    """Starts and stops units; whether they are enabled survives a reboot, in a file of the guest."""

    def __init__(self, files: GuestFilesystem) -> None:
        """Read what an earlier boot left; nothing runs at first."""
        self._files = files
        self._hooks: dict[str, tuple[Hook, Hook]] = {}
        self._units: dict[str, Unit] = {}
        if files.is_file(STATE_PATH):
            stored = msgspec.json.decode(files.read(STATE_PATH), type=dict[str, Unit])
            self._units = {name: msgspec.structs.replace(unit, active=False) for name, unit in stored.items()}

    def on_change(self, name: str, *, start: Hook, stop: Hook) -> None:
        """Run `start` and `stop` when unit `name` is started and stopped; a restart is both."""
        self._hooks[name] = (start, stop)

    def install(self, name: str, *, enabled: bool = False) -> None:
        """Add a unit as its package does; one that is there stays as it is."""
        if name not in self._units:
            self._set(name, Unit(enabled=enabled))

    def is_active(self, name: str) -> bool:
        """Return whether unit `name` is there and runs."""
        return self._units.get(base_name(name), Unit()).active

    def find(self, name: str) -> Unit | None:
        """Return the unit, also one that is only a file; None where there is none."""
        known = self._units.get(base_name(name))
        if known is None and any(self._files.is_file(f"{folder}/{_file(name)}") for folder in UNIT_FOLDERS):
            return Unit()
        return known

    @property
    def enabled(self) -> tuple[str, ...]:
        """Names of the units that a boot starts."""
        return tuple(sorted(name for name, unit in self._units.items() if unit.enabled and not unit.masked))

    async def start(self, name: str) -> None:
        """Start a unit; one that runs is left alone.

        Raises:
            UnknownUnit: there is none.
            MaskedUnit: it is masked.
        """
        unit = self._get(name)
        if unit.masked:
            raise MaskedUnit(base_name(name))
        if unit.active:
            return
        self._set(name, msgspec.structs.replace(unit, active=True))
        start, _ = self._hooks.get(base_name(name), (_nothing, _nothing))
        await start()

    async def stop(self, name: str) -> None:
        """Stop a unit; one that does not run is left alone.

        Raises:
            UnknownUnit: there is none.
        """
        unit = self._get(name)
        if not unit.active:
            return
        self._set(name, msgspec.structs.replace(unit, active=False))
        _, stop = self._hooks.get(base_name(name), (_nothing, _nothing))
        await stop()

    async def restart(self, name: str) -> None:
        """Stop a unit and start it again."""
        await self.stop(name)
        await self.start(name)

    def enable(self, name: str, *, enabled: bool = True) -> None:
        """Let a boot start the unit, or not."""
        self._set(name, msgspec.structs.replace(self._get(name), enabled=enabled))

    def mask(self, name: str, *, masked: bool = True) -> None:
        """Forbid the unit to start, or allow it again; an unknown unit can be masked too, as systemd has it."""
        self._set(name, msgspec.structs.replace(self.find(name) or Unit(), masked=masked))

    def _get(self, name: str) -> Unit:
        unit = self.find(name)
        if unit is None:
            raise UnknownUnit(_file(name))
        return unit

    def _set(self, name: str, unit: Unit) -> None:
        self._units[base_name(name)] = unit
        stored: Mapping[str, Unit] = dict(sorted(self._units.items()))
        self._files.install(STATE_PATH, msgspec.json.encode(stored))


async def _nothing() -> None:
    """Do nothing: a unit without anything behind it."""


def base_name(name: str) -> str:
    """Return a unit's name without `.service`."""
    return name.removesuffix(".service")


def _file(name: str) -> str:
    return name if "." in name else f"{name}.service"
