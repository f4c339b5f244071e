"""Build the article's Cluster and Machines, and play the part of the reconciler between a test and an actuator."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from tests.providers.openstack.core_cloud import ManualClock

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine, with_identity
from kubecapy.contract.actuators import Instance, MachineActuator, MachineRequest, Reservation
from kubecapy.contract.errors import NotReady
from kubecapy.devcloud.seed import NETWORK_ID, SECURITY_GROUP_ID
from kubecapy.providers.openstack.actuators.scope import owner_of
from kubecapy.telemetry.secrets import Secret

T = TypeVar("T", Cluster, Machine)

API_VERSION = "openstackproviderconfig/v1alpha1"
USER_DATA = Secret(b"#cloud-config\nruncmd: []\n")


def provider_spec(**changes: Any) -> dict[str, Any]:
    """Return the article's machine spec with `changes`; a change to None removes the key."""
    spec: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "OpenstackProviderSpec",
        "flavor": "m1.medium",
        "image": "KVM-Ubt18.04-Srv-x64",
        "sshUserName": "cloudusr",
        "availabilityZone": "nova",
        "networks": [{"uuid": NETWORK_ID}],
        "securityGroups": [{"uuid": SECURITY_GROUP_ID}],
        "trunk": False,
    }
    spec.update(changes)
    return {key: value for key, value in spec.items() if value is not None}


def make_cluster(name: str = "test1", namespace: str = "default", value: Mapping[str, Any] | None = None) -> Cluster:
    spec = {
        "clusterNetwork": {
            "services": {"cidrBlocks": ["10.96.0.0/12"]},
            "pods": {"cidrBlocks": ["192.168.0.0/16"]},
            "serviceDomain": "cluster.local",
        },
        "providerSpec": {"value": {"apiVersion": API_VERSION, "kind": "OpenstackProviderSpec", **(value or {})}},
    }
    metadata = {"name": name, "namespace": namespace, "uid": f"uid of cluster {name}"}
    return msgspec.convert({"metadata": metadata, "spec": spec}, Cluster)


def make_machine(name: str = "node-1", namespace: str = "default", **changes: Any) -> Machine:
    spec = {"providerSpec": {"value": provider_spec(**changes)}, "versions": {"kubelet": "1.14.0"}}
    metadata = {"name": name, "namespace": namespace, "uid": f"uid of {name}"}
    return msgspec.convert({"metadata": metadata, "spec": spec}, Machine)


def claimed(obj: T) -> T:
    """Return a Cluster or Machine as its reconciler stores it before anything is made for it."""
    return msgspec.structs.replace(obj, metadata=with_identity(obj.metadata))


def moved(obj: T) -> T:
    """Return a claimed object as it is in another API server: with another uid."""
    return msgspec.structs.replace(obj, metadata=msgspec.structs.replace(obj.metadata, uid="uid elsewhere"))


def with_status(machine: Machine, provider_status: Mapping[str, Any] | None) -> Machine:
    """Return the machine as the reconciler stores it."""
    status = msgspec.structs.replace(machine.status, provider_status=provider_status)
    return msgspec.structs.replace(machine, status=status)


OWNER = owner_of(MachineRequest(make_machine(), make_cluster()))
"""What everything of the machine `node-1` bears."""
PORT = OWNER.port_name()
"""The name of its first port."""


class Reconciler:
    """Keeps one Machine and stores what an actuator returns, as the real reconciler does."""

    def __init__(self, actuator: MachineActuator, machine: Machine, cluster: Cluster | None) -> None:
        self.actuator = actuator
        self.machine = machine
        self.cluster = cluster

    @property
    def request(self) -> MachineRequest:
        return MachineRequest(self.machine, self.cluster)

    async def reserve(self) -> Reservation:
        reservation = await self.actuator.ensure_reservation(self.request)
        self.machine = with_status(self.machine, reservation.provider_status)
        return reservation

    async def make(self) -> Instance:
        instance = await self.actuator.ensure_instance(self.request, USER_DATA)
        self.machine = with_status(self.machine, instance.provider_status)
        return instance

    async def create(self) -> Instance:
        """Go through one whole pass of creation."""
        await self.reserve()
        return await self.make()

    async def settle(self, clock: ManualClock) -> Instance:
        """Go through passes of creation until the server is asked for, as where volumes are filled first."""
        for _ in range(20):
            await self.reserve()
            with suppress(NotReady):
                return await self.make()
            clock.pass_(1.0)
        raise AssertionError("the server was never asked for")

    async def vanish(self, clock: ManualClock) -> None:
        """Delete until nothing is left."""
        for _ in range(30):
            if await self.delete():
                return
            clock.pass_(2.0)
        raise AssertionError("the delete never ended")

    async def observe(self) -> Instance | None:
        return await self.actuator.observe_instance(self.request)

    async def delete(self) -> bool:
        return (await self.actuator.delete(self.request)).gone
