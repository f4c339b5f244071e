"""Deletions: of one object and of many, at once or later, and on conditions."""

from typing import Any

import pytest
from tests.conformance.comparing import bad_request, conflict, invalid, not_found, stored, told
from tests.conformance.statuses import failure
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api

HELD = ["x.example.com/y"]
TYPE_META = (
    'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\"";'
    ' Kind string "json:\\"kind,omitempty\\"" }'
)
POLICIES = 'supported values: "Foreground", "Background", "Orphan", "nil"'


@pytest.fixture
def maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


def marked(namespace: str, *finalizers: str) -> Any:
    """Return the metadata of an object that is being deleted."""
    held = {"finalizers": list(finalizers)} if finalizers else {}
    return {"name": "a", "namespace": namespace, "deletionTimestamp": "<time>", "deletionGracePeriodSeconds": 0, **held}


async def test_what_nothing_holds_goes_at_once(api: Api, maps: str, group: str, namespace: str) -> None:
    made = await api.create(maps, {"metadata": {"name": "a"}})

    reply = await api("DELETE", f"{maps}/a")

    assert (reply.status, reply.body) == (
        200,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]},
        },
    )
    assert told(await api("DELETE", f"{maps}/a")) == not_found("configmaps", "a")
    assert told(await api("GET", f"{maps}/a")) == not_found("configmaps", "a")


async def test_a_custom_object_goes_under_the_full_name_of_its_kind(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    made = await api.create(things, thing(group))

    details = (await api.delete(f"{things}/a"))["details"]

    assert details == {"name": "a", "group": group, "kind": "things", "uid": made["metadata"]["uid"]}


async def test_some_kinds_are_shown_as_they_go(api: Api, namespace: str) -> None:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    made = await api.create(accounts, {"metadata": {"name": "a"}})

    assert stored(await api.delete(f"{accounts}/a")) == stored(made)


async def test_finalizers_hold_an_object_until_the_last_is_gone(api: Api, maps: str, namespace: str) -> None:
    await api.create(maps, {"metadata": {"name": "a", "finalizers": HELD}})

    first = await api("DELETE", f"{maps}/a")
    second = await api("DELETE", f"{maps}/a")
    changed = await api.merge(f"{maps}/a", {"data": {"x": "y"}, "metadata": {"deletionTimestamp": None}})
    added = await api(
        "PATCH",
        f"{maps}/a",
        {"metadata": {"finalizers": [*HELD, "b.c/d", "a.b/c"]}},
        type_="application/merge-patch+json",
    )
    released = await api.merge(f"{maps}/a", {"metadata": {"finalizers": None}})

    assert (first.status, stored(first.body)["metadata"]) == (200, marked(namespace, *HELD))
    assert second.body == first.body
    assert (stored(changed)["metadata"], changed["data"]) == (marked(namespace, *HELD), {"x": "y"})
    assert told(added) == invalid(
        "ConfigMap",
        "a",
        (
            "metadata.finalizers",
            "Forbidden",
            (
                "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers"
                ' []string{"a.b/c", "b.c/d"}'
            ),
        ),
    )
    assert stored(released)["metadata"] == marked(namespace)
    assert told(await api("GET", f"{maps}/a")) == not_found("configmaps", "a")


async def test_the_wish_to_be_gone_counts_as_a_generation(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group, metadata={"finalizers": HELD}))

    first = await api.delete(f"{things}/a")
    second = await api.delete(f"{things}/a")
    await api.merge(f"{things}/a", {"metadata": {"finalizers": None}})

    assert (first["metadata"]["generation"], second["metadata"]["generation"]) == (2, 2)


@pytest.mark.parametrize(
    ("options", "finalizers"),
    [
        ({"propagationPolicy": "Background"}, HELD),
        ({"propagationPolicy": "Foreground"}, [*HELD, "foregroundDeletion"]),
        ({"propagationPolicy": "Orphan"}, [*HELD, "orphan"]),
        ({"orphanDependents": True}, [*HELD, "orphan"]),
        ({"gracePeriodSeconds": 0}, HELD),
        ({"gracePeriodSeconds": 30}, HELD),
        ({"gracePeriodSeconds": -5}, HELD),
        ({"kind": "DeleteOptions", "apiVersion": "v9"}, HELD),
        ({"kind": "DeleteOptions", "apiVersion": "apps/v1"}, HELD),
    ],
)
async def test_options_say_what_holds_an_object(
    api: Api, maps: str, namespace: str, options: Any, finalizers: list[str]
) -> None:
    await api.create(maps, {"metadata": {"name": "a", "finalizers": HELD}})

    deleted = await api("DELETE", f"{maps}/a", options)
    await api("PATCH", f"{maps}/a", {"metadata": {"finalizers": None}}, type_="application/merge-patch+json")

    assert (deleted.status, stored(deleted.body)["metadata"]) == (200, marked(namespace, *finalizers))


async def test_who_asks_for_dependents_in_the_old_way_is_told_to_wait(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a", "finalizers": HELD}})
    await api.create(maps, {"metadata": {"name": "b"}})

    held = await api("DELETE", f"{maps}/a", {"orphanDependents": False})
    gone = await api("DELETE", f"{maps}/b", {"orphanDependents": False})
    await api.merge(f"{maps}/a", {"metadata": {"finalizers": None}})

    assert (held.status, held.body["metadata"]["finalizers"], gone.status) == (202, HELD, 200)


async def test_options_stand_in_the_query_unless_there_is_a_body(api: Api, maps: str) -> None:
    for name in ("a", "b"):
        await api.create(maps, {"metadata": {"name": name, "finalizers": HELD}})

    asked = await api.delete(f"{maps}/a?propagationPolicy=Orphan")
    overruled = await api.delete(f"{maps}/b?propagationPolicy=Orphan", {"propagationPolicy": "Foreground"})
    for name in ("a", "b"):
        await api("PATCH", f"{maps}/{name}", {"metadata": {"finalizers": None}}, type_="application/merge-patch+json")

    assert asked["metadata"]["finalizers"] == [*HELD, "orphan"]
    assert overruled["metadata"]["finalizers"] == [*HELD, "foregroundDeletion"]


async def test_preconditions_must_hold(api: Api, maps: str) -> None:
    made = (await api.create(maps, {"metadata": {"name": "a"}}))["metadata"]
    other_uid = conflict(
        "ConfigMap",
        "a",
        "the UID in the precondition (x) does not match the UID in record (<uid>)."
        " The object might have been deleted and then recreated",
    )
    other_state = conflict(
        "ConfigMap",
        "a",
        "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record"
        f" ({made['resourceVersion']}). The object might have been modified",
    )

    async def delete(**preconditions: str) -> Any:
        return await api("DELETE", f"{maps}/a", {"preconditions": preconditions})

    assert told(await delete(uid="x")) == other_uid
    assert told(await delete(resourceVersion="1")) == other_state
    assert told(await delete(uid="x", resourceVersion="1")) == other_uid
    assert told(await delete(uid=made["uid"], resourceVersion="1")) == other_state
    assert (await delete(uid=made["uid"], resourceVersion=made["resourceVersion"])).status == 200


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (
            {"propagationPolicy": "Nope"},
            ("propagationPolicy", "NotSupported", f'Unsupported value: "Nope": {POLICIES}'),
        ),
        (
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            (
                "propagationPolicy",
                "Invalid",
                'Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
            ),
        ),
        ({"dryRun": ["x"]}, ("dryRun", "NotSupported", 'Unsupported value: ["x"]: supported values: "All"')),
    ],
    ids=["policy", "both", "dry run"],
)
async def test_wrong_options_are_refused(api: Api, maps: str, options: Any, cause: tuple[str, str, str]) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    reply = await api("DELETE", f"{maps}/a", options)

    assert told(reply) == invalid("DeleteOptions.meta.k8s.io", "", cause)


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("propagationPolicy=Nope", f'Unsupported value: "Nope": {POLICIES}'),
        ("propagationPolicy=", f'Unsupported value: "": {POLICIES}'),
    ],
)
async def test_wrong_options_in_the_query_are_refused(api: Api, maps: str, query: str, cause: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    reply = await api("DELETE", f"{maps}/a?{query}")

    assert told(reply) == invalid("DeleteOptions.meta.k8s.io", "", ("propagationPolicy", "NotSupported", cause))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "couldn't get version/kind; json parse error: unexpected end of JSON input"),
        (
            b"[]",
            f"couldn't get version/kind; json parse error: json: cannot unmarshal array into {TYPE_META}",
        ),
        (
            b'{"gracePeriodSeconds": "x"}',
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
        ),
        (
            b'{"propagationPolicy": 1}',
            (
                "json: cannot unmarshal number into Go struct field DeleteOptions.propagationPolicy of type"
                " v1.DeletionPropagation"
            ),
        ),
        (
            b'{"preconditions": []}',
            "json: cannot unmarshal array into Go struct field DeleteOptions.preconditions of type v1.Preconditions",
        ),
        (
            b'{"kind": "ConfigMap"}',
            'no kind "ConfigMap" is registered for version "meta.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"',
        ),
    ],
    ids=["broken", "list", "grace", "policy", "preconditions", "kind"],
)
async def test_a_body_that_is_no_options_is_refused(api: Api, maps: str, body: bytes, message: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    assert told(await api("DELETE", f"{maps}/a", body)) == bad_request(message)


async def test_seconds_in_the_query_are_a_number(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    reply = await api("DELETE", f"{maps}/a?gracePeriodSeconds=x")

    assert told(reply) == bad_request('strconv.ParseInt: parsing "x": invalid syntax')


async def test_a_collection_goes_as_it_is_selected(api: Api, maps: str) -> None:
    for name, metadata in {
        "a": {"labels": {"x": "1"}},
        "b": {"labels": {"x": "2"}, "finalizers": HELD},
        "c": {"labels": {"y": "1"}},
    }.items():
        await api.create(maps, {"metadata": {"name": name, **metadata}})

    none = await api.delete(f"{maps}?labelSelector=x%3D9")
    some = await api.delete(f"{maps}?labelSelector=x")
    one = await api.delete(f"{maps}?fieldSelector=metadata.name%3Dc")
    left = await api.get(f"{maps}?labelSelector=x")
    await api.merge(f"{maps}/b", {"metadata": {"finalizers": None}})

    assert (none["kind"], none["items"]) == ("ConfigMapList", [])
    assert [item["metadata"]["name"] for item in some["items"]] == ["a", "b"]
    assert [item["metadata"]["name"] for item in one["items"]] == ["c"]
    assert [(item["metadata"]["name"], "deletionTimestamp" in item["metadata"]) for item in left["items"]] == [
        ("b", True)
    ]


async def test_a_collection_goes_page_by_page_where_that_is_asked_for(api: Api, maps: str) -> None:
    for name in ("a", "b"):
        await api.create(maps, {"metadata": {"name": name, "labels": {"x": "1"}}})

    page = await api.delete(f"{maps}?labelSelector=x&limit=1")

    assert [item["metadata"]["name"] for item in page["items"]] == ["a"]
    assert page["metadata"]["continue"]
    assert [item["metadata"]["name"] for item in (await api.get(f"{maps}?labelSelector=x"))["items"]] == ["b"]


async def test_options_hold_for_each_of_a_collection(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a", "labels": {"x": "1"}, "finalizers": HELD}})

    refused = await api("DELETE", f"{maps}?labelSelector=x", {"preconditions": {"uid": "u"}})
    await api.delete(f"{maps}?labelSelector=x", {"propagationPolicy": "Orphan"})
    kept = (await api.get(f"{maps}/a"))["metadata"]["finalizers"]
    await api("PATCH", f"{maps}/a", {"metadata": {"finalizers": None}}, type_="application/merge-patch+json")

    assert refused.status == 409
    assert kept[:1] == HELD


async def test_a_collection_in_an_absent_namespace_is_empty(api: Api) -> None:
    assert (await api.delete("/api/v1/namespaces/absent/configmaps"))["items"] == []


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_the_system_s_own_namespaces_stay(api: Api, name: str) -> None:
    assert told(await api("DELETE", f"/api/v1/namespaces/{name}")) == failure(
        403,
        "Forbidden",
        f'namespaces "{name}" is forbidden: this namespace may not be deleted',
        details={"name": name, "kind": "namespaces"},
    )


async def test_namespaces_cannot_be_deleted_together(api: Api) -> None:
    assert told(await api("DELETE", "/api/v1/namespaces")) == failure(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
    )
