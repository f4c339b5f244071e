"""Run a whole system in one thread on virtual time: an API in memory, the real controllers, a provider, its hosts.

    apply ──► FakeApi ──► Manager and every controller ──► the provider's actuators ──► a cloud of the test's
                                     │                                                        │ hosts that run
                                     └──► workload clusters in memory ◄── Guests ◄────────────┘

Everything happens on one loop, in an order that the seed decides; use it inside `virtual_time.on_virtual_time`. Left
out of the real thing: sockets, threads, the server's validation, and what a guest does beyond becoming a Node.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Container, Iterable
from contextlib import AbstractAsyncContextManager
from random import Random
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Cluster, Machine
from kubecapy.api.core import SECRETS, Secret
from kubecapy.apimachinery.meta import ObjectKey, key_of
from kubecapy.apimachinery.resources import Resource
from kubecapy.client import kubeconfig
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.contract.actuators import SecretReader
from kubecapy.contract.provider import Actuators
from kubecapy.controllers.assembly import CONTROLLERS, ControllerRequest, open_controllers
from kubecapy.controllers.secret_reader import ApiSecretReader
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.runtime.manager import Manager
from kubecapy.tasks import TaskScope
from kubecapy.testing.crash_points import Killed
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.guests import Host, Workload, boot, endpoint_of
from kubecapy.testing.quick_certificates import QuickCertificates

T = TypeVar("T")

LOOK_SECONDS: Final = 0.5
"""Virtual seconds between two looks at whether something holds, and at whether a host has begun to run."""


class SystemParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a system is put together from."""

    open_actuators: Callable[[SecretReader], AbstractAsyncContextManager[Actuators]]
    """Opens the provider for one process of controllers; a restart opens it anew."""
    hosts: Callable[[Container[str]], Iterable[Host]]
    """Returns the servers that run now, but for those whose providerIDs it is given."""
    settings: ControllerSettings = ControllerSettings()
    seed: int = 1


class WholeSystem:
    """Is the system for as long as its `async with` block lasts; the controllers run once `start` was called.

    Faults: `before_call` and `after_call` see every call that the controllers make to the API or to a workload
    cluster, and may raise. A `Killed` raised in any call ends the process of the controllers, as SIGKILL would but for
    one thing: `finally` blocks still run. `crash_points.KillSwitch` refuses the calls that they may make.
    """

    def __init__(self, clock: Clock, parts: SystemParts) -> None:
        """Put it together; nothing runs yet."""
        self.clock = clock
        self.api = FakeApi(clock)
        self.api.before_call = lambda call: self.before_call(call)
        self.api.after_call = lambda call: self.after_call(call)
        self.before_call: Callable[[Call], None] = _let_pass
        self.after_call: Callable[[Call], None] = _let_pass
        self.workloads: dict[str, Workload] = {}
        """Workload clusters by host and port of their API server."""
        self.has_crashed = False
        """Whether the controllers ended by `Killed` since the last `start`."""
        self._parts = parts
        self._random = Random(parts.seed)  # noqa: S311 - a simulation is replayed from its seed
        self._certificates = QuickCertificates()
        self._scope = TaskScope("system")
        self._process: TaskScope | None = None
        self._booted: set[str] = set()

    async def __aenter__(self) -> Self:
        """Let hosts boot from now on."""
        await self._scope.__aenter__()
        self._scope.start(self._boot_hosts(), name="guests")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        self._scope.cancel()
        await self._scope.__aexit__(kind, error, trace)

    def start(self) -> None:
        """Start the controllers as a new process, which knows nothing of the one before."""
        self.has_crashed = False
        self._scope.start(self._run_controllers(), name="controllers")

    async def stop(self) -> None:
        """End the controllers' process at once, wherever it is."""
        while self._process is not None:
            self._process.cancel()
            await self.clock.sleep(0.0)

    async def restart(self) -> None:
        """Stop the controllers and start them anew."""
        await self.stop()
        self.start()

    def apply(self, *objects: Cluster | Machine | Secret) -> None:
        """Store new objects, as a person does."""
        for obj in objects:
            match obj:
                case Cluster():
                    self.api.put(CLUSTERS, obj)
                case Machine():
                    self.api.put(MACHINES, obj)
                case Secret():
                    self.api.put(SECRETS, obj)

    def delete(self, *objects: Cluster | Machine) -> None:
        """Ask for the deletion of objects, as a person does."""
        for obj in objects:
            self.api.store.delete(CLUSTERS if isinstance(obj, Cluster) else MACHINES, key_of(obj))

    def machine(self, key: ObjectKey) -> Machine | None:
        """Return the Machine as it is stored; None where it is gone."""
        return self._find(MACHINES, key)

    def cluster(self, key: ObjectKey) -> Cluster | None:
        """Return the Cluster as it is stored; None where it is gone."""
        return self._find(CLUSTERS, key)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await self.clock.sleep(seconds)

    async def until(self, holds: Callable[[], object], within_seconds: float) -> float:
        """Let time pass until `holds`, and return how many seconds it took.

        Raises:
            AssertionError: it does not hold in time; the message shows what every Machine waits for.
        """
        began = self.clock.monotonic()
        while not holds():
            if self.clock.monotonic() - began >= within_seconds:
                raise AssertionError(f"not within {within_seconds:g} s; the machines:\n{self._describe()}")
            await self.clock.sleep(LOOK_SECONDS)
        return self.clock.monotonic() - began

    def _find(self, resource: Resource[T], key: ObjectKey) -> T | None:
        stored = self.api.store.find(resource, key)
        return None if stored is None else msgspec.convert(stored, resource.type)

    def _describe(self) -> str:
        lines = []
        machines = self.api.objects(MACHINES)
        # Those that do not run come first: they are what the test waits for.
        for machine in sorted(machines, key=lambda machine: machine.status.phase == "Running"):
            said = [
                f"{found.type}={found.status} {found.reason} {found.message}" for found in machine.status.conditions
            ]
            lines.append(f"{key_of(machine)}: {machine.status.phase}; {'; '.join(said)}")
        return "\n".join(lines[:10])

    async def _run_controllers(self) -> None:
        manager = Manager(self.api, self.clock, Random(self._random.random()))  # noqa: S311 - a simulation
        try:
            async with TaskScope("process") as process:
                self._process = process
                process.start(self._run_manager(manager), name="manager")
        except* Killed:
            self.has_crashed = True
        finally:
            self._process = None

    async def _run_manager(self, manager: Manager) -> None:
        parts = self._parts
        async with parts.open_actuators(ApiSecretReader(self.api)) as actuators:
            request = ControllerRequest(
                names=CONTROLLERS,
                clock=self.clock,
                random=self._random,
                actuators=actuators,
                connect=self._connect,
                certificates=self._certificates,
                settings=parts.settings,
            )
            async with open_controllers(manager, request):
                await manager.run()

    @contextlib.asynccontextmanager
    async def _connect(self, content: bytes) -> AsyncIterator[Client]:
        yield self._workload(kubeconfig.load(content).server.removeprefix("https://")).api

    def _workload(self, endpoint: str) -> Workload:
        if endpoint not in self.workloads:
            self.workloads[endpoint] = Workload(
                endpoint, self.clock, lambda call: self.before_call(call), lambda call: self.after_call(call)
            )
        return self.workloads[endpoint]

    def _has_booted(self, host: Host) -> bool:
        """Let the host do what is left of its boot; one without kubeadm is done at once, and is no Node."""
        endpoint = endpoint_of(host)
        return endpoint is None or boot(host, self._workload(endpoint))

    async def _boot_hosts(self) -> None:
        while True:
            self._booted.update(host.provider_id for host in self._parts.hosts(self._booted) if self._has_booted(host))
            await self.clock.sleep(LOOK_SECONDS)


def _let_pass(call: Call) -> None:
    """Let every call through."""
