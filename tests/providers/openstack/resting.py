"""Fill a simulated system with workers that run already, without the minutes that their creation would take."""

from typing import Final

import msgspec
from tests.providers.openstack.machines import USER_DATA, claimed, with_status
from tests.providers.openstack.simulated import Simulation, a_machine

from kubecapy.api.cluster.v1alpha1 import MACHINE_FINALIZER, MACHINES, Cluster, Machine
from kubecapy.api.core import NODES, ObjectReference
from kubecapy.apimachinery.finalizers import with_finalizer
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.contract.actuators import Instance, MachineRequest
from kubecapy.contract.provider import Actuators
from kubecapy.controllers.membership import owned_by_cluster
from kubecapy.controllers.secret_reader import ApiSecretReader
from kubecapy.testing.guests import Workload, ready_node

BOOT_SECONDS: Final = 2.0


async def add_resting_workers(system: Simulation, namespace: str, count: int) -> None:
    """Make `count` workers through the actuators, and store them as the controllers would have left them.

    Their cluster runs, and the controllers do not: these must find everything as they themselves made it.
    """
    cluster, master = system.cluster(ObjectKey(namespace, "test1")), system.machine(ObjectKey(namespace, "master"))
    assert cluster is not None
    assert master is not None
    endpoint = cluster.status.api_endpoints[0]
    workload = system.workloads[f"{endpoint.host}:{endpoint.port}"]
    async with system.open_actuators(ApiSecretReader(system.api)) as actuators:
        made = [await _make(actuators, cluster, a_machine(f"node-{n}", namespace)) for n in range(count)]
        await system.advance(BOOT_SECONDS)
        for machine, _ in made:
            instance = await actuators.machine.observe_instance(MachineRequest(machine, cluster))
            assert instance is not None
            _store(system, workload, master, machine, instance)


async def _make(actuators: Actuators, cluster: Cluster, bare: Machine) -> tuple[Machine, Instance]:
    machine = claimed(bare)
    metadata = owned_by_cluster(with_finalizer(machine.metadata, MACHINE_FINALIZER), cluster)
    machine = msgspec.structs.replace(machine, metadata=metadata)
    reservation = await actuators.machine.ensure_reservation(MachineRequest(machine, cluster))
    machine = with_status(machine, reservation.provider_status)
    instance = await actuators.machine.ensure_instance(MachineRequest(machine, cluster), USER_DATA)
    return with_status(machine, instance.provider_status), instance


def _store(system: Simulation, workload: Workload, master: Machine, machine: Machine, instance: Instance) -> None:
    node = workload.api.put(NODES, ready_node(machine.metadata.name, instance.provider_id))
    status = msgspec.structs.replace(
        master.status,
        provider_status=instance.provider_status,
        addresses=instance.addresses,
        node_ref=ObjectReference(name=node.metadata.name, uid=node.metadata.uid),
    )
    metadata = msgspec.structs.replace(
        machine.metadata, annotations={**machine.metadata.annotations, **instance.annotations}
    )
    spec = msgspec.structs.replace(machine.spec, provider_id=instance.provider_id)
    system.api.put(MACHINES, msgspec.structs.replace(machine, metadata=metadata, spec=spec, status=status))
