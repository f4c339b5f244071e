"""Glance at the servers of many machines, with one list for each project."""

from collections.abc import Iterator, Mapping, Sequence

from kubecapy.apimachinery.meta import ObjectKey, key_of
from kubecapy.contract.actuators import InstanceState, MachineRequest
from kubecapy.providers.openstack.actuators.scope import find_server_finder, owner_of
from kubecapy.providers.openstack.api.secret_reference import CloudReference
from kubecapy.providers.openstack.api.specs import find_credentials
from kubecapy.providers.openstack.naming import METADATA_MACHINE_MARK
from kubecapy.providers.openstack.services.projects import Projects
from kubecapy.providers.openstack.services.servers import is_gone, state_of


class OpenStackInstanceObserver:
    """Reads the shared lists; see `kubecapy.contract.actuators.InstanceObserver` for what it promises."""

    def __init__(self, projects: Projects) -> None:
        """Look into the projects that the machines' credentials mean."""
        self._projects = projects

    async def observe_instances(self, requests: Sequence[MachineRequest]) -> Mapping[ObjectKey, InstanceState | None]:
        """Return how each machine's server seems to be; nothing of those that have no tags, which no list shows."""
        seen: dict[ObjectKey, InstanceState | None] = {}
        for (credentials, namespace), asked in _by_credentials(requests).items():
            project = await self._projects.find(credentials, namespace)
            servers = (await project.servers.read(project.freshness.resting)).values()
            states = {
                server.metadata.get(METADATA_MACHINE_MARK, ""): state_of(server)
                for server in servers
                if not is_gone(server)
            }
            for request in asked:
                seen[key_of(request.machine)] = states.get(owner_of(request).machine_mark)
        return seen


def _by_credentials(
    requests: Sequence[MachineRequest],
) -> Mapping[tuple[CloudReference, str], Sequence[MachineRequest]]:
    groups: dict[tuple[CloudReference, str], list[MachineRequest]] = {}
    for request in _with_tags(requests):
        credentials = find_credentials(request.machine.spec.provider_spec.value)
        groups.setdefault((credentials, request.machine.metadata.namespace), []).append(request)
    return groups


def _with_tags(requests: Sequence[MachineRequest]) -> Iterator[MachineRequest]:
    """Return the machines whose servers have tags, by which one list finds them; each Cluster's spec is read once."""
    tagged: dict[int, bool] = {}
    for request in requests:
        cluster = id(request.cluster)
        if cluster not in tagged:
            tagged[cluster] = find_server_finder(request, owner_of(request)).by_tag
        if tagged[cluster]:
            yield request
