"""Put controllers, their provider and the runtime together: the wiring of every process that runs controllers."""

from collections.abc import AsyncIterator, Mapping, Set
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from random import Random

import msgspec

from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client, Reader
from kubecapy.clock import Clock
from kubecapy.contract.actuators import SecretReader
from kubecapy.contract.provider import Actuators, ProviderSettings, load_provider
from kubecapy.controllers import assembly
from kubecapy.controllers.secret_reader import ApiSecretReader
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.runtime.leader_election import ElectionSettings
from kubecapy.runtime.manager import Manager, ManagerSettings
from kubecapy.runtime.metrics import Metrics


class ControllerWiring(msgspec.Struct, frozen=True, kw_only=True):
    """What a set of controllers runs with."""

    client: Client
    """The management cluster's API."""
    clock: Clock
    random: Random
    names: Set[str]
    """Which controllers: cluster, machine, node."""
    provider: str
    """Name of the provider; empty where no controller needs one."""
    environ: Mapping[str, str]
    """What the provider reads its settings from."""
    settings: ControllerSettings
    election: ElectionSettings | None = None
    """The Lease to hold; None where no other process can run these controllers."""
    metrics: Metrics | None = None
    """The metrics of the process; None for the manager's own."""


@asynccontextmanager
async def open_controllers(wiring: ControllerWiring) -> AsyncIterator[Manager]:
    """Yield a manager with the controllers on it; its `run` belongs inside the block.

    Order: leave the block only after `run` returned, for the provider's clients close with it.

    Raises:
        UnknownProvider: no installed package offers the provider.
        UnknownController: there is no controller of a name.
        ProviderError: the provider's settings cannot be used.
    """
    settings = ManagerSettings(namespace=wiring.settings.namespace, election=wiring.election)
    manager = Manager(wiring.client, wiring.clock, wiring.random, settings, wiring.metrics)
    async with AsyncExitStack() as stack:
        request = assembly.ControllerRequest(
            names=wiring.names,
            clock=wiring.clock,
            random=wiring.random,
            actuators=await _open_actuators(wiring, stack),
            connect=lambda content: _connect(content, wiring.clock),
            settings=wiring.settings,
        )
        await stack.enter_async_context(assembly.open_controllers(manager, request))
        yield manager


def secret_reader(reader: Reader) -> SecretReader:
    """Return what a provider reads Secrets of a management cluster with."""
    return ApiSecretReader(reader)


async def _open_actuators(wiring: ControllerWiring, stack: AsyncExitStack) -> Actuators | None:
    if not wiring.provider:
        return None
    settings = ProviderSettings(wiring.clock, wiring.random, wiring.environ, secret_reader(wiring.client))
    return await stack.enter_async_context(load_provider(wiring.provider).open_actuators(settings))


def _connect(content: bytes, clock: Clock) -> AbstractAsyncContextManager[Client]:
    """Return the client of a workload cluster, by its kubeconfig."""
    return HttpClient(kubeconfig.load(content), clock)
