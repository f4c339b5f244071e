"""Strategic merge patches of built-in kinds."""

import copy
from typing import Any

import pytest

from kubecapy.apimachinery.patches import PatchError, apply_strategic_merge_patch
from kubecapy.apimachinery.resources import GroupVersionKind

DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "d", "finalizers": ["a"], "ownerReferences": [{"uid": "1", "name": "one"}]},
    "spec": {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {
            "spec": {
                "containers": [
                    {"name": "m", "image": "m:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
                    {"name": "sidecar", "image": "s:1"},
                ],
                "tolerations": [{"key": "x"}],
                "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
            }
        },
    },
}


def patched(patch: dict[str, Any], kind: str = "Deployment", target: dict[str, Any] = DEPLOYMENT) -> dict[str, Any]:
    before = copy.deepcopy((target, patch))
    result = apply_strategic_merge_patch(
        target, patch, GroupVersionKind("apps" if kind == "Deployment" else "", "v1", kind)
    )
    assert (target, patch) == before
    return result


def pod_patch(**spec: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec}}}


def pod_spec(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return found


def test_containers_merge_by_name_and_their_variables_too() -> None:
    result = patched(pod_patch(containers=[{"name": "m", "image": "m:2", "env": [{"name": "B", "value": "3"}]}]))

    assert pod_spec(result)["containers"] == [
        {"name": "m", "image": "m:2", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]},
        {"name": "sidecar", "image": "s:1"},
    ]


def test_a_container_of_another_name_stands_before_those_that_the_patch_does_not_name() -> None:
    result = patched(pod_patch(containers=[{"name": "m"}, {"name": "new", "env": [{"name": "A"}]}]))

    assert [c["name"] for c in pod_spec(result)["containers"]] == ["m", "new", "sidecar"]
    assert pod_spec(result)["containers"][1] == {"name": "new", "env": [{"name": "A"}]}


def test_what_is_absent_is_made_without_nulls_and_directives() -> None:
    affinity = {
        "nodeAffinity": None,
        "podAffinity": {"$patch": "delete"},
        "other": {"x": [None, {"y": None}]},
    }

    assert pod_spec(patched(pod_patch(affinity=affinity)))["affinity"] == {"other": {"x": [None, {}]}}


def test_an_entry_is_deleted_by_its_directive() -> None:
    result = patched(pod_patch(containers=[{"name": "sidecar", "$patch": "delete"}]))

    assert [c["name"] for c in pod_spec(result)["containers"]] == ["m"]


def test_a_list_is_replaced_by_its_directive() -> None:
    result = patched(pod_patch(containers=[{"$patch": "replace"}, {"name": "only"}]))

    assert pod_spec(result)["containers"] == [{"name": "only"}]


def test_tolerations_are_atomic() -> None:
    assert pod_spec(patched(pod_patch(tolerations=[{"key": "y"}])))["tolerations"] == [{"key": "y"}]


def test_a_map_is_replaced_or_emptied_by_its_directive() -> None:
    replaced = patched({"spec": {"strategy": {"$patch": "replace", "type": "Recreate"}}})
    emptied = patched({"spec": {"strategy": {"$patch": "delete"}}})

    assert replaced["spec"]["strategy"] == {"type": "Recreate"}
    assert emptied["spec"]["strategy"] == {}


def test_retain_keys_drops_the_other_union_members() -> None:
    result = patched({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})

    assert result["spec"]["strategy"] == {"type": "Recreate"}


def test_finalizers_are_a_set_from_which_a_directive_removes() -> None:
    added = patched({"metadata": {"finalizers": ["b", "a"]}})
    removed = patched({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}})

    assert added["metadata"]["finalizers"] == ["b", "a"]
    assert removed["metadata"]["finalizers"] == ["c"]


def test_owner_references_merge_by_uid_in_any_kind() -> None:
    target = {"metadata": {"ownerReferences": [{"uid": "1", "name": "one"}]}}
    patch = {"metadata": {"ownerReferences": [{"uid": "1", "name": "uno"}, {"uid": "2", "name": "two"}]}}

    assert patched(patch, "Secret", target)["metadata"]["ownerReferences"] == [
        {"uid": "1", "name": "uno"},
        {"uid": "2", "name": "two"},
    ]


def test_node_taints_are_atomic_and_conditions_merge_by_type() -> None:
    node = {
        "spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "x"}]},
    }
    patch = {
        "spec": {"taints": [{"key": "b", "effect": "NoExecute"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "False"}]},
    }

    assert patched(patch, "Node", node) == {
        "spec": {"taints": [{"key": "b", "effect": "NoExecute"}]},
        "status": {
            "conditions": [
                {"type": "Ready", "status": "True", "reason": "x"},
                {"type": "DiskPressure", "status": "False"},
            ]
        },
    }


@pytest.mark.parametrize(
    ("names", "order", "expected"),
    [
        (["a", "b", "c"], ["c", "b", "a"], ["c", "b", "a"]),
        (["server", "a", "b"], ["b", "a"], ["server", "b", "a"]),
        (["a", "server", "b"], ["b", "a"], ["server", "b", "a"]),
        (["a", "b", "server"], ["a", "b"], ["a", "b", "server"]),
    ],
)
def test_the_senders_order_is_kept_around_entries_that_only_the_server_knows(
    names: list[str], order: list[str], expected: list[str]
) -> None:
    target = {"spec": {"containers": [{"name": name} for name in names]}}
    patch = {"spec": {"$setElementOrder/containers": [{"name": name} for name in order], "containers": []}}

    assert [c["name"] for c in patched(patch, "Pod", target)["spec"]["containers"]] == expected


def test_what_is_new_stands_behind_what_is_kept_where_an_entry_is_removed() -> None:
    target = {"spec": {"containers": [{"name": "gone"}, {"name": "kept"}]}}
    containers = [{"name": "new"}, {"name": "gone", "$patch": "delete"}]
    patch = {"spec": {"$setElementOrder/containers": [{"name": "new"}], "containers": containers}}

    assert patched(patch, "Pod", target)["spec"]["containers"] == [{"name": "kept"}, {"name": "new"}]


def test_null_deletes_and_nested_maps_merge() -> None:
    result = patched({"spec": {"strategy": {"rollingUpdate": None}, "replicas": 2}})

    assert result["spec"]["strategy"] == {"type": "RollingUpdate"}
    assert result["spec"]["replicas"] == 2


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (pod_patch(containers=[{"image": "x"}]), "map: map[image:x] does not contain declared merge key: name"),
        (pod_patch(containers=["x"]), "must be an object"),
        (
            pod_patch(containers=[{"name": "m", "$patch": "explode"}]),
            "unknown patch type: explode in map: map[$patch:explode name:m]",
        ),
        ({"spec": {"$patch": "explode"}}, "unknown patch type: explode in map: map[$patch:explode]"),
        ({"spec": {"strategy": {"$retainKeys": "type"}}}, "invalid patch format of retainKeys"),
        ({"spec": {"strategy": {"$retainKeys": ["a"], "type": "x"}}}, "invalid patch format of retainKeys"),
        (pod_patch(**{"$setElementOrder/containers": 3}), "expected a []interface {}, but received a int64"),
    ],
)
def test_malformed_directives_are_refused(patch: dict[str, Any], message: str) -> None:
    with pytest.raises(PatchError) as caught:
        patched(patch)

    assert message in str(caught.value)
