"""Turn an unfinished create into a delete, wherever it stopped."""

from kubecapy.api.cluster.v1alpha1 import CLUSTERS
from kubecapy.apimachinery.codec import to_json_object
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.bootstrap_cluster.opening import open_bootstrap_cluster
from kubecapy.clusterctl.bootstrap_cluster.remote import RemoteCluster
from kubecapy.clusterctl.connecting import ClusterChoice, open_cluster
from kubecapy.clusterctl.move.moving import Move
from kubecapy.clusterctl.runs.record import MoveRecord
from kubecapy.clusterctl.runs.run import Run


async def adopt_creation(bootstrap: BootstrapChoice, target: ClusterChoice, run: Run) -> None:
    """Bring the cluster of an unfinished create to where a delete can begin, and record that it is one now.

    Before the move handed over, everything is in the bootstrap cluster, where it stays and is deleted. After it, the
    move is completed, and the cluster is deleted like any other.
    """
    match run.store.record.move_stage:
        case None | "pausing" | "copying":
            await _stay(bootstrap, run)
        case "switching" | "deleting":
            await _complete(bootstrap, target, run)
        case "done":
            run.store.update(operation="delete", move=None, is_complete=False)


async def _stay(choice: BootstrapChoice, run: Run) -> None:
    """Keep the cluster in the bootstrap cluster, which acts on it again."""
    async with open_bootstrap_cluster(choice, run) as bootstrap:
        await Move(bootstrap, bootstrap, run.store, run.progress).abandon()
        record = run.store.record
        cluster = await bootstrap.client.find(CLUSTERS, record.key)
        known = to_json_object(cluster) if cluster else record.cluster_object
        # A finished move is what a delete finds where the cluster is in the bootstrap cluster.
        run.store.update(operation="delete", move=MoveRecord(stage="done"), cluster_object=known)


async def _complete(choice: BootstrapChoice, target: ClusterChoice, run: Run) -> None:
    """Finish the move into the new cluster."""
    async with (
        open_bootstrap_cluster(choice, run) as bootstrap,
        open_cluster(target, run.invocation) as opened,
    ):
        destination = RemoteCluster("target cluster", opened.client, run.store.record.key, run.waiter)
        await Move(bootstrap, destination, run.store, run.progress).run()
    run.store.update(operation="delete", move=None)
