"""Record what a cluster's machines share in the cloud, so that they find it and deletes need not guess.

Source of the form: cluster-api-provider-openstack v1alpha1, `OpenstackClusterProviderStatus`; the ids of rules are
written under `id`, where the original wrote them under `name` by mistake.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from kubecapy.api.cluster.v1alpha1 import Machine, is_control_plane
from kubecapy.apimachinery.meta import Value
from kubecapy.providers.openstack.api.header import REGISTERED_API_VERSION

Role = Literal["control-plane", "worker"]


class SubnetRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The subnet that machines get addresses of."""

    id: str
    name: str = ""
    cidr: str = ""


class RouterRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The router that leads out of the machines' network."""

    id: str
    name: str = ""


class NetworkRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The network of machines that name none themselves."""

    id: str
    name: str = ""
    subnet: SubnetRecord | None = None
    router: RouterRecord | None = None


class RuleRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One rule of a security group; what is absent means any."""

    id: str
    direction: str = ""
    ether_type: str = ""
    protocol: str = ""
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_group_id: str = msgspec.field(name="remoteGroupID", default="")
    remote_ip_prefix: str = msgspec.field(name="remoteIPPrefix", default="")


class SecurityGroupRecord(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A security group of ours."""

    id: str
    name: str = ""
    rules: tuple[RuleRecord, ...] = ()


class FailureDomain(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An availability zone that takes servers."""

    name: str
    control_plane: bool = False
    """Whether control planes may be placed there."""


class ClusterProviderStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What `status.providerStatus` of a Cluster holds."""

    api_version: str = ""
    kind: str = ""
    cluster_mark: str = ""
    """What everything of the cluster bears in the cloud; stored before the first thing is made."""
    network: NetworkRecord | None = None
    control_plane_security_group: SecurityGroupRecord | None = None
    worker_security_group: SecurityGroupRecord | None = None
    failure_domains: tuple[FailureDomain, ...] = ()
    ready: bool = False
    """True once everything that the spec asks for was there."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as the reconciler stores it, with its kind."""
        stamped = msgspec.structs.replace(
            self, api_version=REGISTERED_API_VERSION, kind="OpenstackClusterProviderStatus"
        )
        return msgspec.to_builtins(stamped)  # type: ignore[no-any-return]  # a Struct becomes a dict


def read_cluster_status(value: Mapping[str, Any] | None) -> ClusterProviderStatus:
    """Return the record; an empty one where there is none or it is not ours to read."""
    try:
        return msgspec.convert(dict(value or {}), ClusterProviderStatus)
    except msgspec.ValidationError:
        return ClusterProviderStatus()


def role_of(machine: Machine) -> Role:
    """Return what `machine` is to its cluster."""
    return "control-plane" if is_control_plane(machine) else "worker"


def group_of(record: ClusterProviderStatus, role: Role) -> SecurityGroupRecord | None:
    """Return the managed security group of machines of `role`; None where there is none."""
    return record.control_plane_security_group if role == "control-plane" else record.worker_security_group


def groups_for(record: ClusterProviderStatus, role: Role) -> tuple[str, ...]:
    """Return the ids of the managed security groups that a machine of `role` gets beside those of its own spec."""
    group = group_of(record, role)
    return (group.id,) if group else ()
