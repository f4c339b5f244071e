"""Do what `clusterctl delete cluster` asks for: find the cluster or the unfinished run, delete, clear the state."""

from pathlib import Path

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTERS
from kubecapy.apimachinery.meta import ObjectKey, key_of
from kubecapy.client import kubeconfig
from kubecapy.client.interfaces import Unreachable
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.connecting import ClusterChoice, open_cluster
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.objects.manifest_files import read_manifests
from kubecapy.clusterctl.phases.adoption import adopt_creation
from kubecapy.clusterctl.phases.deletion import DeletePlan, delete
from kubecapy.clusterctl.runs.record import RECORD_FILE, RunRecord, read_record
from kubecapy.clusterctl.runs.run import TARGET_KUBECONFIG_FILE, Run, default_state_folder, forget_run, open_run
from kubecapy.clusterctl.runs.timeouts import Timeouts
from kubecapy.telemetry.logs import get_logger

logger = get_logger(__name__)


class DeleteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asked for."""

    target: ClusterChoice | None
    """The cluster to delete; None where a state folder is named instead."""
    namespace: str
    """Namespace of the Cluster object; empty for any."""
    components: Path | None
    bootstrap: BootstrapChoice
    state_folder: Path | None
    timeouts: Timeouts


class Found(msgspec.Struct, frozen=True):
    """Which cluster is deleted, and where its run is recorded."""

    folder: Path
    cluster: ObjectKey
    record: RunRecord | None


def run_delete(request: DeleteRequest, invocation: Invocation) -> None:
    """Delete the cluster and everything that is kept of it on this machine but its kubeconfig.

    Raises:
        ClusterctlError: the cluster cannot be found, or a step failed.
    """
    components = None
    if request.components is not None:
        components = [manifest.object for manifest in read_manifests(request.components)]
    found = _find(request, invocation)
    operation = found.record.operation if found.record else "delete"
    with open_run(found.folder, operation, found.cluster, request.timeouts, invocation) as run:
        bootstrap, target = _reach(request, run)
        if run.store.record.operation == "create":
            run.progress.step(f"Deleting what an unfinished create of cluster {found.cluster} made")
            invocation.run(adopt_creation(bootstrap, target, run))
        elif request.target is not None:
            run.store.update(server=_server(request.target, invocation))
        if not run.store.record.is_complete:
            invocation.run(delete(DeletePlan(target, components, bootstrap), run))
        run.progress.step("Deletion of cluster complete")
        forget_run(run)


def _reach(request: DeleteRequest, run: Run) -> tuple[BootstrapChoice, ClusterChoice]:
    """Return how the bootstrap cluster and the cluster itself are reached: as asked, or as the record says."""
    recorded = run.store.record.bootstrap_kubeconfig
    bootstrap = BootstrapChoice("existing", Path(recorded)) if recorded else request.bootstrap
    return bootstrap, request.target or ClusterChoice(run.folder / TARGET_KUBECONFIG_FILE)


def _find(request: DeleteRequest, invocation: Invocation) -> Found:
    if request.state_folder is not None and (record := read_record(request.state_folder)):
        return Found(request.state_folder, record.key, record)
    if request.target is None:
        raise ClusterctlError(
            f"{request.state_folder} holds no unfinished run; pass --kubeconfig of the cluster to delete"
        )
    if found := _find_earlier(request.target, invocation):
        return found
    cluster = invocation.run(_ask_for_cluster(request.target, request.namespace, invocation))
    folder = request.state_folder or default_state_folder(invocation, cluster)
    return Found(folder, cluster, read_record(folder))


def _find_earlier(target: ClusterChoice, invocation: Invocation) -> Found | None:
    """Return the unfinished deletion of the same cluster: its API may have gone already."""
    server = _server(target, invocation)
    for path in sorted(invocation.state_home.glob(f"kubecapy/*/{RECORD_FILE}")):
        try:
            record = read_record(path.parent)
        except ClusterctlError as error:
            # It may be the record of any cluster: no reason to keep the others from being deleted.
            logger.warning("Passing over a record: %s", error)
            continue
        if record and server in (record.server, _server_of_create(path.parent, record)):
            return Found(path.parent, record.key, record)
    return None


def _server_of_create(folder: Path, record: RunRecord) -> str | None:
    """Return the API that an unfinished create has made; it may not hold its own Cluster yet."""
    copy = folder / TARGET_KUBECONFIG_FILE
    if record.operation != "create" or not copy.exists():
        return None
    return kubeconfig.load(copy.read_bytes()).server


def _server(target: ClusterChoice, invocation: Invocation) -> str:
    return kubeconfig.default(invocation.environ, target.kubeconfig, target.context).server


async def _ask_for_cluster(target: ClusterChoice, namespace: str, invocation: Invocation) -> ObjectKey:
    """Return the only Cluster that the target holds."""
    async with open_cluster(target, invocation) as opened:
        try:
            clusters = (await opened.client.list(CLUSTERS, namespace=namespace)).items
        except Unreachable as error:
            raise ClusterctlError(
                f"the cluster to delete does not answer ({error}), and no unfinished delete of it is recorded; "
                "if a run of yours used another --state-dir, name it"
            ) from error
    if len(clusters) == 1:
        return key_of(clusters[0])
    where = f' in namespace "{namespace}"' if namespace else ""
    if not clusters:
        raise ClusterctlError(f"{opened.client.connection.server} holds no Cluster{where}; there is nothing to delete")
    names = ", ".join(str(key_of(cluster)) for cluster in clusters)
    raise ClusterctlError(f"there is more than one Cluster{where}: {names}; name its namespace with --namespace")
