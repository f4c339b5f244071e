"""Do what `clusterctl create cluster` asks for, from reading files to clearing the state folder."""

from pathlib import Path

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.inputs import InputFiles, read_inputs
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.phases.creation import CreatePlan, create
from kubecapy.clusterctl.preflight import check_inputs
from kubecapy.clusterctl.record import RECORD_FILE
from kubecapy.clusterctl.run import default_state_folder, forget_run, open_run
from kubecapy.clusterctl.timeouts import Timeouts


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


def run_create(request: CreateRequest, invocation: Invocation) -> JsonObject:
    """Create the cluster and return what a program wants to know of it.

    Order: nothing is written, in the state folder or anywhere, before every file and the cloud were asked.

    Raises:
        ClusterctlError: a file is wrong, the cloud lacks something, or a step failed.
    """
    inputs = read_inputs(request.files)
    folder = request.state_folder or default_state_folder(invocation, inputs.key)
    is_fresh = not (folder / RECORD_FILE).exists()
    invocation.run(check_inputs(inputs, request.provider, invocation, ask_cloud=is_fresh))
    with open_run(folder, "create", inputs.key, request.timeouts, invocation) as run:
        for sentence in inputs.ignored:
            run.progress.warn(sentence)
        if request.bootstrap.kubeconfig is not None:
            run.store.update(bootstrap_kubeconfig=str(request.bootstrap.kubeconfig.absolute()))
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
