"""From where a watch goes on, and how often a strange server is asked: against a scripted one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from kubecapy.api.core import CONFIG_MAPS, ConfigMap
from kubecapy.apimachinery.errors import Gone
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Delta, Listing
from kubecapy.clock import Clock
from kubecapy.runtime.reflector import Reflector, Scope
from kubecapy.tasks import TaskScope
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time

Script = Sequence[Sequence[Delta[ConfigMap] | float | Exception]]


class ScriptedServer:
    """Lists nothing at revision 10; each watch plays one part of the script: deltas, waits and errors."""

    def __init__(self, script: Script, clock: Clock) -> None:
        self._script = iter(script)
        self._clock = clock
        self.lists = 0
        self.watched_from: list[str] = []

    async def get(self, resource: Resource[Any], key: ObjectKey) -> Any:
        raise AssertionError("a reflector lists and watches")

    async def find(self, resource: Resource[Any], key: ObjectKey) -> Any:
        raise AssertionError("a reflector lists and watches")

    async def list(self, resource: Resource[Any], *, namespace: str = "", labels: str = "", fields: str = "") -> Any:
        self.lists += 1
        return Listing((), str(self.lists * 10))

    @asynccontextmanager
    async def watch(
        self, resource: Resource[Any], *, namespace: str = "", resource_version: str, labels: str = "", fields: str = ""
    ) -> AsyncIterator[AsyncIterator[Any]]:
        self.watched_from.append(resource_version)
        yield self._play(next(self._script, ()))

    async def _play(self, part: Sequence[Delta[ConfigMap] | float | Exception]) -> AsyncIterator[Any]:
        for step in part:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, float):
                await self._clock.sleep(step)
            else:
                yield step


class Sink:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def replace(self, objects: Sequence[ConfigMap]) -> None:
        self.seen.append("list")

    def apply(self, delta: Delta[ConfigMap]) -> None:
        self.seen.append(f"{delta.type} {delta.resource_version}")


async def play(script: Script, seconds: float) -> tuple[ScriptedServer, list[str]]:
    clock, sink = VirtualClock(), Sink()
    server = ScriptedServer(script, clock)
    reflector = Reflector(server, CONFIG_MAPS, Scope(), sink, clock, Random(1))
    async with TaskScope("reflector") as scope:
        scope.start(reflector.run(), name="run")
        await clock.sleep(seconds)
        scope.cancel()
    return server, sink.seen


def added(revision: str) -> Delta[ConfigMap]:
    return Delta("ADDED", ConfigMap(metadata=ObjectMeta(name="c", namespace="d", resource_version=revision)), revision)


@on_virtual_time
async def test_a_watch_goes_on_from_the_last_delta_or_bookmark() -> None:
    script: Script = [[added("11"), 300.0], [Delta("BOOKMARK", None, "15"), 300.0], [3000.0]]

    server, seen = await play(script, 700.0)

    assert server.watched_from == ["10", "11", "15"]
    assert seen == ["list", "ADDED 11"]


@on_virtual_time
async def test_an_expired_revision_lists_again() -> None:
    server, seen = await play([[5.0, added("11"), Gone("too old")], [300.0]], 60.0)

    assert server.watched_from == ["10", "20"]
    assert seen == ["list", "ADDED 11", "list"]


@on_virtual_time
async def test_watches_that_end_at_once_are_opened_ever_less_often() -> None:
    server, _ = await play([], 600.0)

    assert 20 <= len(server.watched_from) <= 60
    assert server.lists == 1


@on_virtual_time
async def test_a_watch_that_ends_in_the_course_of_things_is_opened_again_at_once() -> None:
    server, _ = await play([[100.0]] * 4, 399.0)

    assert len(server.watched_from) == 4


@on_virtual_time
async def test_a_server_whose_revisions_expire_at_once_is_not_hammered() -> None:
    server, _ = await play([[Gone("too old")]] * 1000, 600.0)

    assert 20 <= server.lists <= 60
