"""Gather what a verb needs to know of a machine before it acts."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.apimachinery.meta import annotations_of
from kubecapy.contract.actuators import MachineRequest
from kubecapy.contract.errors import InvalidConfiguration, NotReady
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.cluster_status import groups_for, read_cluster_status, role_of
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, decode_machine_spec, value_of
from kubecapy.providers.openstack.api.status import MachineProviderStatus, MadeKind, read_machine_status
from kubecapy.providers.openstack.naming import Owner, is_host_name, mark_of, server_id_of
from kubecapy.providers.openstack.services.networks import Attachment, FixedAddressChoice
from kubecapy.providers.openstack.services.port_wishes import ManagedNetwork
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
    managed: ManagedNetwork
    public_key: str = ""
    """The key of which a pair is made; empty where none is asked for."""

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
    return MachineScope(
        owner=owner,
        spec=decoded.value,
        cluster=cluster_spec,
        record=record_of(request),
        finder=_finder(request, owner, cluster_spec),
        managed=_managed(request, cluster, cluster_spec),
    )


def owner_of(request: MachineRequest) -> Owner:
    """Return what things that were made for the machine bear.

    The record comes first: what was made bears its marks, whatever became of labels, annotations and Clusters since.
    """
    machine, cluster = request.machine, request.cluster
    record = record_of(request)
    return Owner(
        namespace=machine.metadata.namespace,
        cluster=record.cluster or (cluster.metadata.name if cluster else ""),
        machine=machine.metadata.name,
        mark=record.cluster_mark or (mark_of(cluster) if cluster else ""),
        machine_mark=record.machine_mark or mark_of(machine),
    )


def kinds_to_look_for(request: MachineRequest) -> frozenset[MadeKind]:
    """Return the kinds of things that may have been made for the machine; every one where nothing tells.

    What is recorded was made, once; what the spec asks for may have been made by a pass that could not record it.
    """
    record = record_of(request)
    spec = decode_machine_spec(request.machine.spec.provider_spec.value).value
    if not record.made or spec is None:
        return frozenset(get_args(MadeKind))
    asked: Mapping[MadeKind, object] = {
        "floating ip": spec.floating_ip_pool,
        "trunk": spec.trunk or any(port.trunk for port in spec.ports),
        "key pair": spec.public_key or spec.public_key_secret,
        "volume": spec.volumes or (spec.root_volume is not None and spec.root_volume.is_asked_for),
    }
    return frozenset((*record.made, *(kind for kind, is_asked in asked.items() if is_asked)))


def record_of(request: MachineRequest) -> MachineProviderStatus:
    """Return what is recorded of the machine; an empty record where nothing is."""
    return read_machine_status(request.machine.status.provider_status)


def find_server_finder(request: MachineRequest, owner: Owner) -> ServerFinder:
    """Return how the machine's server is found, whatever is wrong with the specs."""
    if request.cluster is None:
        return _finder(request, owner, ClusterProviderSpec(disable_server_tags=True))
    value = value_of(request.cluster.spec.provider_spec)
    return _finder(request, owner, decode_cluster_spec(value).value or ClusterProviderSpec())


def scheduler_hints_of(request: MachineRequest) -> Mapping[str, Any]:
    """Return what Nova is told for its scheduler, with the name of the server group; nothing of a wrong spec."""
    spec = decode_machine_spec(request.machine.spec.provider_spec.value).value
    if spec is None:
        return {}
    return {**spec.scheduler_hints, **({"group": spec.server_group} if spec.server_group else {})}


def _cluster_spec(request: MachineRequest) -> ClusterProviderSpec:
    assert request.cluster is not None, "the caller looked"  # noqa: S101 - an invariant
    decoded = decode_cluster_spec(value_of(request.cluster.spec.provider_spec))
    if decoded.value is None:
        name = request.cluster.metadata.name
        message = f'Cluster "{name}" cannot be used: {"; ".join(str(error) for error in decoded.errors)}'
        raise NotReady(message, retry_after_seconds=_WAIT_FOR_CLUSTER_SECONDS)
    return decoded.value


def _managed(request: MachineRequest, cluster: Cluster, spec: ClusterProviderSpec) -> ManagedNetwork:
    """Return what the cluster's machines share.

    Raises:
        NotReady: the cluster asks for things that are not all there yet, and the machine has no ports either.
    """
    record = read_cluster_status(cluster.status.provider_status)
    if _wants_shared(spec) and not record.ready and not record_of(request).ports:
        message = f'network and security groups of Cluster "{cluster.metadata.name}" are not there yet'
        raise NotReady(message, retry_after_seconds=_WAIT_FOR_CLUSTER_SECONDS)
    network = record.network
    subnet = network.subnet if network else None
    fixed = (FixedAddressChoice(subnet.id),) if subnet else ()
    return ManagedNetwork(
        attachment=Attachment(network.id, fixed) if network else None,
        security_group_ids=groups_for(record, role_of(request.machine)),
        without_port_security=spec.disable_port_security,
    )


def _wants_shared(spec: ClusterProviderSpec) -> bool:
    """Return whether the cluster asks for something that its machines' ports need."""
    return spec.gives_network or spec.security_groups is not None


def _finder(request: MachineRequest, owner: Owner, cluster: ClusterProviderSpec) -> ServerFinder:
    machine = request.machine
    named = server_id_of(machine.spec.provider_id) or annotations_of(machine).get(SERVER_ANNOTATION, "")
    return ServerFinder(owner, record_of(request).server_id, named, by_tag=not cluster.disable_server_tags)
