"""The transport of the simulation sends what the SDK's sends; both go through one script."""

from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from tests.providers.openstack.fault_kinds import LASTING, Shape
from tests.providers.openstack.simulated import SimulatedTransport, identity_in

from kubecapy.clock import SystemClock
from kubecapy.contract.errors import PermissionDenied, ProviderError, Unavailable
from kubecapy.controllers.reactions import reaction_to
from kubecapy.devcloud.endpoints import Effect
from kubecapy.devcloud.faults import Delay, Drop, FaultPlan, Pattern, Rule
from kubecapy.devcloud.ledger import Entry
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import DevCloudSettings
from kubecapy.devcloud.world.world import World
from kubecapy.providers.openstack.cloud.identity import read_file, read_identity
from kubecapy.providers.openstack.cloud.sdk import SdkTransport
from kubecapy.providers.openstack.cloud.transport import Call, Transport
from kubecapy.tasks import TaskScope
from kubecapy.testing.simulated_cloud import CloudPlan, SimulatedCloud

pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB")

SERVERS = Call(doing="listing servers", service="compute", method="GET", path="/servers/detail", microversion="2.52")
PORTS = Call(doing="listing ports", service="network", method="GET", path="/ports", query=(("fields", "id"),))
ABSENT = Call(doing="looking", service="image", method="GET", path="/images/0")
"""A transport, its cloud's inside, and the calls that arrived there."""
Stage = tuple[Transport, World, FaultPlan, Callable[[], list[Entry]]]


@asynccontextmanager
async def sdk(tmp_path: Path) -> AsyncIterator[Stage]:
    async with DevCloudServer(DevCloudSettings(tmp_path / "cloud"), SystemClock(), Random(1)) as cloud:
        executor = ThreadPoolExecutor(8)
        transport = SdkTransport(read_identity(read_file(cloud.clouds_yaml_path), "openstack"), executor)
        exchange = cloud._exchange  # No control endpoint shows a world as it is.
        assert exchange is not None
        yield transport, exchange.cloud.world, exchange.faults, lambda: list(exchange.cloud.ledger.entries())
        await transport.close()
        executor.shutdown()


@asynccontextmanager
async def simulated(_: Path) -> AsyncIterator[Stage]:
    cloud = SimulatedCloud(SystemClock(), CloudPlan(call_seconds=0.001))
    transport = SimulatedTransport(cloud, identity_in(cloud), SystemClock())
    yield transport, cloud.world, cloud.faults, cloud.entries


async def script(stage: Stage) -> list[str]:
    """Make calls one after another; return what came of each."""
    transport, world, faults, _ = stage
    ends = [await transport.project_id()]

    async def end(work: Callable[[], Awaitable[object]]) -> None:
        try:
            ends.append(str(await work()))
        except (Unavailable, PermissionDenied) as error:
            ends.append(type(error).__name__)

    async def status(call: Call) -> int:
        return (await transport.request(call)).status

    for call in (SERVERS, PORTS, ABSENT):
        await end(lambda call=call: status(call))
    world.tokens.clear()  # as where somebody revoked them
    await end(lambda: status(PORTS))
    faults.add(Rule(Drop("after"), Pattern(service="compute")))
    await end(lambda: status(SERVERS))
    faults.add(Rule(Drop("before"), Pattern(service="identity")))
    world.tokens.clear()
    await end(lambda: status(SERVERS))
    await end(lambda: status(SERVERS))
    return ends


def seen(entries: list[Entry]) -> list[tuple[str, str, str, str, int, Effect]]:
    return [(e.method, e.path, e.query, e.microversion, e.status, e.effect) for e in entries]


async def refused_logins(stage: Stage) -> list[tuple[str, str, float]]:
    """Return what came of logins that went wrong: error, what it says of the answer, how long to wait."""
    transport, _, faults, _ = stage
    found = []
    for shape in (Shape("identity", "GET", "/v3"), Shape("identity", "POST", "/v3/auth/tokens")):
        for kind in LASTING:
            if not kind.suits(shape) or isinstance(kind.action, Delay):
                continue
            rule = faults.add(Rule(kind.action, Pattern(service="identity", method=shape.method), times=None))
            with pytest.raises(ProviderError) as raised:
                await transport.project_id()
            faults.remove(rule.id)
            assert kind.is_named_in(str(raised.value), shape)
            assert reaction_to(raised.value).reason in kind.reasons(shape)
            wait = getattr(raised.value, "retry_after_seconds", 0.0)
            found.append((f"{shape} {kind}", type(raised.value).__name__, wait))
    return found


async def test_a_login_that_goes_wrong_is_named_for_what_it_is_by_the_simulation_as_by_the_sdk(tmp_path: Path) -> None:
    async with sdk(tmp_path) as real, simulated(tmp_path) as ours:
        assert await refused_logins(ours) == await refused_logins(real)


async def test_the_simulation_sends_what_the_sdk_sends(tmp_path: Path) -> None:
    async with sdk(tmp_path) as real, simulated(tmp_path) as ours:
        assert await script(ours) == await script(real)
        assert seen(ours[3]()) == seen(real[3]())


@pytest.mark.parametrize("open_stage", [sdk, simulated])
async def test_a_token_that_ended_is_renewed_once_however_many_calls_are_in_flight(
    tmp_path: Path, open_stage: Callable[[Path], AsyncIterator[Stage]]
) -> None:
    async with open_stage(tmp_path) as (transport, world, _, entries):
        await transport.request(PORTS)
        world.tokens.clear()
        async with TaskScope("calls") as scope:
            calls = [scope.start(transport.request(PORTS), name=str(n)) for n in range(30)]
        assert {call.result().status for call in calls} == {200}
        assert [entry.path for entry in entries()].count("/identity/v3/auth/tokens") == 2
