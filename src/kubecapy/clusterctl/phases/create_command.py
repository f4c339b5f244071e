"""Do what `clusterctl create cluster` asks for, from reading files to clearing the state folder."""

import asyncio
from pathlib import Path

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTERS
from kubecapy.apimachinery.errors import StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.kubeconfig import KubeconfigError
from kubecapy.client.tls import TlsSettingsError
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.connecting import ClusterChoice, open_cluster
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.files import InputFiles, read_inputs
from kubecapy.clusterctl.inputs.preflight import check_inputs
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.phases.creation import CreatePlan, create
from kubecapy.clusterctl.runs.record import RECORD_FILE
from kubecapy.clusterctl.runs.run import default_state_folder, forget_run, open_run
from kubecapy.clusterctl.runs.timeouts import Timeouts

LOOK_SECONDS = 5.0
"""A kubeconfig that was left from an earlier cluster may point to nowhere."""


class CreateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asked for."""

    files: InputFiles
    provider: str
    bootstrap: BootstrapChoice
    cleanup: bool
    kubeconfig_out: Path
    state_folder: Path | None
    """None means the usual place."""
    timeouts: Timeouts


async def refuse_second(kubeconfig: Path, cluster: ObjectKey, invocation: Invocation) -> None:
    """Check that `kubeconfig`, which an earlier create may have written, does not reach the same cluster.

    Raises:
        ClusterctlError: it does: a second create would make a second control plane in the first one's name.
    """
    try:
        async with asyncio.timeout(LOOK_SECONDS), open_cluster(ClusterChoice(kubeconfig), invocation) as opened:
            found = await opened.client.find(CLUSTERS, cluster)
    except (KubeconfigError, TlsSettingsError, Unreachable, StatusError, TimeoutError):
        # The file of a cluster that is gone, or of another kind: it is about to be replaced.
        return
    if found is not None:
        raise ClusterctlError(
            f"cluster {cluster} exists already: {kubeconfig} reaches it; "
            "delete it first, or give the new cluster another name or namespace"
        )


def run_create(request: CreateRequest, invocation: Invocation) -> JsonObject:
    """Create the cluster and return what a program wants to know of it.

    Order: nothing is written, in the state folder or anywhere, before every file and the cloud were asked.

    Raises:
        ClusterctlError: a file is wrong, the cloud lacks something, or a step failed.
    """
    inputs = read_inputs(request.files)
    folder = request.state_folder or default_state_folder(invocation, inputs.key)
    is_fresh = not (folder / RECORD_FILE).exists()
    if is_fresh and request.kubeconfig_out.exists():
        invocation.run(refuse_second(request.kubeconfig_out, inputs.key, invocation))
    invocation.run(check_inputs(inputs, request.provider, invocation, ask_cloud=is_fresh))
    with open_run(folder, "create", inputs.key, request.timeouts, invocation) as run:
        for sentence in inputs.ignored:
            run.progress.warn(sentence)
        if request.bootstrap.kubeconfig is not None:
            run.store.update(bootstrap_kubeconfig=str(request.bootstrap.kubeconfig.absolute()))
        if not run.store.record.is_complete:
            plan = CreatePlan(inputs, request.bootstrap, request.kubeconfig_out, request.cleanup)
            invocation.run(create(plan, run))
        if request.bootstrap.type == "embedded" and request.cleanup:
            run.progress.step("Cleaning up bootstrap cluster.")
        elif request.bootstrap.type == "embedded":
            run.progress.step(f"The bootstrap cluster's store is kept in {folder}")
        forget_run(run, keep_store=request.bootstrap.type == "embedded" and not request.cleanup)
        return {
            "namespace": inputs.key.namespace,
            "cluster": inputs.key.name,
            "kubeconfig": str(request.kubeconfig_out),
            "seconds": round(run.progress.elapsed_seconds, 1),
        }
