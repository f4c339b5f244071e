"""A server that is killed at any moment has kept every write that it acknowledged, and every change that it showed."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.apiserver.conftest import Api, make_api
from tests.apiserver.server_process import ServerProcess
from tests.apiserver.widgets import config_map

from kubecapy.apiserver.pki import LocalPki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock

MAPS = "/api/v1/namespaces/default/configmaps"
ROUNDS = 6
WRITERS = 8


@dataclass
class Truth:
    """What a server has promised to its clients, over all its lives."""

    written: dict[str, str] = field(default_factory=dict)
    """The value of each object whose last write was acknowledged."""
    unsure: dict[str, str | None] = field(default_factory=dict)
    """What a write without an answer was about to make of an object; None for a deletion."""
    deleted: set[str] = field(default_factory=set)
    revision: int = 0
    """The highest that any reply or watch has shown."""
    acknowledged: int = 0

    def note(self, revision: str) -> None:
        self.revision = max(self.revision, int(revision))


async def write_until_killed(api: Api, prefix: str, truth: Truth, random: Random) -> None:
    """Create, change and delete objects of one's own until the server does not answer any more."""
    mine: list[str] = []
    try:
        for index in range(100_000):
            choice = random.random()
            if not mine or choice < 0.5:
                name, value = f"{prefix}-{index}", "made"
                truth.unsure[name] = value
                reply = await api.create(MAPS, config_map(name, {"value": value}))
                mine.append(name)
            elif choice < 0.85:
                name, value = random.choice(mine), f"changed-{index}"
                truth.unsure[name] = value
                reply = await api.merge(f"{MAPS}/{name}", {"data": {"value": value}})
            else:
                name = mine.pop(random.randrange(len(mine)))
                truth.unsure[name] = None
                await api.delete(f"{MAPS}/{name}")
                truth.deleted.add(name)
                truth.written.pop(name)
                reply = None
            del truth.unsure[name]
            truth.acknowledged += 1
            if reply is not None:
                truth.written[name] = value
                truth.note(reply["metadata"]["resourceVersion"])
    except aiohttp.ClientError:
        return


@dataclass
class Follower:
    """Follows the collection by list and watch, as a controller does."""

    state: dict[str, str] = field(default_factory=dict)
    revision: str = ""

    async def list(self, api: Api) -> None:
        listed = await api.get(MAPS)
        self.revision = listed["metadata"]["resourceVersion"]
        self.state = {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in listed["items"]}

    async def follow_until_killed(self, api: Api) -> None:
        try:
            await self.follow(api, "")
        except aiohttp.ClientError:
            return

    async def follow(self, api: Api, until: str) -> bool:
        """Take in changes until revision `until`; False where the server has forgotten where this one was."""
        if self.revision == until:
            return True
        async with api.watch(f"{MAPS}?watch=true&resourceVersion={self.revision}") as stream:
            assert stream.status == 200
            async for line in stream.content:
                if line.startswith(b'{"type":"ERROR"'):
                    assert json.loads(line)["object"]["code"] == 410
                    return False
                if line.endswith(b"\n"):
                    self._take(json.loads(line))
                if self.revision == until:
                    return True
        return True

    def _take(self, delta: Any) -> None:
        metadata = delta["object"]["metadata"]
        assert int(metadata["resourceVersion"]) > int(self.revision), "a watch went backwards"
        self.revision = metadata["resourceVersion"]
        if delta["type"] == "DELETED":
            del self.state[metadata["name"]]
        else:
            self.state[metadata["name"]] = self.revision


def check_promises(listed: Any, truth: Truth) -> None:
    stored = {item["metadata"]["name"]: item["data"].get("value") for item in listed["items"]}
    for name, value in truth.written.items():
        # A write whose answer was cut off may have happened or not, but nothing else.
        allowed = {value, truth.unsure.get(name, value)}
        assert stored.get(name) in allowed, f"{name}: acknowledged {value}, found {stored.get(name)}"
    assert not truth.deleted & stored.keys(), "a deleted object is back"
    assert int(listed["metadata"]["resourceVersion"]) >= truth.revision, "revisions went backwards"


def settle(listed: Any, truth: Truth) -> None:
    """Take over what became of the writes whose answer was cut off."""
    stored = {item["metadata"]["name"]: item["data"].get("value") for item in listed["items"]}
    for name in truth.unsure:
        truth.written.pop(name, None)
        if name in stored:
            truth.written[name] = stored[name]
        else:
            truth.deleted.add(name)
    truth.unsure.clear()
    truth.note(listed["metadata"]["resourceVersion"])


@pytest.mark.timeout(300)
async def test_kills_under_load_lose_no_acknowledged_write_and_no_revision_goes_back(tmp_path: Path) -> None:
    random, truth, follower = Random(20), Truth(), Follower()
    for round_ in range(ROUNDS):
        async with ServerProcess(tmp_path / "state") as server:
            listed = await server.api.get(MAPS)
            check_promises(listed, truth)
            settle(listed, truth)
            # What a watch showed before the kill is part of the history that goes on after it.
            if follower.revision and await follower.follow(server.api, listed["metadata"]["resourceVersion"]):
                assert follower.state == {
                    item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in listed["items"]
                }
            await follower.list(server.api)

            aim = truth.acknowledged + random.randrange(50, 400)
            async with asyncio.TaskGroup() as clients:
                clients.create_task(follower.follow_until_killed(server.api))
                for writer in range(WRITERS):
                    clients.create_task(write_until_killed(server.api, f"r{round_}-w{writer}", truth, random))
                while truth.acknowledged < aim:
                    await asyncio.sleep(0.002)
                await server.kill()
            truth.note(follower.revision)

    async with ServerProcess(tmp_path / "state") as server:
        listed = await server.api.get(MAPS)
        check_promises(listed, truth)
        made = await server.api.create(MAPS, config_map("after"))
        assert int(made["metadata"]["resourceVersion"]) > truth.revision


async def test_a_deletion_that_a_crash_cut_short_goes_on_after_it(
    settings: ApiServerSettings, pki: LocalPki, tmp_path: Path
) -> None:
    durable = msgspec.structs.replace(settings, store=tmp_path / "store")
    async with ApiServer(durable, SystemClock(), Random()) as server, make_api(server, pki) as api:
        await api.create("/api/v1/namespaces", {"metadata": {"name": "doomed"}})
        await api.create("/api/v1/namespaces/doomed/configmaps", config_map("held", finalizers=["example.com/held"]))
        await api.delete("/api/v1/namespaces/doomed")

    async with ApiServer(durable, SystemClock(), Random()) as server, make_api(server, pki) as api:
        await api.merge("/api/v1/namespaces/doomed/configmaps/held", {"metadata": {"finalizers": None}})
        await api.gone("/api/v1/namespaces/doomed")
