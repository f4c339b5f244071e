"""Let the conformance kit look into a cloud on the network, in the project that the suite shares."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from random import SystemRandom
from typing import ClassVar

import yaml
from tests.clouds.driving import PLAIN_MACHINE
from tests.clouds.eyes import Eyes
from tests.clouds.sites import MEMBER_CLOUD, Site
from tests.providers.openstack.machines import API_VERSION

from kubecapy.clock import SystemClock
from kubecapy.contract.errors import InvalidConfiguration, NotFound
from kubecapy.contract.provider import Actuators, GenerateRequest, ProviderSettings, ProviderTooling
from kubecapy.providers.openstack.plugin import OpenStackPlugin
from kubecapy.providers.openstack.services.project import DEFAULT_FRESHNESS
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.provider_conformance import Thing, WrongSpec

STEP_SECONDS = 0.3
"""What really passes while the provider is told that time does: a cloud needs its own time to do what it was asked."""
HEADER = {"apiVersion": API_VERSION, "kind": "OpenstackProviderSpec"}


class NoSecrets:
    """Holds no Secret: the credentials are in the clouds.yaml."""

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        return None


class LeapingClock(SystemClock):
    """The machine's own clocks, put forward at will."""

    def __init__(self) -> None:
        self._ahead_seconds = 0.0

    def leap(self, seconds: float) -> None:
        self._ahead_seconds += seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead_seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead_seconds


class NetworkHarness:
    """Opens the OpenStack provider as a process does, on a cloud that others may use after it."""

    cluster_spec: ClassVar = HEADER
    machine_spec: ClassVar = {**HEADER, **PLAIN_MACHINE, "tags": ["blue"]}
    wrong_specs = (
        WrongSpec("Machine", {**machine_spec, "flavour": "m1.small"}, InvalidConfiguration, "flavour"),
        WrongSpec("Machine", {**machine_spec, "image": "no-such-image"}, NotFound, "no-such-image"),
        WrongSpec(
            "Machine", {**machine_spec, "networks": [{"filter": {"name": "no-such-net"}}]}, NotFound, "no-such-net"
        ),
        WrongSpec("Cluster", {**cluster_spec, "nodeCIRD": "10.0.0.0/24"}, InvalidConfiguration, "nodeCIRD"),
    )
    notice_seconds = DEFAULT_FRESHNESS.resting + 1
    breaker = None

    def __init__(self, site: Site, eyes: Eyes) -> None:
        self._site = site
        self._eyes = eyes
        self._clock = LeapingClock()
        self._process = AsyncExitStack()
        content = site.clouds_yaml.read_bytes()
        self.secrets = (str(yaml.safe_load(content)["clouds"][MEMBER_CLOUD]["auth"]["password"]),)
        self.generate_request = GenerateRequest(MEMBER_CLOUD, Secret(content), "/nowhere", "ubuntu")

    actuators: Actuators
    tooling: ProviderTooling

    async def restart(self) -> None:
        await self.close()
        environ = {"OS_CLOUD": MEMBER_CLOUD, "OS_CLIENT_CONFIG_FILE": str(self._site.clouds_yaml)}
        settings = ProviderSettings(clock=self._clock, random=SystemRandom(), environ=environ, secrets=NoSecrets())
        plugin = OpenStackPlugin()
        self.actuators = await self._process.enter_async_context(plugin.open_actuators(settings))
        self.tooling = await self._process.enter_async_context(plugin.open_tooling(settings))

    async def close(self) -> None:
        await self._process.aclose()

    async def listing(self) -> Sequence[Thing]:
        return await asyncio.to_thread(self._list)

    async def pass_time(self, seconds: float) -> None:
        self._clock.leap(seconds)
        await asyncio.sleep(STEP_SECONDS)

    async def remove_server(self, provider_id: str) -> None:
        await asyncio.to_thread(self._eyes.remove_server, _server_id(provider_id))

    async def fail_server(self, provider_id: str, fault: str) -> None:
        await asyncio.to_thread(self._site.fail_server, _server_id(provider_id), fault)

    async def write_console(self, provider_id: str, text: str) -> None:
        self._site.consoles.mkdir(exist_ok=True)
        (self._site.consoles / f"{_server_id(provider_id)}.log").write_text(text)

    def _list(self) -> list[Thing]:
        return [Thing(thing.kind, thing.id, thing.name) for thing in self._eyes.inventory()]


@asynccontextmanager
async def open_network_harness(site: Site, eyes: Eyes) -> AsyncIterator[NetworkHarness]:
    """Open a harness for one scenario, and leave the project as it was: not every scenario ends with a delete."""
    before = await asyncio.to_thread(eyes.inventory)
    harness = NetworkHarness(site, eyes)
    await harness.restart()
    try:
        yield harness
    finally:
        await harness.close()
        await asyncio.to_thread(eyes.clear_all_but, before)


def _server_id(provider_id: str) -> str:
    return provider_id.removeprefix("openstack:///")
