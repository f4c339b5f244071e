"""Objects of the five kinds, good ones and wrong ones with what is said of them.

The tables are held against the schemas of the definitions here, and against both API servers in `tests/conformance`.
"""

import copy
from typing import Any

import pytest

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL

API_VERSION = "cluster.k8s.io/v1alpha1"
ABSENT: Any = object()
"""Stands for a field that is taken away."""


def a_cluster() -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Cluster",
        "metadata": {"name": "test1"},
        "spec": {
            "clusterNetwork": {
                "services": {"cidrBlocks": ["10.96.0.0/12"]},
                "pods": {"cidrBlocks": ["192.168.0.0/16"]},
                "serviceDomain": "cluster.local",
            },
            "providerSpec": {"value": {"apiVersion": "openstackproviderconfig/v1alpha1", "anything": {"goes": 1}}},
        },
    }


def a_machine() -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Machine",
        "metadata": {"name": "m-0", "labels": {"set": "master"}},
        "spec": {
            "providerSpec": {"value": {"flavor": "m1.xlarge"}},
            "versions": {"kubelet": "1.14.0", "controlPlane": "1.14.0"},
        },
    }


def a_machine_set() -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "MachineSet",
        "metadata": {"name": "workers"},
        "spec": {
            "selector": {"matchLabels": {"set": "node"}},
            "template": {
                "metadata": {"labels": {"set": "node", CLUSTER_NAME_LABEL: "test1"}},
                "spec": {
                    "providerSpec": {"value": {"flavor": "m1.medium"}},
                    "versions": {"kubelet": "1.14.0"},
                },
            },
        },
    }


def a_machine_deployment() -> dict[str, Any]:
    return {**a_machine_set(), "kind": "MachineDeployment"}


def a_machine_class() -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "MachineClass",
        "metadata": {"name": "small"},
        "providerSpec": {"kind": "OpenstackProviderSpec", "flavor": "m1.small"},
    }


GOOD = {
    obj["kind"]: obj for obj in (a_cluster(), a_machine(), a_machine_set(), a_machine_deployment(), a_machine_class())
}
"""One good object of each kind."""


def changed(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return `obj` with `value` at `path`; slashes part the names, for labels have dots."""
    result = copy.deepcopy(obj)
    *parents, last = path.split("/") if "/" in path else path.split(".")
    place = result
    for name in parents:
        place = place.setdefault(name, {})
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return result


def selecting(kind: str, labels: dict[str, str] | None, *expressions: dict[str, Any]) -> dict[str, Any]:
    """Return a MachineSet or MachineDeployment with that selector."""
    selector: dict[str, Any] = {} if labels is None else {"matchLabels": labels}
    if expressions:
        selector["matchExpressions"] = list(expressions)
    return changed(GOOD[kind], "spec.selector", selector)


def term(operator: str, *values: str, key: str = "set") -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def rolling(**bounds: Any) -> dict[str, Any]:
    return changed(a_machine_deployment(), "spec.strategy.rollingUpdate", bounds)


MISMATCH = "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`"
NOT_CHECKED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)
ONE_SOURCE = "Invalid value: at most one of value and valueFrom may be set"
VERSION = "must be a Kubernetes version such as 1.14.0"
NEITHER = (
    "spec.strategy.rollingUpdate: Invalid value: maxSurge and maxUnavailable cannot both be 0: "
    "nothing could be replaced; maxUnavailable is 0 unless it is set"
)
SETS = ("MachineSet", "MachineDeployment")

ACCEPTED = [
    *(pytest.param(obj, id=f"a {kind}") for kind, obj in GOOD.items()),
    pytest.param(changed(a_cluster(), "spec", {}), id="a Cluster without a network"),
    pytest.param(changed(a_cluster(), "spec.paused", True), id="a paused Cluster"),
    pytest.param(changed(a_machine(), "spec", {"providerSpec": {}}), id="a Machine with an empty providerSpec"),
    pytest.param(
        changed(a_machine(), "spec.providerSpec", {"valueFrom": {"machineClass": {"name": "c", "provider": "p"}}}),
        id="a Machine of a class",
    ),
    pytest.param(changed(a_machine(), "spec.versions.controlPlane", ""), id="a worker that says so"),
    *(
        pytest.param(obj, id=f"{kind} {name}")
        for kind in SETS
        for name, obj in {
            "In": selecting(kind, None, term("In", "node", "other")),
            "NotIn": selecting(kind, {"set": "node"}, term("NotIn", "master")),
            "NotIn of an absent label": selecting(kind, {"set": "node"}, term("NotIn", "a", key="zone")),
            "Exists": selecting(kind, None, term("Exists")),
            "DoesNotExist": selecting(kind, {"set": "node"}, term("DoesNotExist", key="zone")),
            "none wished": changed(GOOD[kind], "spec.replicas", 0),
        }.items()
    ),
    pytest.param(changed(a_machine_set(), "spec.deletePolicy", "Oldest"), id="a delete policy"),
    pytest.param(rolling(maxSurge=0, maxUnavailable=1), id="no surge"),
    pytest.param(rolling(maxSurge="150%", maxUnavailable="100%"), id="percentages"),
    pytest.param(rolling(maxSurge="0%", maxUnavailable="25%"), id="no surge in percent"),
]

REFUSED = [
    pytest.param(
        changed(a_cluster(), "spec.clusterNetwork.serviceDomain", ""),
        [
            (
                "spec.clusterNetwork: Invalid value: invalid cluster configuration: "
                "missing Cluster.Spec.ClusterNetwork.ServiceDomain"
            )
        ],
        id="empty service domain",
    ),
    pytest.param(
        changed(a_cluster(), "spec.clusterNetwork.pods.cidrBlocks", []),
        [
            (
                "spec.clusterNetwork: Invalid value: invalid cluster configuration: "
                "missing Cluster.Spec.ClusterNetwork.Pods"
            )
        ],
        id="no pod range",
    ),
    pytest.param(
        changed(a_cluster(), "spec.clusterNetwork.services.cidrBlocks", []),
        [
            (
                "spec.clusterNetwork: Invalid value: invalid cluster configuration: "
                "missing Cluster.Spec.ClusterNetwork.Services"
            )
        ],
        id="no service range",
    ),
    pytest.param(
        changed(a_cluster(), "spec.clusterNetwork.services.cidrBlocks", ["10.96.0.0"]),
        [
            (
                'spec.clusterNetwork.services.cidrBlocks[0]: Invalid value: "10.96.0.0": '
                'spec.clusterNetwork.services.cidrBlocks[0] in body must be of type cidr: "10.96.0.0"'
            ),
            NOT_CHECKED,
        ],
        id="no prefix length",
    ),
    pytest.param(
        changed(a_cluster(), "spec.clusterNetwork.pods", ABSENT),
        ["spec.clusterNetwork.pods: Required value", NOT_CHECKED],
        id="a network without pods",
    ),
    pytest.param(
        changed(a_cluster(), "spec.providerSpec.valueFrom", {}),
        [f"spec.providerSpec: {ONE_SOURCE}"],
        id="two sources of a cluster",
    ),
    pytest.param(
        changed(a_machine(), "spec.versions.kubelet", "latest"),
        [f'spec.versions.kubelet: Invalid value: "latest": {VERSION}'],
        id="no version",
    ),
    pytest.param(
        changed(a_machine(), "spec.versions.controlPlane", "1.14"),
        [f'spec.versions.controlPlane: Invalid value: "1.14": {VERSION}'],
        id="half a control plane version",
    ),
    pytest.param(
        changed(a_machine(), "spec.providerSpec.valueFrom", {"machineClass": {"name": "c"}}),
        [f"spec.providerSpec: {ONE_SOURCE}"],
        id="two sources of a machine",
    ),
    pytest.param(
        changed(a_machine(), "spec.providerSpec", ABSENT),
        ["spec.providerSpec: Required value", NOT_CHECKED],
        id="no providerSpec",
    ),
    pytest.param(
        changed(a_machine(), "spec.taints", [{"key": "a", "effect": "Never"}]),
        [
            (
                'spec.taints[0].effect: Unsupported value: "Never": '
                'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'
            ),
            NOT_CHECKED,
        ],
        id="unknown taint effect",
    ),
    pytest.param(
        changed(a_machine_class(), "providerSpec", ABSENT), ["providerSpec: Required value"], id="an empty class"
    ),
    *(
        pytest.param(obj, errors, id=f"{kind} {name}")
        for kind in SETS
        for name, obj, errors in (
            (
                "empty selector",
                selecting(kind, None),
                [f"spec.selector: Invalid value: empty selector is not valid for {kind}."],
            ),
            (
                "selector of empty parts",
                changed(GOOD[kind], "spec.selector", {"matchLabels": {}, "matchExpressions": []}),
                [f"spec.selector: Invalid value: empty selector is not valid for {kind}."],
            ),
            ("selector of another value", selecting(kind, {"set": "nodes"}), [MISMATCH]),
            ("selector of an absent label", selecting(kind, {"set": "node", "zone": "a"}), [MISMATCH]),
            ("template without labels", changed(GOOD[kind], "spec.template.metadata", ABSENT), [MISMATCH]),
            ("In another value", selecting(kind, None, term("In", "a", "b")), [MISMATCH]),
            ("In of an absent label", selecting(kind, None, term("In", "a", key="zone")), [MISMATCH]),
            ("NotIn its value", selecting(kind, None, term("NotIn", "node")), [MISMATCH]),
            ("Exists of an absent label", selecting(kind, None, term("Exists", key="zone")), [MISMATCH]),
            ("DoesNotExist of a label", selecting(kind, None, term("DoesNotExist")), [MISMATCH]),
            (
                "In without values",
                selecting(kind, {"set": "node"}, term("NotIn")),
                [
                    (
                        "spec.selector.matchExpressions[0]: Invalid value: "
                        "In and NotIn need values, Exists and DoesNotExist have none"
                    )
                ],
            ),
            (
                "Exists with values",
                selecting(kind, {"set": "node"}, term("Exists", "node")),
                [
                    (
                        "spec.selector.matchExpressions[0]: Invalid value: "
                        "In and NotIn need values, Exists and DoesNotExist have none"
                    )
                ],
            ),
            (
                "no template spec",
                changed(GOOD[kind], "spec.template.spec", ABSENT),
                ["spec.template.spec: Required value", NOT_CHECKED],
            ),
            (
                "two sources",
                changed(GOOD[kind], "spec.template.spec.providerSpec.valueFrom", {}),
                [f"spec.template.spec.providerSpec: {ONE_SOURCE}"],
            ),
            (
                "no version",
                changed(GOOD[kind], "spec.template.spec.versions.kubelet", "new"),
                [f'spec.template.spec.versions.kubelet: Invalid value: "new": {VERSION}'],
            ),
            (
                "negative replicas",
                changed(GOOD[kind], "spec.replicas", -1),
                [
                    "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
                ],
            ),
            (
                "replicas in words",
                changed(GOOD[kind], "spec.replicas", "three"),
                [
                    'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
                    NOT_CHECKED,
                ],
            ),
        )
    ),
    pytest.param(
        changed(a_machine_set(), "spec.deletePolicy", "Rondom"),
        [
            'spec.deletePolicy: Unsupported value: "Rondom": supported values: "Newest", "Oldest", "Random"',
            NOT_CHECKED,
        ],
        id="unknown delete policy",
    ),
    pytest.param(rolling(maxSurge=0), [NEITHER], id="no surge with the default unavailability"),
    pytest.param(rolling(maxSurge="0%", maxUnavailable="0%"), [NEITHER], id="neither in percent"),
    pytest.param(
        rolling(maxSurge="3"),
        [
            (
                'spec.strategy.rollingUpdate.maxSurge: Invalid value: "3": '
                "spec.strategy.rollingUpdate.maxSurge in body should match '^(0|[1-9][0-9]{0,3})%$'"
            )
        ],
        id="a number as text",
    ),
    pytest.param(
        rolling(maxUnavailable="101%"),
        [
            (
                'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": '
                "spec.strategy.rollingUpdate.maxUnavailable in body should match '^(100|[1-9]?[0-9])%$'"
            )
        ],
        id="more unavailable than there are",
    ),
    pytest.param(
        rolling(maxUnavailable=-1),
        [
            (
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: -1: "
                "spec.strategy.rollingUpdate.maxUnavailable in body should be greater than or equal to 0"
            )
        ],
        id="less than none unavailable",
    ),
    pytest.param(
        changed(a_machine_deployment(), "spec.strategy.type", "Recreate"),
        ['spec.strategy.type: Unsupported value: "Recreate": supported values: "RollingUpdate"', NOT_CHECKED],
        id="another strategy",
    ),
]

_ROLE = (
    "spec.versions: Invalid value: controlPlane cannot be added or removed: "
    "it makes the machine a control plane for good"
)
_CLUSTER = (
    f"spec.template: Invalid value: label {CLUSTER_NAME_LABEL} cannot be changed once it is set: "
    "a machine stays in its cluster"
)
_LABELS = "spec/template/metadata/labels"
CHANGES = [
    pytest.param(
        a_machine(),
        changed(a_machine(), "spec.versions", {"kubelet": "1.14.1"}),
        [_ROLE],
        id="no control plane any more",
    ),
    pytest.param(
        changed(a_machine(), "spec.versions", {"kubelet": "1.14.0"}), a_machine(), [_ROLE], id="a control plane now"
    ),
    pytest.param(
        a_machine(),
        changed(a_machine(), "spec.versions", {"kubelet": "1.14.1", "controlPlane": "1.14.1"}),
        [],
        id="a newer control plane",
    ),
    pytest.param(
        changed(a_machine(), "spec.versions", {"kubelet": "1.14.0"}),
        changed(a_machine(), "spec.versions", {"kubelet": "1.14.0", "controlPlane": ""}),
        [],
        id="an absent control plane is the empty one",
    ),
    *(
        pytest.param(before, after, errors, id=f"{kind} {name}")
        for kind in SETS
        for name, before, after, errors in (
            (
                "of another cluster",
                GOOD[kind],
                changed(GOOD[kind], _LABELS, {"set": "node", CLUSTER_NAME_LABEL: "test2"}),
                [_CLUSTER],
            ),
            ("of no cluster", GOOD[kind], changed(GOOD[kind], _LABELS, {"set": "node"}), [_CLUSTER]),
            ("of a cluster now", changed(GOOD[kind], _LABELS, {"set": "node"}), GOOD[kind], []),
            (
                "with another label",
                GOOD[kind],
                changed(GOOD[kind], _LABELS, {"set": "node", "zone": "a", CLUSTER_NAME_LABEL: "test1"}),
                [],
            ),
        )
    ),
]
"""Old object, new object, what is said."""
