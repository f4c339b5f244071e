"""The generated definitions say what the API types say, and refuse what they should."""

import importlib.util
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from tests.api.cluster_kinds import (
    ACCEPTED,
    CHANGES,
    GOOD,
    REFUSED,
    a_machine,
    a_machine_deployment,
    changed,
)

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine, MachineClass, MachineDeployment, MachineSet
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.api.cluster.v1alpha1.machineset import MachineSetStatus
from kubecapy.apimachinery.codec import convert, to_json_object
from kubecapy.apimachinery.schema import Schema, compile_schema

ROOT = Path(__file__).resolve().parents[2]

STRUCTS = {struct.__name__: struct for struct in (Cluster, Machine, MachineSet, MachineDeployment, MachineClass)}
SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.labelSelector",
}
READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Ready",
    "message": "all is well",
    "lastTransitionTime": "2019-04-01T00:00:00Z",
    "observedGeneration": 2,
}
WHOLE_STATUS = {
    "Cluster": {
        "apiEndpoints": [{"host": "9.20.206.22", "port": 6443}],
        "errorReason": "CreateError",
        "errorMessage": "no quota",
        "providerStatus": {"any": "thing"},
        "conditions": [READY],
        "phase": "Failed",
    },
    "Machine": {
        "nodeRef": {"kind": "Node", "name": "m-0"},
        "lastUpdated": "2019-04-01T00:00:00Z",
        "versions": {"kubelet": "1.14.0", "controlPlane": "1.14.0"},
        "errorReason": "JoinClusterTimeoutError",
        "errorMessage": "too late",
        "providerStatus": {"any": "thing"},
        "addresses": [{"type": "InternalIP", "address": "10.0.0.5"}],
        "conditions": [READY],
        "lastOperation": {
            "description": "d",
            "lastUpdated": "2019-04-01T00:00:00Z",
            "state": "Failed",
            "type": "Create",
        },
        "phase": "Running",
    },
    "MachineSet": {
        "replicas": 0,
        "fullyLabeledReplicas": 0,
        "readyReplicas": 0,
        "availableReplicas": 0,
        "observedGeneration": 1,
        "labelSelector": "set=node",
        "errorReason": "InvalidConfiguration",
        "errorMessage": "no",
        "conditions": [READY],
    },
    "MachineDeployment": {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 0,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "unavailableReplicas": 0,
        "labelSelector": "set=node",
        "conditions": [READY],
    },
}
"""Every field of each status."""


def definition(kind: str) -> dict[str, Any]:
    (found,) = (crd for crd in custom_resource_definitions() if crd["spec"]["names"]["kind"] == kind)
    return found


def openapi(kind: str) -> dict[str, Any]:
    return definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def schema(kind: str) -> Schema:
    return compile_schema(openapi(kind))


def properties_of(node: dict[str, Any]) -> dict[str, Any]:
    return node["items"]["properties"] if node["type"] == "array" else node["properties"]


def assert_fields_covered(struct: type, node: dict[str, Any], path: str) -> None:
    properties = properties_of(node)
    fields = msgspec.structs.fields(struct)
    assert {field.encode_name for field in fields} == set(properties), path
    for field in fields:
        if path == "" and field.name == "metadata":
            continue
        for nested in nested_structs(field.type):
            assert_fields_covered(nested, properties[field.encode_name], f"{path}.{field.encode_name}")


def nested_structs(annotation: Any) -> list[type]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in nested_structs(argument)]


@pytest.mark.parametrize("struct", STRUCTS.values(), ids=STRUCTS)
def test_every_field_of_the_type_is_in_the_definition(struct: type) -> None:
    assert_fields_covered(struct, openapi(struct.__name__), "")


def test_the_files_in_the_repository_are_fresh() -> None:
    spec = importlib.util.spec_from_file_location("generate_crds", ROOT / "tools" / "generate_crds.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)

    wanted = {generate.file_name(crd): generate.render(crd) for crd in custom_resource_definitions()}

    assert {path.name: path.read_text() for path in (ROOT / "config" / "crds").iterdir()} == wanted
    assert [yaml.safe_load(text) for text in wanted.values()] == custom_resource_definitions()


@pytest.mark.parametrize(
    ("kind", "short", "subresources"),
    [
        ("Cluster", "cl", {"status": {}}),
        ("Machine", "ma", {"status": {}}),
        ("MachineSet", "ms", {"status": {}, "scale": SCALE}),
        ("MachineDeployment", "md", {"status": {}, "scale": SCALE}),
        ("MachineClass", "mc", None),
    ],
)
def test_names_category_subresources_and_approval_are_said(kind: str, short: str, subresources: Any) -> None:
    crd = definition(kind)

    assert crd["spec"]["names"]["shortNames"] == [short]
    assert crd["spec"]["names"]["categories"] == ["cluster-api"]
    assert crd["spec"]["versions"][0].get("subresources") == subresources
    assert crd["metadata"]["annotations"] == {"api-approved.kubernetes.io": "unapproved, experimental-only"}


@pytest.mark.parametrize(
    ("kind", "narrow", "wide"),
    [
        ("Cluster", ["Phase", "Age"], ["Endpoint"]),
        ("Machine", ["Phase", "Age"], ["Node", "ProviderID", "Version"]),
        ("MachineSet", ["Desired", "Replicas", "Ready", "Available", "Age"], ["Version"]),
        ("MachineDeployment", ["Desired", "Replicas", "Updated", "Ready", "Available", "Age"], ["Version"]),
        ("MachineClass", ["Provider-Kind", "Age"], []),
    ],
)
def test_age_is_the_last_column_and_details_show_in_wide_output(kind: str, narrow: list[str], wide: list[str]) -> None:
    columns = definition(kind)["spec"]["versions"][0]["additionalPrinterColumns"]

    assert [column["name"] for column in columns if not column.get("priority")] == narrow
    assert [column["name"] for column in columns if column.get("priority")] == wide
    assert columns[-1]["name"] == "Age"


def test_fields_carry_the_docstrings_of_the_types() -> None:
    spec = openapi("Machine")["properties"]["spec"]["properties"]

    assert spec["taints"]["description"] == "Taints that the Node gets when it registers."


@pytest.mark.parametrize("obj", ACCEPTED)
def test_a_good_object_is_accepted_and_nothing_of_it_is_unknown(obj: dict[str, Any]) -> None:
    compiled = schema(obj["kind"])

    assert compiled.validate(compiled.default(obj)) == []
    assert compiled.prune(obj) == (obj, [])


@pytest.mark.parametrize(("obj", "errors"), REFUSED)
def test_a_wrong_field_is_named_with_what_was_expected(obj: dict[str, Any], errors: list[str]) -> None:
    compiled = schema(obj["kind"])

    assert [str(error) for error in compiled.validate(compiled.default(obj))] == errors


@pytest.mark.parametrize(("before", "after", "errors"), CHANGES)
def test_a_change_is_judged_by_what_was_before(
    before: dict[str, Any], after: dict[str, Any], errors: list[str]
) -> None:
    compiled = schema(before["kind"])

    found = compiled.validate(compiled.default(after), compiled.default(before))

    assert [str(error) for error in found] == errors


def test_every_rule_is_seen_to_refuse_something() -> None:
    texts = {rule["message"] for kind in GOOD for rule in rules_in(openapi(kind))}
    said = [error for case in (*REFUSED, *CHANGES) for error in case.values[-1]]

    assert [text for text in texts if not any(error.endswith(text) for error in said)] == []


def rules_in(node: Any) -> list[dict[str, Any]]:
    children = node if isinstance(node, list) else node.values() if isinstance(node, dict) else ()
    own = node.get("x-kubernetes-validations", []) if isinstance(node, dict) else []
    return [*own, *(rule for child in children for rule in rules_in(child))]


@pytest.mark.parametrize(
    ("kind", "defaults"),
    [
        ("Cluster", {}),
        ("Machine", {}),
        ("MachineSet", {"replicas": 1, "minReadySeconds": 0, "deletePolicy": "Random"}),
        (
            "MachineDeployment",
            {
                "replicas": 1,
                "minReadySeconds": 0,
                "revisionHistoryLimit": 1,
                "progressDeadlineSeconds": 600,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            },
        ),
        ("MachineClass", {}),
    ],
)
def test_what_a_person_leaves_out_is_filled_in(kind: str, defaults: dict[str, Any]) -> None:
    good = GOOD[kind]

    filled = schema(kind).default(good)

    assert filled == ({**good, "spec": {**good["spec"], **defaults}} if "spec" in good else good)


@pytest.mark.parametrize(
    ("strategy", "filled"),
    [
        ({}, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        (
            {"rollingUpdate": {"maxUnavailable": "50%"}},
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": "50%"}},
        ),
    ],
    ids=["empty", "one bound"],
)
def test_half_a_strategy_is_completed(strategy: dict[str, Any], filled: dict[str, Any]) -> None:
    deployment = changed(a_machine_deployment(), "spec.strategy", strategy)

    assert schema("MachineDeployment").default(deployment)["spec"]["strategy"] == filled


@pytest.mark.parametrize("kind", STRUCTS)
def test_an_object_comes_back_from_its_type_as_it_was(kind: str) -> None:
    compiled = schema(kind)
    whole = compiled.default({**GOOD[kind], **({"status": WHOLE_STATUS[kind]} if kind in WHOLE_STATUS else {})})

    assert compiled.validate(whole) == []
    assert to_json_object(convert(whole, STRUCTS[kind])) == whole


def test_the_number_of_machines_of_a_set_is_always_written() -> None:
    assert to_json_object(MachineSetStatus()) == {"replicas": 0}


def test_unknown_fields_outside_the_provider_spec_are_pruned_and_told() -> None:
    machine = changed(a_machine(), "spec.replicas", 3)

    pruned, unknown = schema("Machine").prune(machine)

    assert unknown == ["spec.replicas"]
    assert pruned == a_machine()
