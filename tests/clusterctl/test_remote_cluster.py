import pytest

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.clusterctl.bootstrap_cluster.remote import RemoteCluster
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.objects.raw_resources import RAW_DEPLOYMENTS, RAW_PODS, RAW_STATEFUL_SETS
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.waiting import Waiter
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time

NAMESPACE = "system"


def workload(
    kind: str, name: str, *, replicas: int, args: tuple[str, ...] = ("manager", "--controllers=node")
) -> JsonObject:
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "args": list(args)}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod},
    }


def pod_of(name: str) -> JsonObject:
    metadata = {"name": f"{name}-x", "namespace": NAMESPACE, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


def fill(api: FakeApi) -> None:
    api.put(RAW_DEPLOYMENTS, workload("Deployment", "ours", replicas=2))
    api.put(RAW_STATEFUL_SETS, workload("StatefulSet", "ours-too", replicas=1))
    api.put(RAW_DEPLOYMENTS, workload("Deployment", "somebody-elses", replicas=3, args=("serve",)))


def remote(api: FakeApi, cluster: str = "test1") -> RemoteCluster:
    clock = VirtualClock()
    return RemoteCluster("target cluster", api, ObjectKey("default", cluster), Waiter(clock, Progress(clock)))


def replicas(api: FakeApi) -> dict[str, int]:
    found = [*api.objects(RAW_DEPLOYMENTS), *api.objects(RAW_STATEFUL_SETS)]
    return {obj["metadata"]["name"]: obj["spec"]["replicas"] for obj in found}


@on_virtual_time
async def test_only_workloads_that_run_controllers_are_stopped_and_started_as_they_were() -> None:
    api = FakeApi(VirtualClock())
    fill(api)

    await remote(api).stop_controllers()
    stopped = replicas(api)
    await remote(api).start_controllers()

    assert stopped == {"ours": 0, "ours-too": 0, "somebody-elses": 3}
    assert replicas(api) == {"ours": 2, "ours-too": 1, "somebody-elses": 3}


@on_virtual_time
async def test_stopping_returns_only_once_the_pods_are_gone() -> None:
    api = FakeApi(VirtualClock())
    fill(api)
    api.put(RAW_PODS, pod_of("ours"))
    looks = 0

    def end_pod_at_third_look(call: Call) -> None:
        nonlocal looks
        if (call.verb, call.plural) == ("list", "pods"):
            looks += 1
            if looks == 3:
                api.store.delete(RAW_PODS, ObjectKey(NAMESPACE, "ours-x"), "")

    api.before_call = end_pod_at_third_look

    await remote(api).stop_controllers()

    assert looks > 3
    assert api.objects(RAW_PODS) == []


@on_virtual_time
async def test_a_pod_that_does_not_end_is_named() -> None:
    api = FakeApi(VirtualClock())
    fill(api)
    api.put(RAW_PODS, pod_of("ours"))

    with pytest.raises(ClusterctlError, match=r"waiting for the pods of Deployment system/ours to end: ours-x"):
        await remote(api).stop_controllers()


@on_virtual_time
async def test_a_stop_that_is_cut_short_and_done_again_remembers_the_first_numbers() -> None:
    api = FakeApi(VirtualClock())
    fill(api)

    def lose_reply(call: Call) -> None:
        if call.verb == "patch":
            raise ConnectionError

    api.after_call = lose_reply
    with pytest.raises(ConnectionError):
        await remote(api).stop_controllers()
    api.after_call = lambda call: None
    await remote(api).stop_controllers()
    await remote(api).start_controllers()

    assert replicas(api)["ours"] == 2


@on_virtual_time
async def test_two_moves_at_once_stop_the_controllers_until_the_last_of_them_ends() -> None:
    api = FakeApi(VirtualClock())
    fill(api)
    first, second = remote(api), remote(api, "test2")

    await first.stop_controllers()
    await second.stop_controllers()
    await first.start_controllers()
    meanwhile = replicas(api)
    await second.start_controllers()

    assert meanwhile == {"ours": 0, "ours-too": 0, "somebody-elses": 3}
    assert replicas(api) == {"ours": 2, "ours-too": 1, "somebody-elses": 3}
    assert not any("annotations" in obj["metadata"] for obj in api.objects(RAW_DEPLOYMENTS))


@on_virtual_time
async def test_a_stop_and_a_start_that_were_done_are_not_done_again() -> None:
    api = FakeApi(VirtualClock())
    fill(api)
    await remote(api).stop_controllers()
    await remote(api).stop_controllers()
    await remote(api).start_controllers()
    await api.patch(RAW_DEPLOYMENTS, ObjectKey(NAMESPACE, "ours"), {"spec": {"replicas": 5}})

    await remote(api).start_controllers()

    assert replicas(api)["ours"] == 5


@on_virtual_time
async def test_a_workload_that_changes_while_it_is_stopped_is_read_again() -> None:
    api = FakeApi(VirtualClock())
    fill(api)
    changes = iter(range(1))

    def change_first(call: Call) -> None:
        if call.verb == "patch" and next(changes, None) is not None:
            live = api.store.get(RAW_DEPLOYMENTS, call.key)
            api.store.update(RAW_DEPLOYMENTS, call.key, live | {"spec": live["spec"] | {"replicas": 4}})

    api.before_call = change_first
    await remote(api).stop_controllers()
    await remote(api).start_controllers()

    assert replicas(api) == {"ours": 4, "ours-too": 1, "somebody-elses": 3}
