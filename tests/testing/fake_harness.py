"""Lets the conformance kit look into the cloud in memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import ClassVar

from kubecapy.clock import SystemClock
from kubecapy.contract.errors import (
    CapacityExhausted,
    InvalidConfiguration,
    NotFound,
    PermissionDenied,
    ProviderError,
    Throttled,
    Unavailable,
)
from kubecapy.contract.provider import Actuators, GenerateRequest, ProviderSettings, ProviderTooling
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.crash_points import Killed, When
from kubecapy.testing.fake_cloud import CloudCall, FakeCloud, FakeServer
from kubecapy.testing.fake_provider import FakeProvider
from kubecapy.testing.provider_conformance import Fault, Thing, WrongSpec

MakeProvider = Callable[[FakeCloud], FakeProvider]

ERRORS: dict[Fault, ProviderError] = {
    "denied": PermissionDenied("the cloud refuses the login"),
    "full": CapacityExhausted("the quota of servers is used up"),
    "throttled": Throttled("the cloud asks for patience", retry_after_seconds=2.0),
    "failing": Unavailable("the cloud failed"),
    "silent": Unavailable("the cloud does not answer"),
}


class NoSecrets:
    async def read_secret(self, namespace: str, name: str) -> None:
        return None


class FakeBreaker:
    """Interferes with the calls of a `FakeCloud`."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._left, self._when = 0, "before"
        self._fault: Fault | None = None
        cloud.before_call = lambda call: self._look("before", call)
        cloud.after_call = lambda call: self._look("after", call)

    def interrupt(self, call: int, when: When) -> None:
        self._left, self._when = call, when

    def refuse(self, fault: Fault) -> None:
        self._fault = fault

    def mend(self) -> None:
        self._fault = None

    def _look(self, when: When, call: CloudCall) -> None:
        if when == self._when and self._left:
            self._left -= 1
            if self._left == 0:
                raise Killed(f"{when} {call}")
        makes = call.verb in ("reconcile_cluster", "ensure_reservation", "ensure_instance")
        if when == "before" and self._fault and (makes or self._fault != "full"):
            raise ERRORS[self._fault]


class FakeHarness:
    """Opens a provider in memory for the kit."""

    cluster_spec: ClassVar = {"apiVersion": "fake/v1"}
    machine_spec: ClassVar = {"apiVersion": "fake/v1"}
    wrong_specs = (
        WrongSpec("Machine", {"apiVersion": "fake/v1", "wrong": 1}, InvalidConfiguration, "wrong"),
        WrongSpec("Machine", {"apiVersion": "fake/v1", "missing": "image-x"}, NotFound, "image-x"),
        WrongSpec("Cluster", {"apiVersion": "fake/v1", "wrong": 1}, InvalidConfiguration, "wrong"),
    )
    secrets = ("hidden-password",)
    notice_seconds = 1.0
    generate_request = GenerateRequest("mine", Secret(b"mine\nother\n"), "/nowhere", "ubuntu")

    def __init__(self, make_provider: MakeProvider) -> None:
        self.cloud = FakeCloud(reads_until_running=2)
        self.breaker = FakeBreaker(self.cloud)
        self._make_provider = make_provider
        self._stack = AsyncExitStack()
        self.actuators: Actuators
        self.tooling: ProviderTooling

    async def restart(self) -> None:
        await self._stack.aclose()
        provider = self._make_provider(self.cloud)
        settings = ProviderSettings(SystemClock(), Random(1), {}, NoSecrets())
        self.actuators = await self._stack.enter_async_context(provider.open_actuators(settings))
        self.tooling = await self._stack.enter_async_context(provider.open_tooling(settings))

    async def close(self) -> None:
        await self._stack.aclose()

    async def listing(self) -> Sequence[Thing]:
        cloud = self.cloud
        return (
            *(Thing("server", server.id, str(key)) for key, server in cloud.servers.items()),
            *(Thing("address", str(number), str(key)) for key, number in cloud.reservations.items()),
            *(Thing("cluster", str(key)) for key in cloud.clusters),
        )

    async def pass_time(self, seconds: float) -> None:
        pass  # Looks, not seconds, move this cloud on.

    async def remove_server(self, provider_id: str) -> None:
        gone = [key for key, server in self.cloud.servers.items() if provider_id.endswith(f"/{server.id}")]
        for key in gone:
            del self.cloud.servers[key]

    async def fail_server(self, provider_id: str, fault: str) -> None:
        server = self._server(provider_id)
        server.state, server.fault = "Failed", fault

    async def write_console(self, provider_id: str, text: str) -> None:
        self._server(provider_id).console = text

    def _server(self, provider_id: str) -> FakeServer:
        return next(server for server in self.cloud.servers.values() if provider_id.endswith(f"/{server.id}"))


@asynccontextmanager
async def open_fake_harness(make_provider: MakeProvider = FakeProvider) -> AsyncIterator[FakeHarness]:
    harness = FakeHarness(make_provider)
    await harness.restart()
    try:
        yield harness
    finally:
        await harness.close()
