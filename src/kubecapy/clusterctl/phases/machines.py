"""Make the Cluster object and its Machines, and follow each Machine until it is as far as the next step needs."""

from collections.abc import Callable
from random import Random

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, MACHINES, Machine
from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, labels_of
from kubecapy.apimachinery.names import generate_name
from kubecapy.client.interfaces import Client, Reader
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.files import Inputs, is_control_plane_manifest
from kubecapy.clusterctl.objects.applying import Applier
from kubecapy.clusterctl.phases.machine_report import terminal_error, why_waiting
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.record import RecordStore
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter

SETTLE_SECONDS = 5.0


class NamedMachine:
    """A Machine of the machines file under the name that it has, or gets, on the server."""

    def __init__(self, manifest: Manifest, key: ObjectKey, cluster: str) -> None:
        """Keep what the person wrote, the key, and the name of its Cluster."""
        self.key = key
        self._cluster = cluster
        self.is_control_plane = is_control_plane_manifest(manifest)
        self._written = manifest.object

    @property
    def object(self) -> JsonObject:
        """The object to apply."""
        metadata = self._written["metadata"]
        # The label is said, not left to be guessed: the bootstrap cluster may manage others in the same namespace.
        labels = {CLUSTER_NAME_LABEL: self._cluster, **(metadata.get("labels") or {})}
        named = {**metadata, "name": self.key.name, "namespace": self.key.namespace, "labels": labels}
        return {**self._written, "metadata": named}


def name_machines(inputs: Inputs, store: RecordStore, random: Random) -> list[NamedMachine]:
    """Return every Machine of `inputs` with its name; a generated one is recorded before this returns.

    Its place is its prefix and how many of that prefix stand before it, so that an edit elsewhere in the file moves
    no name.
    """
    counts: dict[str, int] = {}
    named: list[NamedMachine] = []
    for manifest in inputs.machines:
        metadata = manifest.object["metadata"]
        name = metadata.get("name")
        if not name:
            prefix = metadata["generateName"]
            place = f"{prefix}/{counts.get(prefix, 0)}"
            counts[prefix] = counts.get(prefix, 0) + 1
            name = store.choose_machine_name(place, generate_name(prefix, random))
        named.append(NamedMachine(manifest, ObjectKey(inputs.key.namespace, name), inputs.key.name))
    return named


async def refuse_shared_namespace(client: Client, cluster: ObjectKey) -> None:
    """Check that no Machine of another cluster would lose its Cluster once there is a second one beside it.

    Raises:
        ClusterctlError: the namespace holds another Cluster and Machines that name none; the message names them.
    """
    clusters = (await client.list(CLUSTERS, namespace=cluster.namespace)).items
    if all(other.metadata.name == cluster.name for other in clusters):
        return
    machines = (await client.list(MACHINES, namespace=cluster.namespace)).items
    if nameless := [machine.metadata.name for machine in machines if CLUSTER_NAME_LABEL not in labels_of(machine)]:
        raise ClusterctlError(
            f'namespace "{cluster.namespace}" of the bootstrap cluster holds another Cluster and Machines without '
            f"label {CLUSTER_NAME_LABEL}: {', '.join(nameless)}; label them, or choose another namespace"
        )


async def ensure_cluster(client: Client, inputs: Inputs, progress: Progress) -> None:
    """Make the Cluster where it is missing, and bring it to what the file says; its namespace is there."""
    key = inputs.key
    progress.step(f'Creating cluster object {key.name} in namespace "{key.namespace}"')
    metadata = {**inputs.cluster.object["metadata"], "namespace": key.namespace}
    await Applier(client).apply({**inputs.cluster.object, "metadata": metadata})


async def ensure_machine(client: Client, machine: NamedMachine) -> None:
    """Make the Machine where it is missing, and bring it to what the file says."""
    await Applier(client).apply(machine.object)


async def wait_for_machine(
    reader: Reader, key: ObjectKey, is_far_enough: Callable[[Machine], bool], waiter: Waiter, *, limit_seconds: float
) -> Machine:
    """Return the Machine once `is_far_enough`, telling meanwhile why it is not.

    Raises:
        ClusterctlError: it has an error that only a person can mend, or it is not there in time.
    """
    # An error may be one of before the manifest was mended: the controllers get a moment to look again.
    settled = waiter.clock.monotonic() + SETTLE_SECONDS

    async def look() -> Machine:
        machine = await reader.find(MACHINES, key)
        if machine is None:
            raise ClusterctlError(f"machine {key} is gone; someone deleted it while it was being made")
        error = terminal_error(machine)
        if error and waiter.clock.monotonic() >= settled:
            raise ClusterctlError(f"{error}; mend that and run the same command again")
        if not is_far_enough(machine):
            raise NotYet(error or why_waiting(machine))
        return machine

    return await waiter.wait_for(f"machine {key.name}", look, limit_seconds=limit_seconds)
