"""Play the part of the Cluster reconciler between a test and the cluster actuator."""

from collections.abc import Mapping
from typing import Any

import msgspec
from tests.providers.openstack.core_cloud import CoreCloud
from tests.providers.openstack.machines import make_cluster

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.contract.actuators import ClusterActuator, ClusterObservation, Deletion
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID
from kubecapy.providers.openstack.api.cluster_status import ClusterProviderStatus, read_cluster_status

MANAGED: Mapping[str, Any] = {
    "nodeCidr": "10.7.0.0/24",
    "dnsNameservers": ["1.1.1.1"],
    "externalNetworkId": EXTERNAL_NETWORK_ID,
    "managedSecurityGroups": {"cni": "calico"},
    "tags": ["blue"],
}
PASSES_MAX = 40


class ClusterKeeper:
    """Keeps one Cluster and stores what the actuator returns, as the real reconciler does."""

    def __init__(self, actuator: ClusterActuator, cluster: Cluster) -> None:
        self.actuator = actuator
        self.cluster = cluster

    @property
    def record(self) -> ClusterProviderStatus:
        return read_cluster_status(self.cluster.status.provider_status)

    async def step(self) -> ClusterObservation:
        """Go through one pass."""
        observation = await self.actuator.reconcile(self.cluster)
        status = msgspec.structs.replace(self.cluster.status, provider_status=observation.provider_status)
        self.cluster = msgspec.structs.replace(self.cluster, status=status)
        return observation

    async def settle(self) -> ClusterObservation:
        """Go through passes until nothing is waited for."""
        for _ in range(PASSES_MAX):
            observation = await self.step()
            if not observation.waiting_for:
                return observation
        raise AssertionError("the cluster never came to its end state")

    async def delete(self) -> Deletion:
        return await self.actuator.delete(self.cluster)

    def wish(self, **changes: Any) -> None:
        """Change the spec as a person does; None removes a key."""
        spec = self.cluster.spec
        assert spec.provider_spec is not None
        value = {**(spec.provider_spec.value or {}), **changes}
        kept = {name: item for name, item in value.items() if item is not None}
        provider_spec = msgspec.structs.replace(spec.provider_spec, value=kept)
        self.cluster = msgspec.structs.replace(
            self.cluster, spec=msgspec.structs.replace(spec, provider_spec=provider_spec)
        )

    def forget_record(self) -> None:
        """Lose the status, as a restored object does."""
        status = msgspec.structs.replace(self.cluster.status, provider_status=None)
        self.cluster = msgspec.structs.replace(self.cluster, status=status)


def managed_cluster(name: str = "test1", namespace: str = "default", **changes: Any) -> Cluster:
    value = {name: item for name, item in {**MANAGED, **changes}.items() if item is not None}
    return make_cluster(name, namespace, value)


def everything(cloud: CoreCloud) -> dict[str, list[str]]:
    """Return the ids of everything of Neutron's in the cloud."""
    world = cloud.world
    tables = {
        "networks": world.networks,
        "subnets": world.subnets,
        "routers": world.routers,
        "ports": world.ports,
        "groups": world.security_groups,
        "rules": world.security_group_rules,
        "floating addresses": world.floating_ips,
    }
    return {name: sorted(table) for name, table in tables.items()}


def writes(cloud: CoreCloud) -> list[tuple[str, str]]:
    """Return the calls that change something."""
    return [(entry.method, entry.template) for entry in cloud.entries() if entry.method != "GET"]
