"""The pure decisions of the small control plane: placement, scaling, deletion, numbering, signing."""

import base64
from typing import Any

import pytest

from kubecapy.apiserver.pki.certificates import Profile
from kubecapy.local.certificates import make_request
from kubecapy.local.workloads.bootstrap_tokens import detached_signature, plan_signatures
from kubecapy.local.workloads.deployments import Scaling, plan_recreation, plan_scaling, render_replica_set
from kubecapy.local.workloads.node_taints import plan_taints
from kubecapy.local.workloads.placement import choose_node, refusal_of, untolerated_taint
from kubecapy.local.workloads.replicasets import plan_deletions
from kubecapy.local.workloads.signing_requests import recognize_kubelet
from kubecapy.local.workloads.statefulsets import plan_creation, plan_deletion
from kubecapy.local.workloads.templates import hash_of

MASTER = {"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"}


def node(name: str = "n1", *, ready: str = "True", **spec: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}]
    return {"metadata": {"name": name, "labels": {"disk": "ssd"}}, "spec": spec, "status": {"conditions": conditions}}


def pod(name: str = "p", *, ready: bool = True, node_name: str = "n1", **metadata: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {
        "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": {"nodeName": node_name} if node_name else {},
        "status": {"phase": "Running", "conditions": conditions},
    }


@pytest.mark.parametrize(
    ("toleration", "taint", "tolerated"),
    [
        ({"operator": "Exists"}, MASTER, True),
        ({"key": MASTER["key"], "effect": "NoSchedule"}, MASTER, True),
        ({"key": MASTER["key"], "operator": "Exists"}, MASTER, True),
        ({"key": MASTER["key"], "effect": "NoExecute"}, MASTER, False),
        ({"key": "other", "operator": "Exists"}, MASTER, False),
        ({"key": "a", "value": "1"}, {"key": "a", "value": "1", "effect": "NoSchedule"}, True),
        ({"key": "a", "value": "2"}, {"key": "a", "value": "1", "effect": "NoSchedule"}, False),
        ({"key": "b"}, {"key": "a", "effect": "PreferNoSchedule"}, True),
    ],
)
def test_a_toleration_matches_a_taint_as_kubernetes_has_it(
    toleration: dict[str, str], taint: dict[str, str], tolerated: bool
) -> None:
    assert (untolerated_taint({"spec": {"tolerations": [toleration]}}, [taint]) is None) == tolerated


@pytest.mark.parametrize(
    ("where", "spec", "reason"),
    [
        (node(), {}, ""),
        (node(ready="False"), {}, "node(s) were not ready"),
        (node(ready="Unknown"), {}, "node(s) were not ready"),
        (node(unschedulable=True), {}, "node(s) were unschedulable"),
        (node(taints=[MASTER]), {}, "node(s) had untolerated taint {node-role.kubernetes.io/master: }"),
        (node(), {"nodeSelector": {"disk": "hdd"}}, "node(s) didn't match Pod's node affinity/selector"),
        (node(), {"nodeSelector": {"disk": "ssd"}}, ""),
    ],
)
def test_a_node_refuses_in_the_schedulers_words(where: dict[str, Any], spec: dict[str, Any], reason: str) -> None:
    assert refusal_of({"spec": spec}, where) == reason


NEW = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
SILENT = {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}
CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("where", "taints"),
    [
        (node(taints=[NEW]), []),
        (node(taints=[MASTER, NEW]), [MASTER]),
        (node(ready="False", taints=[MASTER]), [MASTER, NEW]),
        (node(ready="Unknown", taints=[NEW]), [SILENT]),
        (node(unschedulable=True), [CORDONED]),
        (node(taints=[CORDONED]), []),
        (node(taints=[NEW | {"effect": "NoExecute"}]), None),
        (node(ready="False", taints=[NEW]), None),
        (node(taints=[NEW]) | {"status": {}}, None),
        (node(taints=[MASTER]), None),
    ],
)
def test_a_node_is_tainted_as_its_conditions_say(where: dict[str, Any], taints: list[dict[str, str]] | None) -> None:
    assert plan_taints(where) == taints


def test_the_node_with_the_fewest_pods_is_chosen() -> None:
    nodes = [node("a"), node("b"), node("c", ready="False")]

    assert choose_node(pod(node_name=""), nodes, {"a": 2, "b": 1}) == ("b", "")


def test_the_preferred_node_comes_before_the_emptier_one() -> None:
    near_master = {"matchExpressions": [{"key": "node-role.kubernetes.io/master", "operator": "Exists"}]}
    terms = [{"weight": 100, "preference": near_master}]
    wish = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}
    nodes = [node("a"), node("b")]
    nodes[0]["metadata"]["labels"]["node-role.kubernetes.io/master"] = ""
    picky = pod(node_name="")
    picky["spec"]["affinity"] = wish

    assert choose_node(picky, nodes, {"a": 9, "b": 0}) == ("a", "")
    assert choose_node(picky, nodes[1:], {}) == ("b", ""), "a preference is no condition"


def test_why_no_node_takes_a_pod_is_counted() -> None:
    nodes = [node("a", taints=[MASTER]), node("b", ready="False"), node("c", ready="False")]

    _, why = choose_node(pod(node_name=""), nodes, {})

    assert why == (
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/master: }, "
        "2 node(s) were not ready."
    )
    assert choose_node(pod(node_name=""), [], {}) == ("", "no nodes available to schedule pods")


def test_pods_without_a_node_go_first_then_unready_ones_then_the_newest() -> None:
    pods = [
        pod("old", creationTimestamp="2026-01-01T00:00:00Z"),
        pod("new", creationTimestamp="2026-01-02T00:00:00Z"),
        pod("unready", ready=False, creationTimestamp="2026-01-01T00:00:00Z"),
        pod("unbound", ready=False, node_name="", creationTimestamp="2026-01-01T00:00:00Z"),
    ]

    assert [doomed["metadata"]["name"] for doomed in plan_deletions(pods, 3)] == ["unbound", "unready", "new"]
    assert plan_deletions(pods, -1) == []


def replica_set(name: str, replicas: int, ready: int) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"replicas": replicas}, "status": {"readyReplicas": ready}}


def test_a_rollout_goes_step_by_step_and_keeps_what_is_wished() -> None:
    new, old = replica_set("new", 0, 0), replica_set("old", 3, 3)
    steps = []
    for _ in range(20):
        plan = plan_scaling(3, new, [new, old])
        if not plan and new["status"]["readyReplicas"] == new["spec"]["replicas"]:
            break
        for scaling in plan:
            (new if scaling.name == "new" else old)["spec"]["replicas"] = scaling.replicas
        old["status"]["readyReplicas"] = old["spec"]["replicas"]
        available = new["status"]["readyReplicas"] + old["status"]["readyReplicas"]
        steps.append((new["spec"]["replicas"], old["spec"]["replicas"]))
        assert available >= 3
        assert new["spec"]["replicas"] + old["spec"]["replicas"] <= 4
        new["status"]["readyReplicas"] = new["spec"]["replicas"]

    assert steps[0] == (1, 3)
    assert steps[-1] == (3, 0)


def test_without_old_pods_all_new_ones_are_made_at_once() -> None:
    new = replica_set("new", 0, 0)

    assert plan_scaling(3, new, [new]) == [Scaling("new", 3)]


def test_a_smaller_wish_scales_the_newest_down() -> None:
    new = replica_set("new", 3, 3)

    assert plan_scaling(1, new, [new]) == [Scaling("new", 1)]
    assert plan_scaling(0, new, [new]) == [Scaling("new", 0)]


def deployment() -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "unknownField": 1}]}}
    metadata = {"name": "d", "namespace": "default", "uid": "u"}
    return {"metadata": metadata, "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template}}


def test_a_replica_set_carries_the_template_with_its_hash_and_fields_that_nobody_knows() -> None:
    made = render_replica_set(deployment(), "abc", 2)

    assert made["metadata"]["name"] == "d-abc"
    assert made["spec"]["selector"]["matchLabels"] == {"app": "x", "pod-template-hash": "abc"}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "x", "pod-template-hash": "abc"}
    assert made["spec"]["template"]["spec"]["containers"][0]["unknownField"] == 1
    assert made["metadata"]["ownerReferences"][0]["controller"] is True


def test_the_hash_of_a_template_ignores_its_own_label_and_sees_everything_else() -> None:
    template = deployment()["spec"]["template"]
    labelled = {**template, "metadata": {"labels": {"app": "x", "pod-template-hash": "abc"}}}
    changed = {**template, "spec": {"containers": []}}

    assert hash_of(template) == hash_of(labelled)
    assert hash_of(template) != hash_of(changed)


def stateful_set(replicas: int = 3, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "spec": {"replicas": replicas, **spec}}


def numbered(*ready: bool, revision: str = "r") -> dict[str, dict[str, Any]]:
    labels = {"controller-revision-hash": revision}
    return {f"s-{number}": pod(f"s-{number}", ready=value, labels=labels) for number, value in enumerate(ready)}


@pytest.mark.parametrize(
    ("pods", "name"),
    [(numbered(), "s-0"), (numbered(False), None), (numbered(True), "s-1"), (numbered(True, True, True), None)],
)
def test_numbered_pods_come_one_after_the_other(pods: dict[str, Any], name: str | None) -> None:
    assert plan_creation(stateful_set(), pods) == name


def test_parallel_pods_do_not_wait_for_each_other() -> None:
    assert plan_creation(stateful_set(podManagementPolicy="Parallel"), numbered(False)) == "s-1"


def test_numbered_pods_go_from_the_highest_number_on() -> None:
    assert plan_deletion(stateful_set(1), numbered(True, True, True), "r")["metadata"]["name"] == "s-2"
    assert plan_deletion(stateful_set(3), numbered(True, True, True), "r") is None


def test_a_changed_template_replaces_one_pod_at_a_time() -> None:
    pods = numbered(True, True, revision="old")

    assert plan_deletion(stateful_set(2), pods, "new")["metadata"]["name"] == "s-1"
    pods["s-1"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert plan_deletion(stateful_set(2), pods, "new") is None


def token(token_id: str, **data: str) -> dict[str, Any]:
    fields = {"token-id": token_id, "token-secret": "s", "usage-bootstrap-signing": "true", **data}
    return {"data": {key: base64.b64encode(value.encode()).decode() for key, value in fields.items()}}


def test_signatures_are_added_for_tokens_and_removed_with_them() -> None:
    data = {
        "kubeconfig": "k",
        "jws-kubeconfig-gone": "x",
        "jws-kubeconfig-bbbbbb": detached_signature("k", "bbbbbb", "s"),
    }
    tokens = [token("aaaaaa"), token("bbbbbb"), token("cccccc", **{"usage-bootstrap-signing": "false"})]

    assert plan_signatures(data, tokens) == {
        "jws-kubeconfig-aaaaaa": detached_signature("k", "aaaaaa", "s"),
        "jws-kubeconfig-gone": None,
    }


def test_a_changed_content_is_signed_anew() -> None:
    data = {"kubeconfig": "new", "jws-kubeconfig-aaaaaa": detached_signature("old", "aaaaaa", "s")}

    assert plan_signatures(data, [token("aaaaaa")]) == {
        "jws-kubeconfig-aaaaaa": detached_signature("new", "aaaaaa", "s")
    }


def signing_request(profile: Profile, usages: tuple[str, ...] = ("digital signature", "client auth")) -> dict[str, Any]:
    request = base64.b64encode(make_request(profile).request).decode()
    return {"spec": {"request": request, "usages": list(usages)}}


def test_a_kubelets_request_is_recognized() -> None:
    found = recognize_kubelet(signing_request(Profile("system:node:n1", ("system:nodes",))))

    assert found is not None


@pytest.mark.parametrize(
    "request_",
    [
        signing_request(Profile("system:node:n1", ("system:masters",))),
        signing_request(Profile("system:node:n1", ("system:nodes", "system:masters"))),
        signing_request(Profile("admin", ("system:nodes",))),
        signing_request(Profile("system:node:n1", ("system:nodes",)), ("server auth",)),
        {"spec": {"request": "bm90aGluZw=="}},
        {"spec": {}},
    ],
    ids=["masters", "more groups", "no node", "server", "no request", "empty"],
)
def test_other_requests_are_left_to_people(request_: dict[str, Any]) -> None:
    assert recognize_kubelet(request_) is None


def test_a_recreated_deployment_has_no_new_pod_before_the_last_old_one_has_ended() -> None:
    new, old = replica_set("new", 0, 0), replica_set("old", 2, 2)

    assert plan_recreation(2, new, [new, old], old_pods_left=True) == [Scaling("old", 0)]
    old["spec"]["replicas"] = 0
    assert plan_recreation(2, new, [new, old], old_pods_left=True) == []
    assert plan_recreation(2, new, [new, old], old_pods_left=False) == [Scaling("new", 2)]
