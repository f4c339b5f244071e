import itertools

import pytest
from tests.clusterctl.move_world import CLUSTER, Crash, World, cluster, fill_source, machine

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.objects.raw_resources import RAW_CLUSTERS, RAW_MACHINES, RAW_SECRETS
from kubecapy.clusterctl.runs.record import read_record
from kubecapy.testing.virtual_time import on_virtual_time


@pytest.fixture
async def world(tmp_path) -> World:
    world = World.in_folder(tmp_path)
    fill_source(world.source.client)
    return world


def named(objects: list[JsonObject]) -> dict[str, JsonObject]:
    return {obj["metadata"]["name"]: obj for obj in objects}


def names(objects: list[JsonObject]) -> set[str]:
    return set(named(objects))


def refuse_a_bad_end(world: World) -> None:
    source, destination = world.source.client, world.destination.client
    assert source.objects(RAW_CLUSTERS) == []
    assert source.objects(RAW_MACHINES) == []
    assert names(source.objects(RAW_SECRETS)) == {"clouds", "master-user-data", "somebody-elses"}
    (moved,) = destination.objects(RAW_CLUSTERS)
    assert moved["spec"] == cluster()["spec"]
    assert moved["status"] == cluster()["status"]
    (copy,) = destination.objects(RAW_MACHINES)
    original = machine("m-0", moved)
    assert copy["spec"] == original["spec"]
    assert copy["status"] == original["status"]
    assert copy["metadata"]["annotations"] == original["metadata"]["annotations"]
    assert copy["metadata"]["finalizers"] == ["machine.cluster.k8s.io"]
    assert copy["metadata"]["ownerReferences"] == original["metadata"]["ownerReferences"]
    secrets = named(destination.objects(RAW_SECRETS))
    assert set(secrets) == {"test1-ca", "m-0-bootstrap-data", "clouds", "master-user-data"}
    assert secrets["m-0-bootstrap-data"]["metadata"]["ownerReferences"][0]["uid"] == copy["metadata"]["uid"]
    assert all(found["data"] == {"value": "c2VjcmV0"} for found in secrets.values())
    assert world.destination.acts
    assert not world.source.acts


async def test_a_move_carries_status_secrets_and_owners_and_leaves_nothing(world: World) -> None:
    await world.move().run()

    refuse_a_bad_end(world)
    assert world.store.record.move_stage == "done"


async def test_a_move_that_is_done_does_nothing_more(world: World) -> None:
    await world.move().run()
    calls = len(world.source.client.writes()) + len(world.destination.client.writes())

    await world.move().run()

    assert len(world.source.client.writes()) + len(world.destination.client.writes()) == calls


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_a_move_that_dies_at_any_write_ends_the_same(tmp_path, after_effect: bool) -> None:
    deaths = 0
    for number in itertools.count(1):
        if not _move_that_dies(tmp_path / f"{number}", number, after_effect=after_effect):
            break
        deaths += 1

    assert deaths > 15


def _move_that_dies(folder, number: int, *, after_effect: bool) -> bool:
    """Move, dying at the `number`-th write, then again; return whether it died."""

    @on_virtual_time
    async def run() -> None:
        nonlocal died
        folder.mkdir()
        world = World.in_folder(folder)
        fill_source(world.source.client)
        world.crash_at_write(number, after_effect=after_effect)
        try:
            await world.move().run()
        except Crash:
            died = True
        world.calm()
        # A new process knows only what is on disk.
        again = World.in_folder(folder)
        again.source, again.destination = world.source, world.destination
        again.refuse_two_actors()
        await again.move().run()
        refuse_a_bad_end(again)

    died = False
    run()
    return died


async def test_a_cluster_that_a_person_paused_stays_paused(world: World) -> None:
    await world.source.client.patch(RAW_CLUSTERS, CLUSTER, {"spec": {"paused": True}})

    await world.move().run()

    (moved,) = world.destination.client.objects(RAW_CLUSTERS)
    assert moved["spec"]["paused"] is True
    assert not world.destination.acts


async def test_a_deletion_that_was_asked_for_is_asked_for_again(world: World) -> None:
    await world.source.client.delete(RAW_MACHINES, ObjectKey("default", "m-0"))

    await world.move().run()

    (copy,) = world.destination.client.objects(RAW_MACHINES)
    assert "deletionTimestamp" in copy["metadata"]


async def test_a_copy_that_differs_stops_the_move_before_the_switch(world: World) -> None:
    destination = world.destination.client

    def spoil(call) -> None:
        if call.verb == "patch" and call.subresource == "status" and call.key.name == "m-0":
            obj = destination.store.get(RAW_MACHINES, call.key)
            changed = {**obj, "spec": {**obj["spec"], "providerID": "openstack:///another"}}
            destination.store.update(RAW_MACHINES, call.key, changed, "")

    destination.after_call = spoil

    with pytest.raises(ClusterctlError, match=r"Machine default/m-0 differs from its original in spec"):
        await world.move().run()

    assert world.store.record.move_stage == "copying"
    assert not world.destination.acts
    assert names(world.source.client.objects(RAW_MACHINES)) == {"m-0"}


async def test_a_move_can_be_abandoned_before_the_switch(world: World, tmp_path) -> None:
    world.crash_at_write(6, after_effect=True)
    with pytest.raises(Crash):
        await world.move().run()
    world.calm()

    await world.move().abandon()

    assert world.source.acts
    assert not world.destination.acts
    assert read_record(tmp_path).move is None


async def test_a_move_cannot_be_abandoned_once_it_handed_over(world: World) -> None:
    await world.move().run()

    with pytest.raises(ValueError, match="done"):
        await world.move().abandon()


async def test_machines_of_another_cluster_stay(world: World) -> None:
    source = world.source.client
    other = {**cluster(), "metadata": {"name": "other", "namespace": "default", "uid": "x"}}
    source.put(RAW_CLUSTERS, other)
    source.put(RAW_MACHINES, machine("o-0", other, labels={"cluster.k8s.io/cluster-name": "other"}))
    source.put(RAW_MACHINES, machine("o-1", other))
    await source.patch(
        RAW_MACHINES, ObjectKey("default", "m-0"), {"metadata": {"labels": {"cluster.k8s.io/cluster-name": "test1"}}}
    )

    await world.move().run()

    assert names(world.destination.client.objects(RAW_MACHINES)) == {"m-0"}
    assert names(source.objects(RAW_MACHINES)) == {"o-0", "o-1"}
