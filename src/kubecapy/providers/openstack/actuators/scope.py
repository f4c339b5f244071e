"""Gather what a verb needs to know of a machine before it acts."""

from typing import Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import Machine
from kubecapy.apimachinery.meta import annotations_of
from kubecapy.contract.actuators import MachineRequest
from kubecapy.contract.errors import InvalidConfiguration, NotReady
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, decode_machine_spec, value_of
from kubecapy.providers.openstack.api.status import MachineProviderStatus, read_machine_status
from kubecapy.providers.openstack.naming import Owner, is_host_name, mark_of, server_id_of
from kubecapy.providers.openstack.services.servers import ServerFinder

SERVER_ANNOTATION: Final = "openstack-resourceId"
"""Annotation in which the original kept the server's id."""
ADDRESS_ANNOTATION: Final = "openstack-ip-address"
"""Annotation in which the original kept the address by which tools reach the machine."""

_WAIT_FOR_CLUSTER_SECONDS: Final = 10.0


class MachineScope(msgspec.Struct, frozen=True):
    """A machine that can be made: its wish, its owner's name, and what is recorded of it."""

    owner: Owner
    spec: MachineProviderSpec
    cluster: ClusterProviderSpec
    record: MachineProviderStatus
    finder: ServerFinder

    @property
    def tags(self) -> tuple[str, ...]:
        """What people want written on everything of the machine."""
        return tuple(dict.fromkeys((*self.spec.tags, *self.cluster.tags)))

    @property
    def with_server_tags(self) -> bool:
        """Whether servers get tags."""
        return not self.cluster.disable_server_tags


def read_scope(request: MachineRequest) -> MachineScope:
    """Return the scope of a machine that is to be made.

    Raises:
        InvalidConfiguration: its providerSpec or its name cannot work.
        NotReady: it has no Cluster yet, or one whose own providerSpec is wrong.
    """
    machine, cluster = request.machine, request.cluster
    name = machine.metadata.name
    if cluster is None:
        message = f"Machine {machine.metadata.namespace}/{name} has no Cluster"
        raise NotReady(message, retry_after_seconds=_WAIT_FOR_CLUSTER_SECONDS)
    decoded = decode_machine_spec(machine.spec.provider_spec.value)
    if decoded.value is None:
        raise InvalidConfiguration("; ".join(str(error) for error in decoded.errors))
    if not is_host_name(name):
        raise InvalidConfiguration(
            f'metadata.name: "{name}" cannot be the name of a host; '
            "use at most 63 lower-case letters, digits and hyphens, no dots"
        )
    owner, cluster_spec = owner_of(request), _cluster_spec(request)
    return MachineScope(owner, decoded.value, cluster_spec, _record(machine), _finder(machine, owner, cluster_spec))


def owner_of(request: MachineRequest) -> Owner:
    """Return what things that were made for the machine bear.

    The record comes first: what was made bears its marks, whatever became of labels, annotations and Clusters since.
    """
    machine, cluster = request.machine, request.cluster
    record = _record(machine)
    return Owner(
        namespace=machine.metadata.namespace,
        cluster=record.cluster or (cluster.metadata.name if cluster else ""),
        machine=machine.metadata.name,
        mark=record.cluster_mark or (mark_of(cluster) if cluster else ""),
        machine_mark=record.machine_mark or mark_of(machine),
    )


def find_server_finder(request: MachineRequest, owner: Owner) -> ServerFinder:
    """Return how the machine's server is found, whatever is wrong with the specs."""
    if request.cluster is None:
        return _finder(request.machine, owner, ClusterProviderSpec(disable_server_tags=True))
    value = value_of(request.cluster.spec.provider_spec)
    return _finder(request.machine, owner, decode_cluster_spec(value).value or ClusterProviderSpec())


def _cluster_spec(request: MachineRequest) -> ClusterProviderSpec:
    assert request.cluster is not None, "the caller looked"  # noqa: S101 - an invariant
    decoded = decode_cluster_spec(value_of(request.cluster.spec.provider_spec))
    if decoded.value is None:
        name = request.cluster.metadata.name
        message = f'Cluster "{name}" cannot be used: {"; ".join(str(error) for error in decoded.errors)}'
        raise NotReady(message, retry_after_seconds=_WAIT_FOR_CLUSTER_SECONDS)
    return decoded.value


def _finder(machine: Machine, owner: Owner, cluster: ClusterProviderSpec) -> ServerFinder:
    named = server_id_of(machine.spec.provider_id) or annotations_of(machine).get(SERVER_ANNOTATION, "")
    return ServerFinder(owner, _record(machine).server_id, named, by_tag=not cluster.disable_server_tags)


def _record(machine: Machine) -> MachineProviderStatus:
    return read_machine_status(machine.status.provider_status)
