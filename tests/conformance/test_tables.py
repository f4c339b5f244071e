"""Tables: which columns kubectl shows of each kind, and what stands in the cells."""

from typing import Any

import pytest
from tests.apiserver.widgets import widget, widget_definition
from tests.conformance.definitions import define
from tests.conformance.statuses import failure
from tests.raw_api import Api

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
CORE, APPS = "/api/v1/namespaces/{}/", "/apis/apps/v1/namespaces/{}/"
RBAC = "/apis/rbac.authorization.k8s.io/v1/"
NAME = ("Name", "string", "name", 0)
AGE = ("Age", "string", "", 0)
SHAPE = [("Containers", "string", "", 1), ("Images", "string", "", 1)]
SELECTOR = ("Selector", "string", "", 1)
CREATED = [NAME, ("Created At", "date", "", 0)]


def text(*names: str) -> list[Any]:
    return [(name, "string", "", 0) for name in names]


def number(*names: str) -> list[Any]:
    return [(name, "integer", "", 0) for name in names]


def wide(*names: str) -> list[Any]:
    return [(name, "string", "", 1) for name in names]


COLUMNS = {
    "/api/v1/namespaces": [NAME, *text("Status"), AGE],
    "/api/v1/nodes": [
        NAME, *text("Status", "Roles"), AGE, *text("Version"),
        *wide("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
    ],
    "/api/v1/pods": [
        NAME, *text("Ready", "Status", "Restarts"), AGE, *wide("IP", "Node", "Nominated Node", "Readiness Gates"),
    ],
    "/api/v1/secrets": [NAME, *text("Type", "Data"), AGE],
    "/api/v1/configmaps": [NAME, *text("Data"), AGE],
    "/api/v1/serviceaccounts": [NAME, AGE],
    "/api/v1/services": [NAME, *text("Type", "Cluster-IP", "External-IP", "Port(s)"), AGE, SELECTOR],
    "/api/v1/endpoints": [NAME, *text("Endpoints"), AGE],
    "/api/v1/events": [
        *text("Last Seen", "Type", "Reason", "Object"), *wide("Subobject", "Source"), *text("Message"),
        *wide("First Seen", "Count"), ("Name", "string", "name", 1),
    ],
    "/apis/apps/v1/deployments": [NAME, *text("Ready", "Up-to-date", "Available"), AGE, *SHAPE, SELECTOR],
    "/apis/apps/v1/statefulsets": [NAME, *text("Ready"), AGE, *SHAPE],
    "/apis/apps/v1/replicasets": [NAME, *number("Desired", "Current", "Ready"), AGE, *SHAPE, SELECTOR],
    "/apis/apps/v1/daemonsets": [
        NAME, *number("Desired", "Current", "Ready", "Up-to-date", "Available"), *text("Node Selector"), AGE,
        *SHAPE, SELECTOR,
    ],
    "/apis/coordination.k8s.io/v1/leases": [NAME, *text("Holder"), AGE],
    f"{RBAC}roles": CREATED,
    f"{RBAC}clusterroles": CREATED,
    f"{RBAC}rolebindings": [NAME, *text("Role"), AGE, *wide("Users", "Groups", "ServiceAccounts")],
    f"{RBAC}clusterrolebindings": [NAME, *text("Role"), AGE, *wide("Users", "Groups", "ServiceAccounts")],
    "/apis/certificates.k8s.io/v1/certificatesigningrequests": [
        NAME, AGE, *text("SignerName", "Requestor", "RequestedDuration", "Condition"),
    ],
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": CREATED,
}  # fmt: skip


@pytest.mark.parametrize("path", COLUMNS)
async def test_a_kind_has_its_columns(api: Api, path: str) -> None:
    table = await api.get(f"{path}?fieldSelector=metadata.name=none", accept=TABLE)

    columns = [(c["name"], c["type"], c["format"], c["priority"]) for c in table["columnDefinitions"]]
    assert columns == COLUMNS[path]
    assert not table["rows"]
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert all(isinstance(column["description"], str) for column in table["columnDefinitions"])


LABELS = {"app": "w", "t": "x"}
CONTAINERS = [{"name": "c", "image": "i:1"}, {"name": "d", "image": "j"}]
WORKLOAD = {
    "selector": {
        "matchLabels": {"app": "w"},
        "matchExpressions": [{"key": "t", "operator": "In", "values": ["y", "x"]}],
    },
    "template": {"metadata": {"labels": LABELS}, "spec": {"containers": CONTAINERS}},
}
NODE_INFO = dict.fromkeys(
    ("architecture", "bootID", "kubeProxyVersion", "machineID", "operatingSystem", "systemUUID"), ""
) | {"kubeletVersion": "v1", "osImage": "os", "kernelVersion": "k", "containerRuntimeVersion": "cr"}
LONG_AGO = "2020-01-01T00:00:00Z"


def container(name: str, state: Any, *, ready: bool = False, restarts: int = 0, **more: Any) -> dict[str, Any]:
    """Return the status of a container."""
    return {
        "name": name, "ready": ready, "restartCount": restarts, "image": "i", "imageID": "", "state": state, **more,
    }  # fmt: skip


def pod(*names: str, **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": name, "image": "i"} for name in names], **spec}}


def ended(code: int = 0, **more: Any) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, **more}}


PODS = CORE + "pods"
CASES: dict[str, tuple[str, Any, Any, list[Any]]] = {
    "deployment": (
        APPS + "deployments",
        {"spec": {"replicas": 2, **WORKLOAD}},
        {"replicas": 2, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1, "unavailableReplicas": 1},
        ["o", "1/2", 1, 1, "AGE", "c,d", "i:1,j", "app=w,t in (x,y)"],
    ),
    "statefulset": (
        APPS + "statefulsets",
        {"spec": {"serviceName": "x", **WORKLOAD}},
        {"replicas": 1, "readyReplicas": 1},
        ["o", "1/1", "AGE", "c,d", "i:1,j"],
    ),
    "replicaset": (
        APPS + "replicasets",
        {"spec": WORKLOAD},
        {"replicas": 1, "readyReplicas": 1},
        ["o", 1, 1, 1, "AGE", "c,d", "i:1,j", "app=w,t in (x,y)"],
    ),
    "daemonset": (
        APPS + "daemonsets",
        {"spec": WORKLOAD},
        {"desiredNumberScheduled": 3, "currentNumberScheduled": 2, "numberReady": 1, "updatedNumberScheduled": 2,
         "numberAvailable": 1, "numberMisscheduled": 0},
        ["o", 3, 2, 1, 2, 1, "<none>", "AGE", "c,d", "i:1,j", "app=w,t in (x,y)"],
    ),
    "service": (
        CORE + "services",
        {"spec": {"selector": {"b": "1", "a": "2"}, "clusterIP": "None", "externalIPs": ["1.2.3.4"],
                  "ports": [{"port": 80, "name": "h"}, {"port": 53, "protocol": "UDP", "name": "u"}]}},
        None,
        ["o", "ClusterIP", "None", "1.2.3.4", "80/TCP,53/UDP", "AGE", "a=2,b=1"],
    ),
    "service-outside": (
        CORE + "services",
        {"spec": {"type": "ExternalName", "externalName": "x.example.com"}},
        None,
        ["o", "ExternalName", "<none>", "x.example.com", "<none>", "AGE", "<none>"],
    ),
    "endpoints": (
        CORE + "endpoints",
        {"subsets": [{"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
                      "ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]}]},
        None,
        ["o", "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...", "AGE"],
    ),
    "no-endpoints": (CORE + "endpoints", {}, None, ["o", "<none>", "AGE"]),
    "secret": (CORE + "secrets", {"stringData": {"a": "1", "b": "2"}}, None, ["o", "Opaque", 2, "AGE"]),
    "configmap": (CORE + "configmaps", {"data": {"a": "1"}, "binaryData": {"b": "eA=="}}, None, ["o", 2, "AGE"]),
    "serviceaccount": (CORE + "serviceaccounts", {"secrets": [{"name": "x"}]}, None, ["o", "AGE"]),
    "lease": (
        "/apis/coordination.k8s.io/v1/namespaces/{}/leases", {"spec": {"holderIdentity": "me"}}, None,
        ["o", "me", "AGE"],
    ),
    "rolebinding": (
        RBAC + "namespaces/{}/rolebindings",
        {
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
            "subjects": [
                {"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"},
                {"kind": "User", "name": "v", "apiGroup": "rbac.authorization.k8s.io"},
                {"kind": "Group", "name": "g", "apiGroup": "rbac.authorization.k8s.io"},
                {"kind": "ServiceAccount", "name": "s", "namespace": "default"},
            ],
        },
        None,
        ["o", "Role/r", "AGE", "u, v", "g", "default/s"],
    ),
    "pod-that-crashes": (
        PODS,
        pod("c", "d", nodeName="o", readinessGates=[{"conditionType": "x.io/g"}, {"conditionType": "x.io/h"}]),
        {
            "phase": "Running", "podIP": "3.3.3.3", "podIPs": [{"ip": "3.3.3.3"}],
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "x.io/g", "status": "True"}],
            "containerStatuses": [
                container("c", {"running": {}}, ready=True, restarts=2),
                container("d", {"waiting": {"reason": "CrashLoopBackOff"}}),
            ],
        },
        ["o", "1/2", "CrashLoopBackOff", "2", "AGE", "3.3.3.3", "o", "<none>", "1/2"],
    ),
    "pod-that-begins": (
        PODS,
        pod("c", initContainers=[{"name": "i", "image": "i"}, {"name": "k", "image": "i"}]),
        {
            "phase": "Pending",
            "initContainerStatuses": [container("i", ended(), ready=True, restarts=1), container("k", {"running": {}})],
            "containerStatuses": [container("c", {"waiting": {"reason": "PodInitializing"}})],
        },
        ["o", "0/1", "Init:1/2", "1", "AGE", "<none>", "<none>", "<none>", "<none>"],
    ),
    "pod-that-cannot-begin": (
        PODS,
        pod("c", initContainers=[{"name": "i", "image": "i"}]),
        {
            "phase": "Pending",
            "initContainerStatuses": [container("i", ended(2))],
            "containerStatuses": [container("c", {"waiting": {"reason": "PodInitializing"}})],
        },
        ["o", "0/1", "Init:ExitCode:2", "0", "AGE", "<none>", "<none>", "<none>", "<none>"],
    ),
    "pod-that-is-done": (
        PODS,
        pod("c"),
        {"phase": "Succeeded", "containerStatuses": [container("c", ended(reason="Completed"))]},
        ["o", "0/1", "Completed", "0", "AGE", "<none>", "<none>", "<none>", "<none>"],
    ),
    "pod-that-is-partly-done": (
        PODS,
        pod("c", "d"),
        {
            "phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [
                container("c", ended(reason="Completed")), container("d", {"running": {}}, ready=True)
            ],
        },
        ["o", "1/2", "NotReady", "0", "AGE", "<none>", "<none>", "<none>", "<none>"],
    ),
    "pod-that-was-killed": (
        PODS,
        pod("c"),
        {"phase": "Failed", "reason": "Evicted", "containerStatuses": [container("c", ended(3, signal=9))]},
        ["o", "0/1", "Signal:9", "0", "AGE", "<none>", "<none>", "<none>", "<none>"],
    ),
}  # fmt: skip


def cells(table: Any) -> list[Any]:
    """Return the cells of the one row, the age as a word, for it counts seconds."""
    columns = [column["name"] for column in table["columnDefinitions"]]
    [row] = table["rows"]
    return ["AGE" if name == "Age" else cell for name, cell in zip(columns, row["cells"], strict=True)]


@pytest.mark.parametrize("case", CASES)
async def test_an_object_shows_in_its_cells(api: Api, namespace: str, case: str) -> None:
    form, obj, status, expected = CASES[case]
    path = form.format(namespace)
    await api.create(path, {"metadata": {"name": "o"}, **obj})
    if status is not None:
        await api.merge(f"{path}/o/status", {"status": status})

    assert cells(await api.get(f"{path}/o", accept=TABLE)) == expected


async def test_a_node_shows_its_roles_and_state(api: Api, namespace: str) -> None:
    labels = {"node-role.kubernetes.io/control-plane": "", "node-role.kubernetes.io/b": "x", "kubernetes.io/role": "a"}
    node = {"metadata": {"name": namespace, "labels": labels}, "spec": {"unschedulable": True}}
    path = f"/api/v1/nodes/{namespace}"
    await api.create("/api/v1/nodes", node)
    try:
        bare = cells(await api.get(path, accept=TABLE))
        addresses = [{"type": "InternalIP", "address": "1.1.1.1"}, {"type": "ExternalIP", "address": "2.2.2.2"}]
        conditions = [{"type": "Ready", "status": "True"}]
        told = {"conditions": conditions, "addresses": addresses, "nodeInfo": NODE_INFO}
        await api.merge(f"{path}/status", {"status": told})
        whole = cells(await api.get(path, accept=TABLE))
    finally:
        await api.delete(path)

    roles, unknown = "a,b,control-plane", "<unknown>"
    assert bare == [
        namespace, "Unknown,SchedulingDisabled", roles, "AGE", "", "<none>", "<none>", unknown, unknown, unknown,
    ]  # fmt: skip
    assert whole == [
        namespace, "Ready,SchedulingDisabled", roles, "AGE", "v1", "1.1.1.1", "2.2.2.2", "os", "k", "cr",
    ]  # fmt: skip


async def test_an_event_shows_when_it_was_seen_first_and_last(api: Api, namespace: str) -> None:
    path = CORE.format(namespace) + "events"
    about = {"kind": "Pod", "name": "p", "namespace": namespace, "fieldPath": "spec.containers{c}"}
    old = {
        "metadata": {"name": "old"}, "involvedObject": about, "reason": "R", "type": "Warning", "message": " hi\n",
        "count": 3, "firstTimestamp": LONG_AGO, "lastTimestamp": "2021-01-01T00:00:00Z",
        "source": {"component": "k", "host": "h"},
    }  # fmt: skip
    bare = {
        "metadata": {"name": "bare"}, "involvedObject": {"kind": "Node", "namespace": namespace}, "reason": "R",
        "message": "m",
    }  # fmt: skip
    for event in (old, bare):
        await api.create(path, event)

    rows = {name: cells(await api.get(f"{path}/{name}", accept=TABLE)) for name in ("old", "bare")}

    assert rows["bare"] == ["<unknown>", "", "R", "node", "", "", "m", "<unknown>", 1, "bare"]
    assert rows["old"][1:7] == ["Warning", "R", "pod/p", "spec.containers{c}", "k, h", "hi"]
    assert rows["old"][8:] == [3, "old"]
    assert rows["old"][0] != rows["old"][7]


@pytest.mark.parametrize("include", ["", "Metadata", "Object", "None"])
async def test_a_row_carries_what_is_asked_for(api: Api, namespace: str, include: str) -> None:
    path = CORE.format(namespace) + "secrets"
    made = await api.create(path, {"metadata": {"name": "s"}})

    table = await api.get(f"{path}?includeObject={include}", accept=TABLE)

    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made["metadata"]}
    expected = {"": partial, "Metadata": partial, "Object": made, "None": None}[include]
    assert [row["object"] for row in table["rows"]] == [expected]
    assert table["metadata"].keys() == {"resourceVersion"}


async def test_what_a_row_cannot_carry_is_refused(api: Api, namespace: str) -> None:
    path = CORE.format(namespace) + "secrets?includeObject=Bogus"

    reply = await api("GET", path, accept=TABLE)

    wrong = "includeObject: Invalid value: \"Bogus\": must be 'Metadata', 'Object', 'None', or empty"
    message = f"Unable to convert to Table as requested: {wrong}"
    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))
    assert (await api("GET", path)).status == 200


async def test_pages_of_a_table_have_tokens(api: Api, namespace: str) -> None:
    path = CORE.format(namespace) + "secrets"
    for name in "abc":
        await api.create(path, {"metadata": {"name": name}})

    first = await api.get(f"{path}?limit=2", accept=TABLE)
    second = await api.get(f"{path}?limit=2&continue={first['metadata']['continue']}", accept=TABLE)

    assert first["metadata"]["remainingItemCount"] == 1
    assert [row["cells"][0] for page in (first, second) for row in page["rows"]] == ["a", "b", "c"]


async def test_a_definition_says_what_its_columns_are(api: Api, namespace: str, group: str) -> None:
    await define(api, widget_definition(), group)
    path = f"/apis/{group}/v1/namespaces/{namespace}/widgets"
    made = await api.create(path, widget("a", 3) | {"apiVersion": f"{group}/v1"})

    table = await api.get(f"{path}/a?includeObject=Object", accept=TABLE)

    columns = [(c["name"], c["type"], c["format"], c["priority"]) for c in table["columnDefinitions"]]
    assert columns == [
        NAME, ("Size", "integer", "", 0), ("Color", "string", "", 1), ("Age", "date", "", 0),
    ]  # fmt: skip
    assert cells(table) == ["a", 3, "red", "AGE"]
    assert table["rows"][0]["object"] == made
