"""Delete a cluster, ending with proof that the cloud holds nothing of it any more.

    the cluster itself:  workers go, made away by its own controllers
    move back:           stack -> move into a bootstrap cluster
    bootstrap cluster:   control planes and Cluster go -> search for leftovers

Source of the step lines: Cluster API v0.1.10, cmd/clusterctl/clusterdeployer. There, all machines were deleted at
once, and the control plane could go before the workers; here workers go first.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Cluster, Machine, is_control_plane
from kubecapy.apimachinery.codec import convert, to_json_object
from kubecapy.apimachinery.meta import JsonObject, key_of
from kubecapy.client.interfaces import Client, Reader
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.bootstrap_cluster.opening import open_bootstrap_cluster
from kubecapy.clusterctl.bootstrap_cluster.remote import RemoteCluster
from kubecapy.clusterctl.connecting import ClusterChoice, open_cluster
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.components import find_controllers
from kubecapy.clusterctl.inputs.provider_tools import find_provider, open_tooling
from kubecapy.clusterctl.move.inventory import take_inventory
from kubecapy.clusterctl.move.membership import list_machines
from kubecapy.clusterctl.move.moving import Move
from kubecapy.clusterctl.move.sides import Side
from kubecapy.clusterctl.phases.lending import give_back, namespaces, put_stack
from kubecapy.clusterctl.phases.machine_report import hosts_controller, why_cluster_waits, why_waiting
from kubecapy.clusterctl.phases.saved_components import read_components, refresh_secrets
from kubecapy.clusterctl.phases.stack import wait_for_controllers
from kubecapy.clusterctl.runs.run import LEFTOVERS_PREFIX, Run
from kubecapy.clusterctl.runs.waiting import NotYet
from kubecapy.local.controllers import secret_reader
from kubecapy.local.provider_environment import read_provider_environment


class DeletePlan(msgspec.Struct, frozen=True):
    """What is to be deleted, and how it is reached."""

    target: ClusterChoice
    """The cluster's own API; not asked any more once the cluster moved out of it."""
    components: Sequence[JsonObject] | None
    """From the person's file; None means those that the cluster keeps."""
    bootstrap: BootstrapChoice


async def delete(plan: DeletePlan, run: Run) -> None:
    """Delete the cluster, or go on with it; returns once the cloud holds nothing of it.

    Raises:
        ClusterctlError: a step took too long, or something is left in the cloud; the message names it.
        StatusError, Unreachable: an API refused or did not answer.
    """
    if run.store.record.move_stage == "done":
        await _delete_from_bootstrap(plan, run)
        return
    async with open_cluster(plan.target, run.invocation) as target:
        if run.store.record.move is None:
            await _delete_workers(target.client, run)
        components = await _components(plan, target.client)
        await _move_out(plan, target.client, components, run)
    await _delete_from_bootstrap(plan, run)


async def _delete_workers(client: Client, run: Run) -> None:
    """Let the cluster's own controllers delete its workers while its control plane still serves.

    A worker that hosts the controllers moves along: the bootstrap cluster's controllers delete it.
    """
    cluster = run.store.record.key
    run.store.update(cluster_object=to_json_object(await client.get(CLUSTERS, cluster)))
    workers = [machine for machine in await list_machines(client, cluster) if not is_control_plane(machine)]
    if not workers:
        return
    run.progress.step(f"Deleting node machines: {', '.join(machine.metadata.name for machine in workers)}")
    for machine in workers:
        await client.delete(MACHINES, key_of(machine), uid=machine.metadata.uid)

    async def look() -> None:
        workers = [machine for machine in await list_machines(client, cluster) if not is_control_plane(machine)]
        if left := [machine for machine in workers if not hosts_controller(machine)]:
            raise NotYet(_why_machines_wait(left))

    await run.waiter.wait_for("node machines to be deleted", look, limit_seconds=run.timeouts.deletion_seconds)


async def _components(plan: DeletePlan, target: Reader) -> Sequence[JsonObject]:
    """Return the components with the credentials that the cluster holds now: they may have changed since the file."""
    if plan.components is None:
        return await read_components(target)
    return await refresh_secrets(target, plan.components)


async def _move_out(plan: DeletePlan, target: Client, components: Sequence[JsonObject], run: Run) -> None:
    run.progress.step("Creating bootstrap cluster")
    async with open_bootstrap_cluster(plan.bootstrap, run) as bootstrap:
        run.progress.step("Applying Cluster API stack to bootstrap cluster")
        await put_stack(bootstrap.client, components, plan.bootstrap, run, await _copies(target, run))
        run.progress.step("Pivoting Cluster API stack to bootstrap cluster")
        source = RemoteCluster("target cluster", target, run.store.record.key, run.waiter)
        await Move(source, bootstrap, run.store, run.progress).run()


async def _copies(target: Client, run: Run) -> Sequence[JsonObject]:
    """Return what the move will copy and nobody deletes with the cluster; nothing once it is copied."""
    if run.store.record.move_stage not in (None, "pausing", "copying"):
        return ()
    inventory = await take_inventory(target, run.store.record.key)
    secrets = (*inventory.own_secrets, *inventory.shared_secrets)
    return [*namespaces([obj["metadata"]["namespace"] for obj in inventory.copied]), *secrets]


async def _delete_from_bootstrap(plan: DeletePlan, run: Run) -> None:
    is_borrowed = plan.bootstrap.type == "existing"
    if is_borrowed and not run.store.record.has_borrowed:
        # An earlier attempt was cut short at its very end, after giving the cluster back.
        return
    async with open_bootstrap_cluster(plan.bootstrap, run) as bootstrap:
        # Without a Cluster, a create ended before it made anything that could be in the cloud.
        if run.store.record.cluster_object is not None:
            await _delete_by_bootstrap(bootstrap, plan, run)
        if is_borrowed:
            await give_back(bootstrap, run, remove=True)


async def _delete_by_bootstrap(bootstrap: Side, plan: DeletePlan, run: Run) -> None:
    run.progress.step("Deleting objects from bootstrap cluster")
    await bootstrap.start_controllers()
    if plan.bootstrap.type == "existing":
        await wait_for_controllers(bootstrap.client, await find_controllers(bootstrap.client), run.waiter)
    await _delete_cluster(bootstrap.client, run)
    if plan.bootstrap.type == "embedded":
        # Those of an existing one go on with its other clusters.
        await bootstrap.stop_controllers()
    await refuse_leftovers(bootstrap, run)


async def _delete_cluster(client: Client, run: Run) -> None:
    """Delete the Cluster, which takes its Machines with it, and wait until both are gone."""
    key = run.store.record.key
    await client.delete(CLUSTERS, key)

    async def look() -> None:
        cluster = await client.find(CLUSTERS, key)
        machines = await list_machines(client, key)
        if cluster is not None or machines:
            raise NotYet(_why_machines_wait(machines) if machines or not cluster else why_cluster_waits(cluster))

    await run.waiter.wait_for(f"cluster {key.name} to be deleted", look, limit_seconds=run.timeouts.deletion_seconds)


async def refuse_leftovers(bootstrap: Side, run: Run) -> None:
    """Search the cloud for everything that bears the cluster's mark.

    Raises:
        ClusterctlError: something is left; the message lists it.
    """
    if run.store.record.cluster_object is None:
        return
    run.progress.step("Searching the cloud for leftovers")
    cluster = convert(run.store.record.cluster_object, Cluster)
    with TemporaryDirectory(prefix=LEFTOVERS_PREFIX, dir=run.folder) as folder:
        environment = await read_provider_environment(bootstrap.client, Path(folder))
        provider = find_provider(environment.provider)
        secrets = secret_reader(bootstrap.client)
        async with open_tooling(provider, run.invocation, environment.variables, secrets) as tooling:
            leftovers = await tooling.find_leftovers(cluster)
    if leftovers:
        listed = ", ".join(f"{found.kind} {found.name} ({found.id})" for found in leftovers)
        raise ClusterctlError(f"the cloud still holds parts of cluster {cluster.metadata.name}: {listed}")


def _why_machines_wait(machines: Sequence[Machine]) -> str:
    return "; ".join(f"{machine.metadata.name}: {why_waiting(machine)}" for machine in machines)
