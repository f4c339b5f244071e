import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from tests.clusterctl.puppets import CLUSTER, NAMESPACE, HurriedClock, Puppet, components, open_puppets, write_files
from tests.clusterctl.scripted_provider import install

from kubecapy.apimachinery.codec import dump_yaml, load_yaml
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.clusterctl.bootstrap_cluster.choice import BootstrapChoice
from kubecapy.clusterctl.bootstrap_cluster.holds import plan_hold
from kubecapy.clusterctl.bootstrap_cluster.loan import LoanBook
from kubecapy.clusterctl.connecting import ClusterChoice
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.files import InputFiles, Inputs, read_inputs
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.objects.raw_resources import (
    RAW_CLUSTERS,
    RAW_CONFIG_MAPS,
    RAW_CRDS,
    RAW_DEPLOYMENTS,
    RAW_MACHINES,
    RAW_NAMESPACES,
    RAW_SECRETS,
)
from kubecapy.clusterctl.phases.adoption import adopt_creation
from kubecapy.clusterctl.phases.create_command import refuse_second
from kubecapy.clusterctl.phases.creation import CreatePlan, create
from kubecapy.clusterctl.phases.deletion import DeletePlan, delete
from kubecapy.clusterctl.phases.saved_components import read_components, refresh_secrets
from kubecapy.clusterctl.phases.stack import apply_objects
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.record import RECORD_FILE, Operation, open_record, read_record
from kubecapy.clusterctl.runs.run import Run
from kubecapy.clusterctl.runs.timeouts import Timeouts
from kubecapy.clusterctl.runs.waiting import Waiter
from kubecapy.tasks import TaskScope


@dataclass
class Stage:
    """A folder with manifests, a bootstrap cluster that exists, and the cluster to be."""

    folder: Path
    bootstrap: Puppet
    target: Puppet

    @property
    def inputs(self) -> Inputs:
        files = InputFiles(*(self.folder / f"{name}.yaml" for name in ("cluster", "machines", "components")))
        return read_inputs(files)

    @property
    def kubeconfig_out(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def run(self, operation: Operation, *, seconds: float = 2000.0) -> Run:
        """What a new process finds."""
        self.state.mkdir(exist_ok=True)
        clock = HurriedClock()
        return Run(
            self.state,
            open_record(self.state, operation, CLUSTER.namespace, CLUSTER.name),
            Waiter(clock, Progress(clock)),
            Timeouts(seconds, seconds, seconds),
            Invocation({"HOME": str(self.folder)}, clock, Random(3)),
        )

    async def create(self, **changes: object) -> None:
        choice = BootstrapChoice("existing", self.bootstrap.kubeconfig)
        await create(CreatePlan(self.inputs, choice, self.kubeconfig_out, cleanup=True), self.run("create", **changes))

    async def create_and_forget(self) -> None:
        """Create as the command does: what is complete needs no record."""
        await self.create()
        (self.state / RECORD_FILE).unlink()

    async def delete(self, operation: Operation = "delete", **changes: object) -> None:
        choice = BootstrapChoice("existing", self.bootstrap.kubeconfig)
        run = self.run(operation, **changes)
        target = ClusterChoice(self.kubeconfig_out)
        if operation == "create":
            await adopt_creation(choice, target, run)
        await delete(DeletePlan(target, None, choice), run)


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch) -> AsyncIterator[Stage]:
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    write_files(tmp_path, components())
    async with open_puppets(tmp_path) as (bootstrap, target):
        yield Stage(tmp_path, bootstrap, target)


async def machine_names(puppet: Puppet) -> list[str]:
    return sorted(machine["metadata"]["name"] for machine in (await puppet.client.list(RAW_MACHINES)).items)


async def test_a_cluster_is_created_moved_and_left_with_its_workers(stage: Stage) -> None:
    await stage.create()

    master, worker = await machine_names(stage.target)
    assert (master[:7], worker[:5]) == ("master-", "node-")
    assert stage.bootstrap.acted == {master}
    cluster = await stage.target.client.get(RAW_CLUSTERS, CLUSTER)
    assert "paused" not in cluster["spec"]
    assert stage.kubeconfig_out.read_bytes() == stage.target.kubeconfig.read_bytes()
    assert stage.kubeconfig_out.stat().st_mode & 0o777 == 0o600


async def test_an_existing_bootstrap_cluster_is_given_back_as_it_was(stage: Stage) -> None:
    client = stage.bootstrap.client
    before = {namespace["metadata"]["name"] for namespace in (await client.list(RAW_NAMESPACES)).items}

    await stage.create()

    assert (await client.list(RAW_CRDS)).items == ()
    assert (await client.list(RAW_DEPLOYMENTS)).items == ()
    assert {namespace["metadata"]["name"] for namespace in (await client.list(RAW_NAMESPACES)).items} == before


async def test_a_namespace_that_ends_slowly_is_awaited_before_the_bootstrap_cluster_counts_as_given_back(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client, holder = stage.bootstrap.client, ObjectKey(NAMESPACE, "holder")
    namespace = ObjectKey("", NAMESPACE)
    metadata = {"name": holder.name, "namespace": holder.namespace, "finalizers": ["example.com/slow"]}

    async with asyncio.timeout(30), TaskScope("create") as scope:
        creating = scope.start(stage.create(), name="create")
        while await client.find(RAW_NAMESPACES, namespace) is None:
            await asyncio.sleep(0.01)
        await client.create(RAW_CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
        while "deletionTimestamp" not in (await client.get(RAW_NAMESPACES, namespace))["metadata"]:
            await asyncio.sleep(0.01)
        while f"waiting for Namespace /{NAMESPACE} to be removed" not in caplog.text:
            assert not creating.done()
            await asyncio.sleep(0.01)
        await client.patch(RAW_CONFIG_MAPS, holder, {"metadata": {"finalizers": None}})

    assert await client.find(RAW_NAMESPACES, namespace) is None


async def test_no_machine_is_made_before_the_controllers_of_an_existing_bootstrap_cluster_run(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.bootstrap.runs_pods = False
    told = f"waiting for Deployment {NAMESPACE}/controllers to be ready: 0 of 1 pods are ready"

    with caplog.at_level("INFO"):
        async with asyncio.timeout(20), TaskScope("create") as scope:
            scope.start(stage.create(), name="create")
            while told not in caplog.text:
                await asyncio.sleep(0.01)
            scope.cancel()

    assert await machine_names(stage.bootstrap) == []


async def test_components_are_saved_without_their_secrets(stage: Stage) -> None:
    await stage.create()

    saved = (await stage.target.client.get(RAW_CONFIG_MAPS, ObjectKey("default", "clusterctl")))["data"]
    assert "kind: Secret" not in saved["provider-components"]
    assert "kind: Deployment" in saved["provider-components"]
    assert saved["provider-secrets"].split() == [f"{NAMESPACE}/cloud-config", f"{NAMESPACE}/master-user-data"]


async def test_a_create_that_is_run_again_makes_no_second_machine(stage: Stage) -> None:
    await stage.create()
    names = await machine_names(stage.target)

    await stage.create()

    assert await machine_names(stage.target) == names


async def test_a_create_that_stops_anywhere_goes_on_to_the_same_end(stage: Stage) -> None:
    """Cut the run short after ever more time; what was begun is finished by the next attempt."""
    attempts = 0
    for milliseconds in range(20, 4000, 60):
        attempts += 1
        try:
            async with asyncio.timeout(milliseconds / 1000):
                await stage.create()
            break
        except TimeoutError:
            continue

    assert attempts > 3
    assert [name.split("-")[0] for name in await machine_names(stage.target)] == ["master", "node"]
    assert not stage.bootstrap.acted - {name for name in await machine_names(stage.target) if "master" in name}


async def test_a_machine_that_only_a_person_can_mend_ends_the_run_with_its_error(stage: Stage) -> None:
    stage.bootstrap.problem = {"errorReason": "InvalidConfiguration", "errorMessage": 'there is no flavor "m1.mini"'}

    with pytest.raises(ClusterctlError, match=r'machine master-\w+: there is no flavor "m1.mini"; mend that and run'):
        await stage.create()

    stage.bootstrap.problem = None
    (name,) = await machine_names(stage.bootstrap)
    await stage.create()
    assert name in await machine_names(stage.target)


async def test_a_timeout_names_the_condition_that_is_missing(stage: Stage) -> None:
    missing = {"type": "InstanceReady", "status": "False", "message": "server boots"}
    stage.bootstrap.problem = {
        "phase": "Provisioning",
        "conditions": [{**missing, "lastTransitionTime": "2019-04-04T06:00:00Z"}],
    }

    with pytest.raises(ClusterctlError, match=r"waiting for machine master-\w+: Provisioning, InstanceReady: server b"):
        await stage.create(seconds=50)


async def test_a_cluster_is_deleted_workers_first(stage: Stage) -> None:
    await stage.create_and_forget()

    await stage.delete()

    for puppet in (stage.bootstrap, stage.target):
        with pytest.raises(Exception, match=r"clusters.cluster.k8s.io|could not find"):
            await puppet.client.get(RAW_CLUSTERS, CLUSTER)
    assert not [name for name in stage.bootstrap.acted if name.startswith("node-")]


async def test_a_worker_that_hosts_the_controllers_is_deleted_after_the_move(stage: Stage) -> None:
    await stage.create_and_forget()
    stage.target.hosted = "node-"

    await stage.delete()

    assert [name for name in stage.bootstrap.acted if name.startswith("node-")]
    assert await machine_names(stage.target) == []


async def test_leftovers_in_the_cloud_fail_the_delete_and_are_listed(stage: Stage) -> None:
    write_files(stage.folder, components(CLOUD_KEEPS="x"))
    await stage.create_and_forget()

    with pytest.raises(ClusterctlError, match=r"still holds parts of cluster test1: port x of test1 \(p-1\)"):
        await stage.delete()


async def test_an_unfinished_create_is_deleted_where_it_stands(stage: Stage) -> None:
    stage.bootstrap.problem = {"phase": "Provisioning"}
    with pytest.raises(ClusterctlError, match="timed out"):
        await stage.create(seconds=30)

    await stage.delete("create")

    assert (await stage.target.client.list(RAW_NAMESPACES)).items
    record = read_record(stage.state)
    assert record is not None
    assert record.operation == "delete"
    assert (await stage.bootstrap.client.list(RAW_CRDS)).items == ()


async def test_a_create_that_ended_before_it_made_the_cluster_is_deleted_at_once(stage: Stage) -> None:
    stage.run("create").store.choose_machine_name("master-/0", "master-abcde")

    await stage.delete("create")

    assert (await stage.bootstrap.client.list(RAW_CRDS)).items == ()


async def test_a_move_that_did_not_hand_over_is_taken_back_by_the_delete(stage: Stage) -> None:
    stage.bootstrap.problem = {"phase": "Provisioning"}
    with pytest.raises(ClusterctlError, match="timed out"):
        await stage.create(seconds=30)
    # What a process leaves that dies while it copies.
    store = stage.run("create").store
    store.update_move(stage="copying")
    client, key = stage.bootstrap.client, ObjectKey(NAMESPACE, "controllers")
    await client.patch(RAW_CLUSTERS, CLUSTER, {"spec": {"paused": True}})
    held = plan_hold(await client.get(RAW_DEPLOYMENTS, key), str(CLUSTER))
    assert held is not None
    await client.patch(RAW_DEPLOYMENTS, key, {**held, "metadata": {"annotations": held["metadata"]["annotations"]}})

    await stage.delete("create")

    assert (await client.list(RAW_CRDS)).items == ()


async def test_a_move_that_handed_over_is_completed_before_the_delete(stage: Stage) -> None:
    await stage.create()
    stage.run("create").store.update_move(stage="deleting")

    await stage.delete("create")

    assert await machine_names(stage.target) == []
    assert stage.run("delete").store.record.move_stage == "done"


async def test_the_components_of_a_cluster_come_with_the_secrets_that_it_holds_now(stage: Stage) -> None:
    await stage.create()
    client = stage.target.client
    changed = {"data": {"value": "bmV3"}}
    await client.patch(RAW_SECRETS, ObjectKey(NAMESPACE, "cloud-config"), changed)

    read = await read_components(client)
    refreshed = await refresh_secrets(client, components())

    for objects in (read, refreshed):
        (secret,) = [obj for obj in objects if obj["metadata"]["name"] == "cloud-config"]
        assert secret["data"] == {"value": "bmV3"}
        assert "uid" not in secret["metadata"]
    kinds = {(obj["kind"], obj["metadata"]["name"]) for obj in components()}
    assert {(obj["kind"], obj["metadata"]["name"]) for obj in read} == kinds


async def test_a_cluster_without_saved_components_asks_for_the_file(stage: Stage) -> None:
    with pytest.raises(ClusterctlError, match="pass the file with --provider-components"):
        await read_components(stage.target.client)


async def test_a_saved_secret_that_is_gone_is_named(stage: Stage) -> None:
    await stage.create()
    await stage.target.client.delete(RAW_SECRETS, ObjectKey(NAMESPACE, "cloud-config"))

    with pytest.raises(ClusterctlError, match=f"Secret {NAMESPACE}/cloud-config of the provider components is gone"):
        await read_components(stage.target.client)


async def test_a_second_create_of_a_cluster_that_answers_is_refused(stage: Stage) -> None:
    await stage.create()
    invocation = stage.run("create").invocation

    with pytest.raises(ClusterctlError, match=r"cluster default/test1 exists already: .*kubeconfig reaches it"):
        await refuse_second(stage.kubeconfig_out, CLUSTER, invocation)
    await refuse_second(stage.kubeconfig_out, ObjectKey("default", "another"), invocation)


async def test_a_kubeconfig_that_leads_nowhere_is_no_obstacle(stage: Stage) -> None:
    (config,) = load_yaml(stage.target.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    stage.kubeconfig_out.write_text(dump_yaml(config))

    await refuse_second(stage.kubeconfig_out, CLUSTER, stage.run("create").invocation)


async def test_pods_of_the_network_come_with_the_addons(stage: Stage) -> None:
    addon = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "network"}, "data": {}}
    (stage.folder / "addons.yaml").write_text(dump_yaml(addon))
    files = [stage.folder / f"{name}.yaml" for name in ("cluster", "machines", "components", "addons", "addons")]
    plan = CreatePlan(
        read_inputs(InputFiles(*files)),
        BootstrapChoice("existing", stage.bootstrap.kubeconfig),
        stage.kubeconfig_out,
        cleanup=True,
    )

    await create(plan, stage.run("create"))

    assert await stage.target.client.find(RAW_CONFIG_MAPS, ObjectKey("default", "network"))
    assert await stage.bootstrap.client.find(RAW_CONFIG_MAPS, ObjectKey("default", "network"))


async def serve_another_cluster(stage: Stage) -> None:
    """Have the bootstrap cluster manage a cluster already, with the components of the same file."""
    clock = HurriedClock()
    await apply_objects(stage.bootstrap.client, stage.inputs.components, Waiter(clock, Progress(clock)))
    other = {**stage.inputs.cluster.object, "metadata": {"name": "first", "namespace": CLUSTER.namespace}}
    await stage.bootstrap.client.create(RAW_CLUSTERS, other)


async def test_a_bootstrap_cluster_that_serves_others_keeps_its_components_and_clusters(stage: Stage) -> None:
    await serve_another_cluster(stage)
    client, key = stage.bootstrap.client, ObjectKey(NAMESPACE, "controllers")
    await client.patch(RAW_DEPLOYMENTS, key, {"metadata": {"labels": {"changed": "by-its-owner"}}})

    await stage.create()

    deployment = await client.get(RAW_DEPLOYMENTS, key)
    assert deployment["spec"]["replicas"] == 1
    assert deployment["metadata"]["labels"]["changed"] == "by-its-owner"
    assert [cluster["metadata"]["name"] for cluster in (await client.list(RAW_CLUSTERS)).items] == ["first"]
    assert await machine_names(stage.bootstrap) == []
    assert len(await machine_names(stage.target)) == 2


async def test_credentials_that_other_clusters_use_are_not_replaced(stage: Stage) -> None:
    await serve_another_cluster(stage)
    client, key = stage.bootstrap.client, ObjectKey(NAMESPACE, "cloud-config")
    await client.patch(RAW_SECRETS, key, {"stringData": {"password": "of-the-other-cloud"}})
    before = await client.get(RAW_SECRETS, key)

    with pytest.raises(ClusterctlError, match=f"Secret {NAMESPACE}/cloud-config .* differs .* manages other clusters"):
        await stage.create()

    assert await client.get(RAW_SECRETS, key) == before


async def test_a_namespace_whose_machines_would_lose_their_cluster_is_refused(stage: Stage) -> None:
    await serve_another_cluster(stage)
    machine = {**stage.inputs.machines[1].object, "metadata": {"name": "lonely", "namespace": CLUSTER.namespace}}
    await stage.bootstrap.client.create(RAW_MACHINES, machine)

    with pytest.raises(ClusterctlError, match=r"Machines without label \S+: lonely; label them"):
        await stage.create()

    assert await machine_names(stage.bootstrap) == ["lonely"]


async def test_a_delete_that_was_cut_short_after_it_gave_the_cluster_back_just_ends(stage: Stage) -> None:
    await stage.create_and_forget()
    await stage.delete()

    await stage.delete()

    assert (await stage.bootstrap.client.list(RAW_CRDS)).items == ()


async def test_what_is_lent_is_noted_before_it_is_made(stage: Stage) -> None:
    """Cut short at any moment of the components: what was made by then is noted beside it."""
    for milliseconds in range(10, 300, 10):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(milliseconds / 1000):
                await stage.create()
        loan = await LoanBook(stage.bootstrap.client, CLUSTER).read()
        noted = {made.name for made in loan.made if made.kind == "Secret"}
        made = {secret["metadata"]["name"] for secret in (await stage.bootstrap.client.list(RAW_SECRETS)).items}
        assert {"cloud-config", "master-user-data"} & made <= noted
        if made:
            return
