"""Updates: what a whole object may change, what they cost its generation, and how states that are too old are told."""

from typing import Any

import pytest
from tests.conformance.comparing import bad_request, conflict, invalid, not_found, stored, told
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
IMMUTABLE = "Forbidden: field is immutable when `immutable` is set"


@pytest.fixture
def maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


async def test_a_replacement_drops_what_it_leaves_out(api: Api, maps: str, namespace: str) -> None:
    made = await api.create(maps, {"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"a": "1"}})

    reply = await api("PUT", f"{maps}/a", {"metadata": {"name": "a"}, "data": {"b": "2"}})

    assert reply.status == 200
    assert stored(reply.body) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": namespace},
        "data": {"b": "2"},
    }
    for name in ("uid", "creationTimestamp"):
        assert reply.body["metadata"][name] == made["metadata"][name]
    assert reply.body["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]


async def test_what_changes_nothing_keeps_the_revision(api: Api, maps: str) -> None:
    made = await api.create(maps, {"metadata": {"name": "a"}, "data": {"a": "1"}})

    again = await api("PUT", f"{maps}/a", {"metadata": {"name": "a"}, "data": {"a": "1"}})
    patched = await api.merge(f"{maps}/a", {"data": {"a": "1", "b": None}})

    assert again.body["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert patched["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"name": "b"}, "the name of the object (b) does not match the name on the URL (a)"),
        ({}, "the name of the object (a based on URL) was undeterminable: name must be provided"),
        (
            {"name": "a", "namespace": "other"},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
    ids=["name", "no name", "namespace"],
)
async def test_a_replacement_is_for_its_address(api: Api, maps: str, metadata: Any, message: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    assert told(await api("PUT", f"{maps}/a", {"metadata": metadata})) == bad_request(message)


async def test_a_replacement_of_an_old_state_conflicts(api: Api, maps: str) -> None:
    made = await api.create(maps, {"metadata": {"name": "a"}})
    await api.merge(f"{maps}/a", {"data": {"a": "1"}})

    assert told(await api("PUT", f"{maps}/a", made)) == conflict("configmaps", "a", MODIFIED)


async def test_nothing_replaces_what_is_absent(api: Api, maps: str, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)

    for metadata in ({}, {"uid": "x"}, {"resourceVersion": "5"}):
        reply = await api("PUT", f"{maps}/absent", {"metadata": {"name": "absent", **metadata}})
        assert told(reply) == not_found("configmaps", "absent")
    reply = await api("PUT", f"{things}/absent", thing(group, "absent"))
    assert told(reply) == not_found(f"things.{group}", "absent")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/apis/coordination.k8s.io/v1/namespaces/{}/leases", {"spec": {"holderIdentity": "x"}}),
        ("/api/v1/namespaces/{}/endpoints", {}),
        ("/api/v1/namespaces/{}/events", {"involvedObject": {"namespace": "{}"}}),
        ("/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles", {}),
        (
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
            {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"}},
        ),
    ],
    ids=["lease", "endpoints", "event", "role", "role binding"],
)
async def test_some_kinds_are_made_by_an_update(api: Api, namespace: str, path: str, body: Any) -> None:
    place = path.format(namespace)
    filled = {name: {k: v.format(namespace) for k, v in section.items()} for name, section in body.items()}

    made = await api("PUT", f"{place}/a", {"metadata": {"name": "a"}, **filled})
    revision = {"resourceVersion": made.body["metadata"]["resourceVersion"]}
    again = await api("PUT", f"{place}/a", {"metadata": {"name": "a", **revision}, **filled})

    assert (made.status, again.status) == (201, 200)
    assert again.body == made.body


async def test_a_custom_object_is_replaced_only_with_its_revision(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group))
    required = ("metadata.resourceVersion", "Invalid", "Invalid value: 0: must be specified for an update")

    for revision in ({}, {"resourceVersion": "0"}):
        for part in ("", "/status"):
            reply = await api("PUT", f"{things}/a{part}", thing(group, metadata=revision))
            assert told(reply) == invalid(f"things.{group}", "a", required)
    reply = await api("PUT", f"{things}/a", thing(group, metadata={"resourceVersion": "1"}))
    assert told(reply) == conflict(f"things.{group}", "a", MODIFIED)


async def test_the_generation_counts_wishes_only(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group, spec={"text": "a"}))

    labelled = await api.merge(f"{things}/a", {"metadata": {"labels": {"x": "y"}}})
    found = await api.merge(f"{things}/a/status", {"status": {"phase": "x"}})
    wished = await api.merge(f"{things}/a", {"spec": {"text": "b"}})
    claimed = await api.merge(f"{things}/a", {"metadata": {"generation": 77}})

    assert [obj["metadata"]["generation"] for obj in (labelled, found, wished, claimed)] == [1, 1, 2, 2]


async def test_status_and_wish_are_written_apart(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    made = await api.create(things, thing(group, spec={"text": "a"}))
    revision = {"resourceVersion": made["metadata"]["resourceVersion"]}
    changed = thing(group, metadata={**revision, "labels": {"x": "y"}}, spec={"text": "b"}, status={"phase": "p"})

    wished = await api("PUT", f"{things}/a", changed)
    changed["metadata"]["resourceVersion"] = wished.body["metadata"]["resourceVersion"]
    found = await api(
        "PUT",
        f"{things}/a/status",
        {**changed, "spec": {"text": "c"}, "metadata": {**changed["metadata"], "labels": {}}},
    )

    own = {"namespace": namespace, "generation": 2, "labels": {"x": "y"}}
    assert stored(wished.body) == thing(group, metadata=own, spec={"text": "b"})
    assert stored(found.body) == thing(group, metadata=own, spec={"text": "b"}, status={"phase": "p"})


async def test_a_merge_of_the_status_leaves_the_rest_alone(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    await api.create(things, thing(group, spec={"text": "a"}))
    everything = {"status": {"phase": "p"}, "spec": {"text": "b"}, "metadata": {"labels": {"x": "y"}}}

    found = await api.merge(f"{things}/a/status", everything)
    emptied = await api.merge(f"{things}/a/status", {"status": None})

    own = {"namespace": namespace, "generation": 1}
    assert stored(found) == thing(group, metadata=own, spec={"text": "a"}, status={"phase": "p"})
    assert stored(emptied) == thing(group, metadata=own, spec={"text": "a"})


async def test_an_immutable_secret_keeps_what_it_holds(api: Api, namespace: str) -> None:
    secrets = f"/api/v1/namespaces/{namespace}/secrets"
    secret = {"metadata": {"name": "a"}, "immutable": True, "data": {"k": "YQ=="}, "type": "Opaque"}
    await api.create(secrets, secret)

    async def refused(**changed: Any) -> Any:
        return told(await api("PUT", f"{secrets}/a", {**secret, **changed}))

    assert await refused(data={"k": "Yg=="}) == invalid("Secret", "a", ("data", "Forbidden", IMMUTABLE))
    assert await refused(immutable=False) == invalid("Secret", "a", ("immutable", "Forbidden", IMMUTABLE))
    assert await refused(type="x") == invalid(
        "Secret", "a", ("type", "Invalid", 'Invalid value: "x": field is immutable')
    )
    labelled = {**secret, "metadata": {"name": "a", "labels": {"x": "y"}}}
    assert (await api("PUT", f"{secrets}/a", labelled)).status == 200


async def test_an_immutable_config_map_keeps_what_it_holds(api: Api, maps: str) -> None:
    await api.create(
        maps, {"metadata": {"name": "a"}, "immutable": True, "data": {"k": "1"}, "binaryData": {"b": "YQ=="}}
    )

    reply = await api("PUT", f"{maps}/a", {"metadata": {"name": "a"}, "immutable": False})

    causes = [(name, "Forbidden", IMMUTABLE) for name in ("immutable", "data", "binaryData")]
    assert told(reply) == invalid("ConfigMap", "a", *causes)


@pytest.mark.parametrize(
    ("patch", "path", "value"),
    [
        ({"uid": "x"}, "uid", '"x"'),
        ({"deletionTimestamp": "2020-01-01T00:00:00Z"}, "deletionTimestamp", '"2020-01-01T00:00:00Z"'),
        ({"deletionGracePeriodSeconds": 5}, "deletionGracePeriodSeconds", "5"),
    ],
)
async def test_what_the_server_sets_cannot_be_changed(api: Api, maps: str, patch: Any, path: str, value: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    reply = await api("PATCH", f"{maps}/a", {"metadata": patch}, type_="application/merge-patch+json")

    cause = (f"metadata.{path}", "Invalid", f"Invalid value: {value}: field is immutable")
    assert told(reply) == invalid("ConfigMap", "a", cause)


async def test_what_the_server_keeps_to_itself_is_passed_over(api: Api, maps: str) -> None:
    made = await api.create(maps, {"metadata": {"name": "a"}})

    for metadata in ({"creationTimestamp": "2020-01-01T00:00:00Z"}, {"creationTimestamp": None}, {"uid": None}):
        assert await api.merge(f"{maps}/a", {"metadata": metadata}) == made


async def test_the_prefix_of_a_name_may_change_though_it_means_nothing_any_more(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    assert (await api.merge(f"{maps}/a", {"metadata": {"generateName": "x"}}))["metadata"]["generateName"] == "x"
