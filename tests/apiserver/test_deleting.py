"""Deletion: finalizers, grace, preconditions, dependents, namespaces."""

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
from tests.apiserver.conftest import Api
from tests.apiserver.widgets import config_map, widget

from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.core import ServerCore
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.upkeep.events import EventExpiry
from kubecapy.clock import SystemClock

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
FINALIZER = "example.com/held"


def owned(name: str, *owners: Any, block: bool = False) -> dict[str, Any]:
    references = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": block,
        }
        for owner in owners
    ]
    return config_map(name, ownerReferences=references)


async def test_a_delete_answers_with_the_uid_of_what_is_gone(api: Api) -> None:
    made = await api.create(MAPS, config_map("a"))

    status = await api.delete(f"{MAPS}/a")

    assert (status["kind"], status["status"]) == ("Status", "Success")
    assert status["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert (await api("GET", f"{MAPS}/a")).status == 404
    assert (await api("DELETE", f"{MAPS}/a")).status == 404


async def test_an_object_with_finalizers_stays_until_the_last_is_gone(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a", finalizers=[FINALIZER, "example.com/second"]))

    deleted = await api.delete(f"{widgets}/a")
    again = await api.delete(f"{widgets}/a")
    await api.merge(f"{widgets}/a", {"metadata": {"finalizers": [FINALIZER]}})
    still = await api.get(f"{widgets}/a")
    late = await api(
        "PATCH",
        f"{widgets}/a",
        {"metadata": {"finalizers": [FINALIZER, "example.com/new"]}},
        type_="application/merge-patch+json",
    )
    last = await api.merge(f"{widgets}/a", {"metadata": {"finalizers": None}})

    assert deleted["metadata"]["deletionTimestamp"] == again["metadata"]["deletionTimestamp"]
    assert deleted["metadata"]["generation"] == 2
    assert deleted["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"]
    assert still["metadata"]["finalizers"] == [FINALIZER]
    assert late.status == 422
    assert "no new finalizers can be added if the object is being deleted" in late.body["message"]
    assert last["metadata"]["name"] == "a"
    assert (await api("GET", f"{widgets}/a")).status == 404


async def make_pod(api: Api, name: str, node: str) -> None:
    spec = {"containers": [{"name": "c", "image": "i"}]}
    await api.create(PODS, {"metadata": {"name": name}, "spec": spec | ({"nodeName": node} if node else {})})


async def test_a_pod_on_a_node_stays_until_its_kubelet_says_so(api: Api) -> None:
    await make_pod(api, "p", "node")

    marked = await api.delete(f"{PODS}/p")
    again = await api.delete(f"{PODS}/p", {"gracePeriodSeconds": 60})
    gone = await api.delete(f"{PODS}/p", {"gracePeriodSeconds": 0})

    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert again["metadata"]["deletionGracePeriodSeconds"] == 30
    assert (gone["kind"], gone["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 0)


async def test_a_pod_without_a_node_or_that_has_ended_goes_at_once(api: Api) -> None:
    await make_pod(api, "free", "")
    await make_pod(api, "ended", "node")
    await api.merge(f"{PODS}/ended/status", {"status": {"phase": "Succeeded"}})

    replies = [await api.delete(f"{PODS}/{name}") for name in ("free", "ended")]

    assert [reply["metadata"]["deletionGracePeriodSeconds"] for reply in replies] == [0, 0]
    for name in ("free", "ended"):
        assert (await api("GET", f"{PODS}/{name}")).status == 404


async def test_a_collection_is_deleted_by_selector(api: Api) -> None:
    for name in "abc":
        await api.create(MAPS, config_map(name, labels={"letter": name}))

    deleted = await api.delete(f"{MAPS}?labelSelector=letter,letter!=b")

    assert [item["metadata"]["name"] for item in deleted["items"]] == ["a", "c"]
    left = [item["metadata"]["name"] for item in (await api.get(MAPS))["items"]]
    assert left == ["b", "kube-root-ca.crt"]


async def test_dependents_go_with_the_last_of_their_owners(api: Api, widgets: str) -> None:
    one, two = [await api.create(widgets, widget(name)) for name in ("one", "two")]
    await api.create(MAPS, owned("of-one", one))
    await api.create(MAPS, owned("of-both", one, two))
    child = await api.create(MAPS, owned("parent", one))
    await api.create(MAPS, owned("grandchild", child))

    await api.delete(f"{widgets}/one")
    await api.gone(f"{MAPS}/of-one")
    await api.gone(f"{MAPS}/grandchild")
    both = await api.get(f"{MAPS}/of-both")
    await api.delete(f"{widgets}/two")

    await api.gone(f"{MAPS}/of-both")
    assert {owner["name"] for owner in both["metadata"]["ownerReferences"]} <= {"one", "two"}


async def test_an_owner_that_never_was_makes_garbage_unless_its_kind_is_unknown(api: Api, widgets: str) -> None:
    nobody = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "x", "uid": "none"}}
    stranger = {"apiVersion": "strange.example.com/v1", "kind": "Thing", "metadata": {"name": "x", "uid": "other"}}
    await api.create(MAPS, owned("kept", stranger))
    await api.create(MAPS, owned("lost", nobody))

    await api.gone(f"{MAPS}/lost")

    assert (await api("GET", f"{MAPS}/kept")).status == 200


async def test_a_foreground_deletion_waits_for_blocking_dependents(api: Api, widgets: str) -> None:
    owner = await api.create(widgets, widget("owner"))
    await api.create(MAPS, owned("held", owner, block=True))
    await api.merge(f"{MAPS}/held", {"metadata": {"finalizers": [FINALIZER]}})
    await api.create(MAPS, owned("free", owner))

    marked = await api.delete(f"{widgets}/owner", {"propagationPolicy": "Foreground"})
    await api.gone(f"{MAPS}/free")
    waiting = await api("GET", f"{widgets}/owner")
    await api.merge(f"{MAPS}/held", {"metadata": {"finalizers": None}})

    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert waiting.status == 200
    await api.gone(f"{widgets}/owner")
    await api.gone(f"{MAPS}/held")


async def test_an_orphaning_deletion_leaves_dependents_without_the_owner(api: Api, widgets: str) -> None:
    owner = await api.create(widgets, widget("owner"))
    await api.create(MAPS, owned("child", owner))

    await api.delete(f"{widgets}/owner", {"propagationPolicy": "Orphan"})
    await api.gone(f"{widgets}/owner")

    assert not (await api.get(f"{MAPS}/child"))["metadata"].get("ownerReferences")


async def test_a_namespace_takes_its_content_along(api: Api, widgets: str) -> None:
    await api.create("/api/v1/namespaces", {"metadata": {"name": "doomed"}})
    place = "/apis/example.com/v1/namespaces/doomed/widgets"
    await api.create(place, widget("held", finalizers=[FINALIZER]))
    await api.create("/api/v1/namespaces/doomed/configmaps", config_map("a"))

    marked = await api.delete("/api/v1/namespaces/doomed")
    await api.gone("/api/v1/namespaces/doomed/configmaps/a")
    refused = await api("POST", "/api/v1/namespaces/doomed/configmaps", config_map("b"))
    await api.merge(f"{place}/held", {"metadata": {"finalizers": None}})

    assert marked["status"]["phase"] == "Terminating"
    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert "because it is being terminated" in refused.body["message"]
    await api.gone("/api/v1/namespaces/doomed")
    assert (await api.get(place))["items"] == []


async def test_a_replaced_namespace_still_takes_its_content_along(api: Api) -> None:
    await api.create("/api/v1/namespaces", {"metadata": {"name": "doomed"}})
    await api.create("/api/v1/namespaces/doomed/configmaps", config_map("held", finalizers=[FINALIZER]))

    replaced = await api("PUT", "/api/v1/namespaces/doomed", {"metadata": {"name": "doomed", "labels": {"x": "1"}}})
    await api.delete("/api/v1/namespaces/doomed")

    assert replaced.body["spec"] == {"finalizers": ["kubernetes"]}
    assert (await api("GET", "/api/v1/namespaces/doomed")).status == 200
    finalized = await api("PUT", "/api/v1/namespaces/doomed/finalize", {"metadata": {"name": "doomed"}, "spec": {}})
    assert finalized.status == 200
    assert (await api("GET", "/api/v1/namespaces/doomed")).status == 404


async def test_the_systems_own_namespaces_cannot_be_deleted(api: Api) -> None:
    reply = await api("DELETE", "/api/v1/namespaces/kube-system")

    assert reply.status == 403
    assert reply.body["message"] == 'namespaces "kube-system" is forbidden: this namespace may not be deleted'


class LaterClock(SystemClock):
    """A clock that can be put forward."""

    ahead = timedelta()

    def now(self) -> Any:
        return super().now() + self.ahead


async def test_events_are_forgotten_an_hour_after_they_were_last_seen(settings: ApiServerSettings) -> None:
    clock = LaterClock()
    volatile = msgspec.structs.replace(settings, store=None)
    async with ServerCore(volatile, clock, Random(1)) as core:
        await core.writer.create("", "namespaces", "", {"metadata": {"name": "default"}})
        for name, minutes in (("old", 0), ("seen-again", 40)):
            seen = format_time(clock.now() + timedelta(minutes=minutes))
            await core.writer.create("", "events", "default", {"metadata": {"name": name}, "lastTimestamp": seen})
        clock.ahead = timedelta(minutes=70)

        await EventExpiry(core, clock).sweep()

        assert [event["metadata"]["name"] for event in core.reader.list("", "events")] == ["seen-again"]
