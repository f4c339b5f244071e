"""A cluster from its first object to its last."""

from tests.controllers.world import CLUSTER, MASTER, WORKER, World, a_cluster, a_machine, a_master

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, IDENTITY_ANNOTATION, MACHINES, identity_of
from kubecapy.api.core import NODES
from kubecapy.apimachinery.conditions import Condition, find_condition
from kubecapy.bootstrap.tokens import token_id, token_secret_name


async def a_running_world(**settings: object) -> World:
    world = World(**settings)
    world.put(a_cluster(), a_master(), a_machine())
    await world.settle()
    return world


def findings(conditions: tuple[Condition, ...]) -> dict[str, str]:
    return {condition.type: condition.status for condition in conditions}


async def test_a_cluster_and_its_machines_become_ready() -> None:
    world = await a_running_world()

    assert findings(world.cluster().status.conditions) == {
        "CertificatesReady": "True",
        "InfrastructureReady": "True",
        "ControlPlaneEndpointReady": "True",
        "ControlPlaneReady": "True",
        "Ready": "True",
    }
    assert world.cluster().status.phase == "Provisioned"
    for key in (MASTER, WORKER):
        machine = world.machine(key)
        assert findings(machine.status.conditions) == {
            "Reserved": "True",
            "BootstrapReady": "True",
            "InstanceReady": "True",
            "NodeReady": "True",
            "Ready": "True",
        }
        assert machine.status.phase == "Running"
        assert machine.status.error_reason is None


async def test_a_machine_tells_its_server_its_node_and_its_versions() -> None:
    world = await a_running_world()

    machine = world.machine(WORKER)
    server = world.cloud.servers[WORKER]
    (node,) = [node for node in world.workload.api.objects(NODES) if node.metadata.name == "node-1"]
    assert machine.spec.provider_id == f"fake:///{server.id}"
    assert machine.metadata.annotations["fake-server"] == server.id
    assert machine.status.node_ref.name == "node-1"
    assert machine.status.node_ref.uid == node.metadata.uid
    assert (machine.status.node_ref.api_version, machine.status.node_ref.kind) == ("v1", "Node")
    assert machine.status.versions.kubelet == "1.14.0"
    assert machine.status.provider_status["server"] == server.id
    assert machine.status.last_operation.state == "Successful"


async def test_the_endpoint_is_the_external_address_of_the_control_plane() -> None:
    world = await a_running_world()

    (endpoint,) = world.cluster().status.api_endpoints
    number = world.cloud.reservations[MASTER]
    assert (endpoint.host, endpoint.port) == (f"198.51.100.{number}", 6443)


async def test_the_port_of_the_endpoint_is_a_setting() -> None:
    world = await a_running_world(api_port=443)

    assert world.cluster().status.api_endpoints[0].port == 443
    assert ":443" in world.cloud.servers[WORKER].user_data.reveal().decode()


async def test_authorities_and_kubeconfig_are_stored_once_and_bear_the_clusters_label() -> None:
    world = await a_running_world()

    names = {f"test1-{purpose}" for purpose in ("ca", "etcd", "proxy", "sa", "kubeconfig")}
    assert world.secret_names() == names
    assert world.certificates.made == 1


async def test_the_traces_of_the_boot_are_cleared_once_the_node_is_there() -> None:
    world = await a_running_world()

    assert world.token_names() == set()
    assert not any(name.endswith("-bootstrap-data") for name in world.secret_names())


async def test_a_worker_waits_for_the_control_plane() -> None:
    world = World()
    world.put(a_cluster(), a_machine())

    await world.settle()

    found = find_condition(world.machine().status.conditions, "BootstrapReady")
    assert (found.status, found.reason) == ("False", "WaitingForEndpoint")
    assert world.cloud.servers == {}
    assert world.machine().status.phase == "Provisioning"


async def test_one_token_is_made_for_each_worker_and_revoked_at_join() -> None:
    world = World()
    world.put(a_cluster(), a_master())
    await world.settle()
    world.guests.broken["node-1"] = ""
    world.put(a_machine())

    await world.settle()

    expected = token_secret_name(token_id("test1", WORKER))
    assert world.token_names() == {expected}
    del world.guests.broken["node-1"]
    await world.settle()
    assert world.token_names() == set()


async def test_an_idle_pass_sends_no_write() -> None:
    world = await a_running_world()
    world.api.calls.clear()
    world.workload.api.calls.clear()

    world.clock.advance(300)
    await world.round()

    assert world.api.writes() == []
    assert world.workload.api.writes() == []


async def test_a_worker_is_made_with_few_writes() -> None:
    world = World()
    world.put(a_cluster(), a_master())
    await world.settle()
    world.api.calls.clear()
    world.put(a_machine())

    await world.settle()

    # Finalizer and owner; reservation; data Secret made and removed; server made; running; linked; two of the sum.
    writes = [(call.verb, call.plural, call.subresource) for call in world.api.writes()]
    assert len(writes) <= 12, writes


async def test_a_machine_is_owned_by_its_cluster_and_held_by_its_finalizer() -> None:
    world = await a_running_world()

    meta = world.machine().metadata
    assert meta.finalizers == ("machine.cluster.k8s.io",)
    (owner,) = meta.owner_references
    assert (owner.kind, owner.name, owner.uid) == ("Cluster", "test1", world.cluster().metadata.uid)


async def test_an_identity_is_the_first_uid_and_outlives_it() -> None:
    world = await a_running_world()
    assert world.machine().metadata.annotations is not None
    assert world.machine().metadata.annotations[IDENTITY_ANNOTATION] == world.machine().metadata.uid
    assert identity_of(world.cluster()) == world.cluster().metadata.uid
    elsewhere = World()
    kept = {IDENTITY_ANNOTATION: "uid in the cluster before"}
    elsewhere.put(a_cluster(annotations=kept), a_master(annotations=kept))

    await elsewhere.settle()

    assert identity_of(elsewhere.cluster()) == "uid in the cluster before"
    assert identity_of(elsewhere.machine(MASTER)) == "uid in the cluster before"


async def test_nothing_is_made_before_the_identity_of_the_cluster_is_stored() -> None:
    world = World()
    world.put(a_cluster(), a_master())

    await world.pass_machine(MASTER)

    assert world.cloud.calls == []
    reserved = find_condition(world.machine(MASTER).status.conditions, "Reserved")
    assert reserved is not None
    assert reserved.message == "Cluster test1 was not taken up by the cluster controller yet"
    await world.settle()
    assert world.cloud.servers


async def test_a_deleted_worker_leaves_no_server_node_token_or_secret() -> None:
    world = await a_running_world()

    await world.delete(WORKER)
    await world.settle()

    assert {machine.metadata.name for machine in world.api.objects(MACHINES)} == {"master-1"}
    assert set(world.cloud.servers) == {MASTER}
    assert set(world.cloud.reservations) == {MASTER}
    assert world.node_names() == {"master-1"}
    assert world.token_names() == set()


async def test_a_deleted_cluster_takes_its_machines_with_it_workers_first() -> None:
    world = await a_running_world()

    await world.delete(CLUSTER, CLUSTERS)
    await world.settle()

    deletes = [call.key.name for call in world.api.calls if call.verb == "delete" and "machines" in call.plural]
    assert list(dict.fromkeys(deletes)) == ["node-1", "master-1"]
    assert world.api.objects(CLUSTERS) == []
    assert world.api.objects(MACHINES) == []
    assert world.secret_names() == set()
    assert world.cloud.is_empty


async def test_a_cluster_that_waits_for_its_machines_says_for_which() -> None:
    world = await a_running_world()

    await world.delete(CLUSTER, CLUSTERS)
    await world.pass_cluster()

    found = find_condition(world.cluster().status.conditions, "Deleted")
    assert (found.reason, found.message) == ("WaitingForMachines", "waiting for 2 machines: master-1, node-1")


async def test_nothing_is_written_while_the_cluster_is_paused() -> None:
    world = await a_running_world()
    await world.api.patch(CLUSTERS, CLUSTER, {"spec": {"paused": True}})
    await world.delete(WORKER)
    world.api.calls.clear()
    world.cloud.calls.clear()

    await world.round()

    assert world.api.writes() == []
    assert world.cloud.calls == []


async def test_another_process_finds_everything_again() -> None:
    world = await a_running_world()
    world.api.calls.clear()

    world.start()
    await world.round()

    assert world.api.writes() == []
    assert len(world.cloud.servers) == 2
