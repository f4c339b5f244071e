"""Drive the provider's actuators against a cloud on the network, as the reconcilers do, until something holds."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from tests.providers.openstack.machines import API_VERSION

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.contract.actuators import Deletion, Instance, MachineRequest
from kubecapy.contract.errors import (
    CapacityExhausted,
    InvalidConfiguration,
    NotFound,
    PermissionDenied,
    ProviderError,
)
from kubecapy.contract.provider import Actuators
from kubecapy.telemetry.secrets import Secret

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.2
LASTING = (CapacityExhausted, InvalidConfiguration, NotFound, PermissionDenied)
"""Errors that no further pass mends."""
USER_DATA = Secret(b"#cloud-config\nruncmd: []\n")


class Declared:
    """A Cluster and its Machines as an API server would hold them, and the reconcilers' part in their life."""

    def __init__(self, actuators: Actuators, name: str, namespace: str, value: Mapping[str, Any] | None = None) -> None:
        """Declare a Cluster with `value` as its providerSpec."""
        self.actuators = actuators
        self.cluster = build(Cluster, name, namespace, {"clusterNetwork": CLUSTER_NETWORK}, value or {})
        self.machines: dict[str, Machine] = {}

    def add(self, name: str, *, is_control_plane: bool = False, **value: Any) -> None:
        """Declare a Machine with `value` as its providerSpec, beside the flavor and image of the article."""
        versions = {"kubelet": "1.14.0"} | ({"controlPlane": "1.14.0"} if is_control_plane else {})
        namespace = self.cluster.metadata.namespace
        wished = {key: item for key, item in {**PLAIN_MACHINE, **value}.items() if item is not None}
        self.machines[name] = build(Machine, name, namespace, {"versions": versions}, wished)

    def forget(self, name: str) -> None:
        """Lose the Machine's status, as a restore without it does."""
        machine = self.machines[name]
        self._store_machine(name, msgspec.structs.replace(machine.status, provider_status=None))

    async def ready(self) -> None:
        """Reconcile the Cluster until its part of the cloud is there."""

        async def step() -> bool:
            seen = await self.actuators.cluster.reconcile(self.cluster)
            self._record_cluster(seen.provider_status)
            return not seen.waiting_for

        await until("the cluster", step)

    async def ready_until(self, holds: Callable[[], bool]) -> None:
        """Reconcile the Cluster until something that a later pass does is seen."""

        async def step() -> bool:
            await self.ready()
            return holds()

        await until("the repair of the cluster", step)

    def wish(self, **changes: Any) -> None:
        """Change the Cluster's providerSpec as a person does."""
        spec = self.cluster.spec
        assert spec.provider_spec is not None
        provider_spec = msgspec.structs.replace(
            spec.provider_spec, value={**(spec.provider_spec.value or {}), **changes}
        )
        spec = msgspec.structs.replace(spec, provider_spec=provider_spec)
        self.cluster = msgspec.structs.replace(self.cluster, spec=spec)

    def forget_cluster(self) -> None:
        """Lose the Cluster's status, as a restore without it does."""
        self._record_cluster(None)

    async def running(self, name: str) -> Instance:
        """Reconcile the Machine until its server runs, and return it."""
        instance: Instance | None = None

        async def step() -> bool:
            nonlocal instance
            instance = await self.create(name)
            assert instance.state != "Failed", instance.fault
            return instance.state == "Running"

        await until(f"server {name}", step)
        assert instance is not None
        return instance

    async def create(self, name: str) -> Instance:
        """Go through one pass of creation."""
        machine = self.actuators.machine
        reservation = await machine.ensure_reservation(self.request(name))
        self._record(name, reservation.provider_status)
        instance = await machine.ensure_instance(self.request(name), USER_DATA)
        self._record(name, instance.provider_status)
        return instance

    async def failing(self, name: str) -> str:
        """Reconcile the Machine until its server has failed, and return the fault."""
        fault = ""

        async def step() -> bool:
            nonlocal fault
            instance = await self.create(name)
            fault = instance.fault
            return instance.state == "Failed"

        await until(f"the failure of {name}", step)
        return fault

    async def refusal(self, name: str) -> ProviderError:
        """Return the error of one pass of creation, which must have one."""
        try:
            await self.create(name)
        except ProviderError as error:
            return error
        raise AssertionError(f"{name} was made")

    async def observed_gone(self, name: str) -> None:
        """Look until the Machine's server is seen to be gone."""

        async def step() -> bool:
            return await self.actuators.machine.observe_instance(self.request(name)) is None

        await until(f"the end of server {name}", step)

    async def deleted(self, *names: str) -> None:
        """Delete Machines, all declared ones unless named, until nothing of theirs is left."""
        await asyncio.gather(*(self._deleted(name) for name in names or tuple(self.machines)))

    async def gone(self) -> None:
        """Delete all Machines, then the Cluster's own part."""
        await self.deleted()

        async def step() -> bool:
            return (await self.delete_cluster()).gone

        await until("the end of the cluster", step)

    async def delete_cluster(self) -> Deletion:
        """Go through one pass of the Cluster's deletion."""
        return await self.actuators.cluster.delete(self.cluster)

    def request(self, name: str) -> MachineRequest:
        """Return what an actuator is told of the Machine."""
        return MachineRequest(self.machines[name], self.cluster)

    async def _deleted(self, name: str) -> None:
        async def step() -> bool:
            return (await self.actuators.machine.delete(self.request(name))).gone

        await until(f"the end of machine {name}", step)
        del self.machines[name]

    def _record(self, name: str, provider_status: Mapping[str, Any] | None) -> None:
        status = msgspec.structs.replace(self.machines[name].status, provider_status=provider_status)
        self._store_machine(name, status)

    def _record_cluster(self, provider_status: Mapping[str, Any] | None) -> None:
        status = msgspec.structs.replace(self.cluster.status, provider_status=provider_status)
        self.cluster = msgspec.structs.replace(self.cluster, status=status)

    def _store_machine(self, name: str, status: Any) -> None:  # Any: MachineStatus, which nobody else names here
        self.machines[name] = msgspec.structs.replace(self.machines[name], status=status)


async def until(what: str, step: Callable[[], Awaitable[bool]]) -> None:
    """Take `step` again and again until it says that it is done; errors that pass by themselves are waited out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    last: ProviderError | None = None
    while time.monotonic() < deadline:
        try:
            if await step():
                return
        except LASTING:
            raise
        except ProviderError as error:
            last = error
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS:g} s: {last}")


CLUSTER_NETWORK = {
    "services": {"cidrBlocks": ["10.96.0.0/12"]},
    "pods": {"cidrBlocks": ["192.168.0.0/16"]},
    "serviceDomain": "cluster.local",
}
PLAIN_MACHINE: Mapping[str, Any] = {
    "flavor": "m1.small",
    "image": "KVM-Ubt18.04-Srv-x64",
    "networks": [{"filter": {"name": "private"}}],
}


def build(kind: Any, name: str, namespace: str, spec: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    """Return a Cluster or Machine with `value` as its providerSpec."""
    header = {"apiVersion": API_VERSION, "kind": "OpenstackProviderSpec"}
    metadata = {"name": name, "namespace": namespace, "uid": str(uuid.uuid4())}
    provider_spec = {"value": {**header, **value}}
    return msgspec.convert({"metadata": metadata, "spec": {**spec, "providerSpec": provider_spec}}, kind)
