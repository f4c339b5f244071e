"""Create a cluster: from two files to a cluster that looks after itself.

    bootstrap cluster: stack -> Cluster -> first control plane -> kubeconfig
    new cluster:       addons -> stack -> move -> further control planes -> workers

Source of the order and of the step lines: Cluster API v0.1.10, cmd/clusterctl/clusterdeployer. Every phase looks at
the world first, so that the same command run again goes on where it stopped.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.bootstrap_cluster.opening import open_bootstrap_cluster
from kubecapy.clusterctl.bootstrap_cluster.remote import RemoteCluster
from kubecapy.clusterctl.connecting import ClusterChoice, open_cluster
from kubecapy.clusterctl.inputs.components import controllers_of
from kubecapy.clusterctl.inputs.files import Inputs
from kubecapy.clusterctl.move.moving import Move
from kubecapy.clusterctl.move.sides import Side
from kubecapy.clusterctl.phases.lending import give_back, namespaces, put_stack
from kubecapy.clusterctl.phases.machine_report import has_node, is_ready
from kubecapy.clusterctl.phases.machines import (
    NamedMachine,
    ensure_cluster,
    ensure_machine,
    name_machines,
    refuse_shared_namespace,
    wait_for_machine,
)
from kubecapy.clusterctl.phases.saved_components import save_components
from kubecapy.clusterctl.phases.stack import apply_objects, wait_for_controllers
from kubecapy.clusterctl.phases.target import fetch_kubeconfig, wait_until_serving, write_kubeconfig
from kubecapy.clusterctl.runs.run import TARGET_KUBECONFIG_FILE, Run


class CreatePlan(msgspec.Struct, frozen=True):
    """What is to be created, and from where."""

    inputs: Inputs
    bootstrap: BootstrapChoice
    kubeconfig_out: Path
    cleanup: bool
    """Whether what this run added to the bootstrap cluster is removed at the end."""


async def create(plan: CreatePlan, run: Run) -> None:
    """Create the cluster, or go on with it; returns once every Machine is Ready.

    Raises:
        ClusterctlError: a step cannot succeed or took too long; what was made is recorded.
        StatusError, Unreachable: an API refused or did not answer.
    """
    machines = name_machines(plan.inputs, run.store, run.invocation.random)
    if run.store.record.move_stage != "done":
        await _create_first(plan, machines, run)
    if plan.bootstrap.type == "existing":
        await _leave_existing(plan, run)
    choice = ClusterChoice(run.folder / TARGET_KUBECONFIG_FILE)
    async with open_cluster(choice, run.invocation) as target:
        await _create_rest(target.client, machines, run)
    # The copy that the person asked for may be gone since an earlier run wrote it.
    write_kubeconfig(plan.kubeconfig_out, (run.folder / TARGET_KUBECONFIG_FILE).read_bytes())
    run.progress.step(
        f"Done provisioning cluster. You can now access your cluster with kubectl --kubeconfig {plan.kubeconfig_out}"
    )


async def _create_first(plan: CreatePlan, machines: Sequence[NamedMachine], run: Run) -> None:
    """Make the first control plane with the bootstrap cluster and move everything into it."""
    run.progress.step("Preparing bootstrap cluster")
    async with open_bootstrap_cluster(plan.bootstrap, run) as bootstrap:
        if run.store.record.move is None:
            await _provision(plan, machines, bootstrap, run)
        choice = ClusterChoice(run.folder / TARGET_KUBECONFIG_FILE)
        async with open_cluster(choice, run.invocation) as target:
            await _prepare_target(plan.inputs, target.client, run)
            run.progress.step("Pivoting Cluster API stack to target cluster")
            destination = RemoteCluster("target cluster", target.client, run.store.record.key, run.waiter)
            await Move(bootstrap, destination, run.store, run.progress).run()


async def _provision(plan: CreatePlan, machines: Sequence[NamedMachine], bootstrap: Side, run: Run) -> None:
    """Make the Cluster and its first control plane, and fetch the kubeconfig."""
    inputs = plan.inputs
    if inputs.bootstrap_only:
        run.progress.step("Applying Bootstrap-only Components")
        await apply_objects(bootstrap.client, inputs.bootstrap_only, run.waiter)
    run.progress.step("Applying Cluster API stack to bootstrap cluster")
    run.progress.step("Applying Cluster API Provider Components")
    stack = [*namespaces([inputs.key.namespace]), *inputs.components]
    await put_stack(bootstrap.client, stack, plan.bootstrap, run)
    await bootstrap.start_controllers()
    if plan.bootstrap.type == "existing":
        # A Machine that nobody works on says nothing of why: an image that cannot be pulled is told by its pod.
        await wait_for_controllers(bootstrap.client, controllers_of(inputs.components), run.waiter)
    run.progress.step("Provisioning target cluster via bootstrap cluster")
    await refuse_shared_namespace(bootstrap.client, inputs.key)
    await ensure_cluster(bootstrap.client, inputs, run.progress)
    first = next(machine for machine in machines if machine.is_control_plane)
    run.progress.step(f'Creating control plane machine {first.key.name} in namespace "{first.key.namespace}"')
    await ensure_machine(bootstrap.client, first)
    limits = run.timeouts
    # The network of pods may come with the addons: the Node registers first and becomes Ready after them.
    await wait_for_machine(
        bootstrap.client, first.key, has_node, run.waiter, limit_seconds=limits.machine_ready_seconds
    )
    run.progress.step("Getting target cluster kubeconfig")
    content = await fetch_kubeconfig(
        bootstrap.client, inputs.key, run.waiter, limit_seconds=limits.kubeconfig_ready_seconds
    )
    write_kubeconfig(run.folder / TARGET_KUBECONFIG_FILE, content)
    write_kubeconfig(plan.kubeconfig_out, content)


async def _leave_existing(plan: CreatePlan, run: Run) -> None:
    """Give an existing bootstrap cluster back as it was before this run."""
    if not run.store.record.has_borrowed:
        return
    run.progress.step("Cleaning up bootstrap cluster.")
    async with open_bootstrap_cluster(plan.bootstrap, run) as bootstrap:
        await give_back(bootstrap, run, remove=plan.cleanup)


async def _prepare_target(inputs: Inputs, target: Client, run: Run) -> None:
    """Bring the new cluster to where it can take over."""
    run.progress.step("Creating target cluster")
    await wait_until_serving(target, inputs.key.name, run.waiter)
    if inputs.addons:
        run.progress.step("Applying Addons")
        await apply_objects(target, inputs.addons, run.waiter)
    run.progress.step("Applying Cluster API Provider Components to Target Cluster")
    await apply_objects(target, inputs.components, run.waiter)
    await wait_for_controllers(target, controllers_of(inputs.components), run.waiter)
    # Order: before the move, so that the cluster can be deleted from its first moment as its own manager.
    run.progress.step("Saving provider components to the target cluster")
    await save_components(target, inputs.components)


async def _create_rest(target: Client, machines: Sequence[NamedMachine], run: Run) -> None:
    """Make further control planes one after another, then all workers at once, and wait until all are Ready."""
    first = next(machine for machine in machines if machine.is_control_plane)
    limit = run.timeouts.machine_ready_seconds
    further = [machine for machine in machines if machine.is_control_plane and machine is not first]
    if further:
        run.progress.step("Creating additional control plane machines in target cluster.")
    for machine in further:
        await ensure_machine(target, machine)
        await wait_for_machine(target, machine.key, is_ready, run.waiter, limit_seconds=limit)
    workers = [machine for machine in machines if not machine.is_control_plane]
    if workers:
        run.progress.step("Creating node machines in target cluster.")
    for machine in workers:
        await ensure_machine(target, machine)
    for machine in (first, *workers):
        await wait_for_machine(target, machine.key, is_ready, run.waiter, limit_seconds=limit)
