"""Wire the provider: clients, actuators and tooling for as long as their context lasts."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from kubecapy.contract.provider import Actuators, ProviderSettings, ProviderTooling
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.actuators.machine import OpenStackMachineActuator
from kubecapy.providers.openstack.actuators.observer import OpenStackInstanceObserver
from kubecapy.providers.openstack.api.header import API_VERSION, REGISTERED_API_VERSION
from kubecapy.providers.openstack.cloud.sdk import CONNECTIONS, SdkTransport
from kubecapy.providers.openstack.cloud.threads import DaemonThreads
from kubecapy.providers.openstack.plugin.tooling import OpenStackTooling
from kubecapy.providers.openstack.services.projects import Projects


class OpenStackPlugin:
    """The provider `openstack`; nothing is opened or imported from the SDK before a context is entered and used."""

    name = "openstack"
    spec_api_versions = (API_VERSION, REGISTERED_API_VERSION)

    def open_actuators(self, settings: ProviderSettings) -> AbstractAsyncContextManager[Actuators]:
        """Open the verbs for machines and clusters."""
        return _open_actuators(settings)

    def open_tooling(self, settings: ProviderSettings) -> AbstractAsyncContextManager[ProviderTooling]:
        """Open what tools may ask."""
        return _open_tooling(settings)


@asynccontextmanager
async def _open_actuators(settings: ProviderSettings) -> AsyncIterator[Actuators]:
    async with _open_projects(settings) as projects:
        yield Actuators(
            cluster=OpenStackClusterActuator(projects),
            machine=OpenStackMachineActuator(projects),
            observer=OpenStackInstanceObserver(projects),
        )


@asynccontextmanager
async def _open_tooling(settings: ProviderSettings) -> AsyncIterator[ProviderTooling]:
    async with _open_projects(settings) as projects:
        yield OpenStackTooling(projects)


@asynccontextmanager
async def _open_projects(settings: ProviderSettings) -> AsyncIterator[Projects]:
    executor = DaemonThreads(CONNECTIONS, "openstack")
    projects = Projects(
        settings.clock,
        settings.secrets,
        settings.environ,
        executor,
        lambda identity: SdkTransport(identity, executor),
    )
    try:
        yield projects
    finally:
        await projects.close()
        executor.shutdown(wait=False, cancel_futures=True)
