"""Lets the conformance kit look into devcloud's core, and break the provider's calls to it."""

from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from tests.providers.openstack.conftest import CLOUDS, Secrets
from tests.providers.openstack.core_cloud import CoreCloud, CoreTransport, ManualClock
from tests.providers.openstack.machines import API_VERSION, provider_spec

from kubecapy.contract.errors import InvalidConfiguration, NotFound
from kubecapy.contract.provider import Actuators, GenerateRequest
from kubecapy.devcloud.faults import Action, Answer, Drop, Pattern, Rule
from kubecapy.devcloud.happenings import Failure, Happenings
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.cloud.transport import Call, Reply
from kubecapy.providers.openstack.plugin.tooling import OpenStackTooling
from kubecapy.providers.openstack.services.project import DEFAULT_FRESHNESS
from kubecapy.providers.openstack.services.projects import Projects
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.crash_points import Killed, When
from kubecapy.testing.provider_conformance import Fault, Thing, WrongSpec

QUOTA = b'{"forbidden": {"code": 403, "message": "Quota exceeded for instances: Requested 1, but already used 8 of 8"}}'
EVERY = Pattern()
RULES: dict[Fault, tuple[Action, Pattern]] = {
    "denied": (Answer(401), EVERY),
    "full": (Answer(403, QUOTA), Pattern(method="POST")),
    "throttled": (Answer(429, headers={"Retry-After": "3"}), EVERY),
    "failing": (Answer(500), EVERY),
    "silent": (Drop("before"), EVERY),
}
TABLES = (
    "servers",
    "ports",
    "networks",
    "subnets",
    "routers",
    "floating_ips",
    "security_groups",
    "security_group_rules",
    "trunks",
    "key_pairs",
    "volumes",
    "server_groups",
)
"""Those of a devcloud's world; later ones come as it learns more services."""


class Inline(Executor):
    """Runs what is submitted at once, so that turns of the event loop are the same in every run."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller
            future.set_exception(error)
        return future


class CoreBreaker:
    """Kills at a call, by way of the transport; lets calls go wrong, by way of devcloud's fault plan."""

    def __init__(self, cloud: CoreCloud) -> None:
        self._cloud = cloud
        self._left, self._when = 0, "before"

    def interrupt(self, call: int, when: When) -> None:
        self._left, self._when = call, when

    def refuse(self, fault: Fault) -> None:
        action, match = RULES[fault]
        self._cloud.faults.add(Rule(action, match, times=None))

    def mend(self) -> None:
        self._cloud.faults.clear()

    def look(self, when: When, call: Call) -> None:
        if when != self._when or not self._left:
            return
        self._left -= 1
        if self._left == 0:
            raise Killed(f"{when} {call.method} {call.path}")


class BreakableTransport(CoreTransport):
    """Shows each call to a breaker, before and after its effect."""

    def __init__(self, cloud: CoreCloud, breaker: CoreBreaker) -> None:
        super().__init__(cloud)
        self._breaker = breaker

    async def request(self, call: Call) -> Reply:
        self._breaker.look("before", call)
        reply = await super().request(call)
        self._breaker.look("after", call)
        return reply


class OpenStackHarness:
    """Opens the OpenStack provider on a devcloud of its own."""

    cluster_spec: ClassVar = {"apiVersion": API_VERSION, "kind": "OpenstackProviderSpec"}
    machine_spec: ClassVar = provider_spec(tags=["blue"])
    wrong_specs = (
        WrongSpec("Machine", provider_spec(flavour="m1.medium"), InvalidConfiguration, "flavour"),
        WrongSpec("Machine", provider_spec(image="no-such-image"), NotFound, "no-such-image"),
        WrongSpec("Machine", provider_spec(networks=[{"filter": {"name": "no-such-net"}}]), NotFound, "no-such-net"),
        WrongSpec("Cluster", {**cluster_spec, "nodeCIRD": "10.0.0.0/24"}, InvalidConfiguration, "nodeCIRD"),
    )
    notice_seconds = DEFAULT_FRESHNESS.resting + 1
    generate_request = GenerateRequest("openstack", Secret(CLOUDS.encode()), "/nowhere", "ubuntu")

    def __init__(self, folder: Path) -> None:
        self._clouds_yaml = folder / "clouds.yaml"
        self._clouds_yaml.write_text(CLOUDS)
        self._clock = ManualClock()
        self.cloud = CoreCloud(self._clock)
        self.breaker = CoreBreaker(self.cloud)
        self.secrets = ("hidden-password", self.cloud.password)
        self._projects = self._open()

    @property
    def actuators(self) -> Actuators:
        return Actuators(OpenStackClusterActuator(self._projects), OpenStackMachineActuator(self._projects))

    @property
    def tooling(self) -> OpenStackTooling:
        return OpenStackTooling(self._projects)

    async def restart(self) -> None:
        await self.close()
        self._projects = self._open()

    async def close(self) -> None:
        await self._projects.close()

    async def listing(self) -> Sequence[Thing]:
        world = self.cloud.world
        return [_thing(table, item) for table in TABLES for item in getattr(world, table, {}).values()]

    async def pass_time(self, seconds: float) -> None:
        self._clock.pass_(seconds)

    async def remove_server(self, provider_id: str) -> None:
        Happenings(self.cloud.world).lose_server(_server_id(provider_id), self._clock.now())

    async def fail_server(self, provider_id: str, fault: str) -> None:
        Happenings(self.cloud.world).fail_server(_server_id(provider_id), Failure(fault), self._clock.now())

    async def write_console(self, provider_id: str, text: str) -> None:
        self.cloud.consoles.texts[_server_id(provider_id)] = text

    def _open(self) -> Projects:
        environ = {"OS_CLOUD": "openstack", "OS_CLIENT_CONFIG_FILE": str(self._clouds_yaml)}
        return Projects(
            self._clock, Secrets(), environ, Inline(), lambda identity: BreakableTransport(self.cloud, self.breaker)
        )


def _thing(table: str, item: Any) -> Thing:
    """Return a thing; a floating address is as before where it leads where it led."""
    state = f"{item.port_id}" if table == "floating_ips" else ""
    return Thing(table, getattr(item, "id", ""), getattr(item, "name", ""), state)


def _server_id(provider_id: str) -> str:
    return provider_id.removeprefix("openstack:///")


@asynccontextmanager
async def open_openstack_harness() -> AsyncIterator[OpenStackHarness]:
    with TemporaryDirectory() as folder:
        harness = OpenStackHarness(Path(folder))
        try:
            yield harness
        finally:
            await harness.close()
