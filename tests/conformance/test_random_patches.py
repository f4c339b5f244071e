"""Random patches: what a server makes of each is what our pure functions make of it, refusals included."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api, Reply

from kubecapy.apimachinery.patches import (
    PatchError,
    UnmergeablePatch,
    apply_json_patch,
    apply_merge_patch,
    apply_strategic_merge_patch,
)
from kubecapy.apimachinery.resources import GroupVersionKind

FEW = settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    # A failure shows its patch; making it smaller would take minutes on a server.
    phases=(Phase.explicit, Phase.generate),
)
NO_CONTAINERS = "a pod has a container at least"
REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")

KEYS = st.sampled_from(["a", "b", "c/d", "~"])
VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.text("xy", max_size=2) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
STEPS = KEYS.map(lambda key: key.replace("~", "~0").replace("/", "~1")) | st.sampled_from(["0", "1", "-1", "-", ""])
PATHS = st.lists(STEPS, min_size=1, max_size=3).map(lambda steps: "/spec/open/" + "/".join(steps))
OPERATIONS = st.one_of(
    st.fixed_dictionaries({"op": st.sampled_from(["add", "replace", "test"]), "path": PATHS, "value": VALUES}),
    st.fixed_dictionaries({"op": st.just("remove"), "path": PATHS}),
    st.fixed_dictionaries({"op": st.sampled_from(["move", "copy"]), "path": PATHS, "from": PATHS}),
)

NAMES = st.sampled_from(["a", "b", "c", "d"])
VARIABLES = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"value": st.sampled_from(["1", "2"])}),
    max_size=3,
    unique_by=lambda variable: variable["name"],
)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES, "image": st.sampled_from(["i:1", "i:2"])},
        optional={"env": VARIABLES, "args": st.lists(NAMES, max_size=2)},
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda container: container["name"],
)
DIRECTIVES = st.sampled_from(["delete", "replace", "merge", "nonsense"])
CHANGED_VARIABLES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES}, optional={"value": st.sampled_from(["1", "3", None]), "$patch": st.just("delete")}
    ),
    max_size=3,
    unique_by=lambda variable: variable["name"],
)
CHANGED_CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES, "image": st.sampled_from(["i:1", "i:3"])},
        optional={
            "env": st.none() | CHANGED_VARIABLES,
            "args": st.none() | st.lists(NAMES, max_size=2),
            "$patch": DIRECTIVES,
            "$setElementOrder/env": st.lists(st.fixed_dictionaries({"name": NAMES}), max_size=3),
        },
    ),
    max_size=3,
    unique_by=lambda container: container["name"],
)
POD_PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "containers": CHANGED_CONTAINERS,
        "$setElementOrder/containers": st.lists(
            st.fixed_dictionaries({"name": NAMES}), max_size=4, unique_by=lambda item: item["name"]
        ),
    },
)


@pytest.fixture
def names() -> Iterator[str]:
    """Name one object after the other."""
    return (f"n{index}" for index in count())


@pytest.fixture
async def things(api: Api, group: str, namespace: str) -> str:
    return await serve_things(api, group, namespace)


@given(document=OBJECTS, patch=OBJECTS)
@FEW
async def test_merge_patches(
    api: Api, things: str, group: str, names: Iterator[str], document: Any, patch: Any
) -> None:
    made = await api.create(things, thing(group, next(names), spec={"open": document}))
    sent = {"spec": {"open": patch}}

    reply = await api("PATCH", f"{things}/{made['metadata']['name']}", sent, type_="application/merge-patch+json")

    assert (reply.status, reply.body.get("spec")) == (200, apply_merge_patch(made, sent)["spec"])


@given(document=OBJECTS, operations=st.lists(OPERATIONS, max_size=4))
@FEW
async def test_json_patches(
    api: Api, things: str, group: str, names: Iterator[str], document: Any, operations: Any
) -> None:
    made = await api.create(things, thing(group, next(names), spec={"open": document}))

    path = f"{things}/{made['metadata']['name']}"
    reply = await api("PATCH", path, operations, type_="application/json-patch+json")

    try:
        outcome = 200, apply_json_patch(made, operations)["spec"]
    except PatchError:
        outcome = 422, "the server rejected our request due to an error in our request"
    assert (reply.status, reply.body.get("spec", reply.body.get("message"))) == outcome


@given(containers=CONTAINERS, patch=POD_PATCHES)
@FEW
async def test_strategic_merge_patches(
    api: Api, namespace: str, names: Iterator[str], containers: Any, patch: Any
) -> None:
    sets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
    labels = {"a": "b"}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    }
    made = await api.create(sets, {"metadata": {"name": next(names)}, "spec": spec})
    sent = {"spec": {"template": {"spec": patch}}}

    path = f"{sets}/{made['metadata']['name']}"
    reply = await api("PATCH", path, sent, type_="application/strategic-merge-patch+json")

    assert outcome(reply) == expected(lambda: apply_strategic_merge_patch(made, sent, REPLICA_SET))


def outcome(reply: Reply) -> Any:
    """Return the containers that a patch led to, or how it was refused."""
    if reply.status == 200:
        return containers_of(reply.body)
    return NO_CONTAINERS if reply.status == 422 else (reply.status, reply.body["message"])


def expected(patched: Callable[[], Any]) -> Any:
    """Return the outcome of what our functions make of a patch."""
    try:
        return containers_of(patched()) or NO_CONTAINERS
    except UnmergeablePatch as error:
        return 500, str(error)
    except PatchError as error:
        return 400, str(error)


def containers_of(replica_set: Any) -> list[Any]:
    """Return what a patch changes of the containers, without what is empty: Go leaves that out."""
    return [
        {name: container[name] for name in ("name", "image", "args") if container.get(name)}
        | {"env": [[variable["name"], variable.get("value") or ""] for variable in container.get("env") or ()]}
        for container in replica_set["spec"]["template"]["spec"].get("containers") or ()
    ]
