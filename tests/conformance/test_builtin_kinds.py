"""Kinds that the server brings along: what the least object of each becomes when it is stored."""

from typing import Any

import pytest
from tests.conformance.comparing import stored
from tests.raw_api import Api

CORE = "/api/v1/namespaces/{namespace}"
APPS = "/apis/apps/v1/namespaces/{namespace}"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
RBAC_GROUP = "rbac.authorization.k8s.io"

SELECTOR = {"matchLabels": {"a": "b"}}
SENT_TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
CONTAINER = {
    "name": "c",
    "image": "i",
    "imagePullPolicy": "Always",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
TEMPLATE = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {
        "containers": [CONTAINER],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    },
}
WISH = {"selector": SELECTOR, "template": SENT_TEMPLATE}
STORED_WISH = {"selector": SELECTOR, "template": TEMPLATE}
ABOUT: dict[str, Any] = {"kind": "Pod", "name": "p"}
NODE_INFO = (
    *("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion"),
    *("machineID", "operatingSystem", "osImage", "systemUUID"),
)

NAMESPACED = {
    "config map": (f"{CORE}/configmaps", {}, {}),
    "secret": (f"{CORE}/secrets", {}, {"type": "Opaque"}),
    "secret of plain text": (
        f"{CORE}/secrets",
        {"data": {"a": "eA==", "b": "eA=="}, "stringData": {"b": "y", "c": "ä"}},
        {"data": {"a": "eA==", "b": "eQ==", "c": "w6Q="}, "type": "Opaque"},
    ),
    "secret with an empty value": (
        f"{CORE}/secrets",
        {"data": {"a": "", "b": None}},
        {"data": {"a": "", "b": ""}, "type": "Opaque"},
    ),
    "service account": (f"{CORE}/serviceaccounts", {}, {}),
    "endpoints": (
        f"{CORE}/endpoints",
        {"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 1}]}]},
        {"subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 1, "protocol": "TCP"}]}]},
    ),
    "lease": (LEASES, {}, {"spec": {}}),
    "lease with a holder": (
        LEASES,
        {"spec": {"holderIdentity": "h", "leaseDurationSeconds": 10, "renewTime": "2024-01-01T01:00:00.500000+01:00"}},
        {"spec": {"holderIdentity": "h", "leaseDurationSeconds": 10, "renewTime": "2024-01-01T00:00:00.500000Z"}},
    ),
    "lease of an election to come": (LEASES, {"spec": {"strategy": "x", "preferredHolder": "y"}}, {"spec": {}}),
    "role": (f"{RBAC}/namespaces/{{namespace}}/roles", {}, {"rules": None}),
    "role with a rule": (
        f"{RBAC}/namespaces/{{namespace}}/roles",
        {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]},
        {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]},
    ),
    "role binding": (
        f"{RBAC}/namespaces/{{namespace}}/rolebindings",
        {
            "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": "n"}],
        },
        {
            "roleRef": {"kind": "Role", "name": "r", "apiGroup": RBAC_GROUP},
            "subjects": [
                {"kind": "User", "name": "u", "apiGroup": RBAC_GROUP},
                {"kind": "ServiceAccount", "name": "s", "namespace": "n"},
            ],
        },
    ),
}
"""What is tested, to the path of its collection, what is sent beside the name, and what is stored beside it."""

WORKLOADS = {
    "Deployment": (
        WISH,
        {
            **STORED_WISH,
            "replicas": 1,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        },
        {},
    ),
    "ReplicaSet": (WISH, {**STORED_WISH, "replicas": 1}, {"replicas": 0}),
    "StatefulSet": (
        WISH,
        {
            **STORED_WISH,
            "replicas": 1,
            "serviceName": "",
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        },
        {"replicas": 0, "availableReplicas": 0},
    ),
    "DaemonSet": (
        WISH,
        {
            **STORED_WISH,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
            "revisionHistoryLimit": 10,
        },
        {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
    ),
}
"""Kind to the spec that is sent, the spec that is stored, and the status that it begins with."""
CLUSTER_ROLES = {
    "of paths": (
        "clusterroles",
        {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]},
        {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]},
    ),
    "binding": (
        "clusterrolebindings",
        {"roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "Group", "name": "g"}]},
        {
            "roleRef": {"kind": "ClusterRole", "name": "r", "apiGroup": RBAC_GROUP},
            "subjects": [{"kind": "Group", "name": "g", "apiGroup": RBAC_GROUP}],
        },
    ),
    "binding of nobody": (
        "clusterrolebindings",
        {"roleRef": {"kind": "ClusterRole", "name": "r"}},
        {"roleRef": {"kind": "ClusterRole", "name": "r", "apiGroup": RBAC_GROUP}},
    ),
}


@pytest.mark.parametrize(("path", "sent", "expected"), NAMESPACED.values(), ids=NAMESPACED)
async def test_the_least_object_is_completed(api: Api, namespace: str, path: str, sent: Any, expected: Any) -> None:
    collection = path.format(namespace=namespace)

    reply = await api("POST", collection, {"metadata": {"name": "a"}, **sent})

    assert reply.status == 201
    obj = stored(reply.body)
    assert {name: obj[name] for name in obj.keys() - {"kind", "apiVersion"}} == {
        "metadata": {"name": "a", "namespace": namespace},
        **expected,
    }
    assert await api.get(f"{collection}/a") == reply.body


@pytest.mark.parametrize("kind", WORKLOADS)
async def test_a_workload_is_completed(api: Api, namespace: str, kind: str) -> None:
    sent, spec, status = WORKLOADS[kind]

    reply = await api("POST", f"{APPS.format(namespace=namespace)}/{kind.lower()}s", wished(sent))

    counted = {"annotations": {"deprecated.daemonset.template.generation": "1"}} if kind == "DaemonSet" else {}
    assert stored(reply.body) == {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "a", "namespace": namespace, "generation": 1, **counted},
        "spec": spec,
        "status": status,
    }


async def test_a_strategy_without_a_rolling_update_gets_none(api: Api, namespace: str) -> None:
    apps = APPS.format(namespace=namespace)

    deployment = await api.create(f"{apps}/deployments", wished({**WISH, "strategy": {"type": "Recreate"}}))
    for plural in ("statefulsets", "daemonsets"):
        obj = await api.create(f"{apps}/{plural}", wished({**WISH, "updateStrategy": {"type": "OnDelete"}}))
        assert obj["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


async def test_a_daemon_set_counts_its_templates(api: Api, namespace: str) -> None:
    path = f"{APPS.format(namespace=namespace)}/daemonsets"
    await api.create(path, wished(WISH))

    changed = await api.merge(f"{path}/a", {"spec": {"template": {"metadata": {"annotations": {"x": "y"}}}}})
    same = await api.merge(f"{path}/a", {"spec": {"minReadySeconds": 1}})

    found = [obj["metadata"]["annotations"]["deprecated.daemonset.template.generation"] for obj in (changed, same)]
    assert found == ["2", "2"]
    assert same["metadata"]["generation"] == 3


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("i", "Always"),
        ("i:latest", "Always"),
        ("r:5000/i", "Always"),
        ("i:1", "IfNotPresent"),
        ("r:5000/i:1", "IfNotPresent"),
    ],
)
async def test_an_image_that_may_change_is_always_pulled(api: Api, namespace: str, image: str, policy: str) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": image}]}}

    path = f"{APPS.format(namespace=namespace)}/replicasets"
    made = await api.create(path, wished({"selector": SELECTOR, "template": template}))

    assert made["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == policy


async def test_an_event_is_completed(api: Api, namespace: str) -> None:
    path = f"{CORE.format(namespace=namespace)}/events"
    about = {**ABOUT, "namespace": namespace}

    reply = await api("POST", path, {"metadata": {"name": "a"}, "involvedObject": about, "reason": "Seen"})

    assert stored(reply.body) == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "a", "namespace": namespace},
        "involvedObject": about,
        "reason": "Seen",
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    }


async def test_a_namespace_is_completed(api: Api, namespace: str) -> None:
    assert stored(await api.get(f"/api/v1/namespaces/{namespace}")) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": {"kubernetes.io/metadata.name": namespace}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


async def test_the_name_of_a_namespace_stays_its_label(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"

    changed = await api.merge(path, {"metadata": {"labels": {"kubernetes.io/metadata.name": "x", "own": "y"}}})
    without = await api.merge(path, {"metadata": {"labels": None}})

    assert changed["metadata"]["labels"] == {"kubernetes.io/metadata.name": namespace, "own": "y"}
    assert without["metadata"]["labels"] == {"kubernetes.io/metadata.name": namespace}


async def test_a_node_begins_with_what_its_kubelet_knows(api: Api, namespace: str) -> None:
    reply = await api("POST", "/api/v1/nodes", {"metadata": {"name": namespace}, "status": {"phase": "Running"}})
    await api.delete(f"/api/v1/nodes/{namespace}")

    assert reply.body["status"] == {
        "phase": "Running",
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
        "nodeInfo": dict.fromkeys(NODE_INFO, ""),
    }


@pytest.mark.parametrize(("plural", "sent", "expected"), CLUSTER_ROLES.values(), ids=CLUSTER_ROLES)
async def test_the_least_role_of_the_cluster_is_completed(
    api: Api, namespace: str, plural: str, sent: Any, expected: Any
) -> None:
    reply = await api("POST", f"{RBAC}/{plural}", {"metadata": {"name": namespace}, **sent})
    await api.delete(f"{RBAC}/{plural}/{namespace}")

    obj = stored(reply.body)
    assert {name: obj[name] for name in obj.keys() - {"kind", "apiVersion"}} == {
        "metadata": {"name": namespace},
        **expected,
    }


async def test_a_service_is_completed_as_far_as_it_is_not_the_networks(api: Api, namespace: str) -> None:
    spec = {"ports": [{"port": 80}, {"name": "b", "port": 81, "targetPort": "web"}]}
    spec["ports"][0]["name"] = "a"

    made = await api.create(f"{CORE.format(namespace=namespace)}/services", {"metadata": {"name": "a"}, "spec": spec})

    networks = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
    assert {name: made["spec"][name] for name in made["spec"].keys() - {*networks}} == {
        "ports": [
            {"name": "a", "protocol": "TCP", "port": 80, "targetPort": 80},
            {"name": "b", "protocol": "TCP", "port": 81, "targetPort": "web"},
        ],
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
    }
    assert made["status"] == {"loadBalancer": {}}


def wished(spec: Any) -> Any:
    return {"metadata": {"name": "a"}, "spec": spec}
