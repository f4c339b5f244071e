"""Open the chosen bootstrap cluster."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.bootstrap_cluster.embedded import open_embedded_cluster
from kubecapy.clusterctl.bootstrap_cluster.remote import RemoteCluster
from kubecapy.clusterctl.connecting import ClusterChoice, open_cluster
from kubecapy.clusterctl.move.sides import Side
from kubecapy.clusterctl.runs.run import Run


@asynccontextmanager
async def open_bootstrap_cluster(choice: BootstrapChoice, run: Run) -> AsyncIterator[Side]:
    """Open it for as long as the block lasts; its controllers run only once they are started."""
    if choice.type == "embedded":
        async with open_embedded_cluster(run.folder, run.invocation) as embedded:
            yield embedded
        return
    async with open_cluster(ClusterChoice(choice.kubeconfig), run.invocation) as cluster:
        yield RemoteCluster("bootstrap cluster", cluster.client, run.store.record.key, run.waiter)
