"""The generated definitions say what the API types say, and refuse what they should."""

import copy
import importlib.util
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.schema import Schema, compile_schema

ROOT = Path(__file__).resolve().parents[2]


def definition(kind: str) -> dict[str, Any]:
    (found,) = (crd for crd in custom_resource_definitions() if crd["spec"]["names"]["kind"] == kind)
    return found


def openapi(kind: str) -> dict[str, Any]:
    return definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def schema(kind: str) -> Schema:
    return compile_schema(openapi(kind))


def a_cluster() -> dict[str, Any]:
    return {
        "apiVersion": "cluster.k8s.io/v1alpha1",
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
        "apiVersion": "cluster.k8s.io/v1alpha1",
        "kind": "Machine",
        "metadata": {"generateName": "m-", "labels": {"set": "master"}},
        "spec": {
            "providerSpec": {"value": {"flavor": "m1.xlarge"}},
            "versions": {"kubelet": "1.14.0", "controlPlane": "1.14.0"},
        },
    }


def changed(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(obj)
    *parents, last = path.split(".")
    place = result
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return result


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


@pytest.mark.parametrize("struct", [Cluster, Machine], ids=lambda struct: struct.__name__)
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


@pytest.mark.parametrize(("kind", "short"), [("Cluster", "cl"), ("Machine", "ma")])
def test_names_category_status_and_approval_are_said(kind: str, short: str) -> None:
    crd = definition(kind)

    assert crd["spec"]["names"]["shortNames"] == [short]
    assert crd["spec"]["names"]["categories"] == ["cluster-api"]
    assert crd["spec"]["versions"][0]["subresources"] == {"status": {}}
    assert crd["metadata"]["annotations"] == {"api-approved.kubernetes.io": "unapproved, experimental-only"}


def test_age_is_the_last_column_and_the_phase_shows_without_wide() -> None:
    columns = definition("Machine")["spec"]["versions"][0]["additionalPrinterColumns"]

    assert [column["name"] for column in columns] == ["Phase", "Node", "ProviderID", "Version", "Age"]
    assert [column["name"] for column in columns if not column.get("priority")] == ["Phase", "Age"]


def test_fields_carry_the_docstrings_of_the_types() -> None:
    spec = openapi("Machine")["properties"]["spec"]["properties"]

    assert spec["taints"]["description"] == "Taints that the Node gets when it registers."


@pytest.mark.parametrize("obj", [a_cluster(), a_machine()], ids=["cluster", "machine"])
def test_a_good_object_is_accepted_and_nothing_of_it_is_unknown(obj: dict[str, Any]) -> None:
    compiled = schema(obj["kind"])

    assert compiled.validate(obj) == []
    assert compiled.prune(obj) == (obj, [])


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        pytest.param(
            changed(a_cluster(), "spec.clusterNetwork.serviceDomain", ""),
            'spec.clusterNetwork: Invalid value: "object": invalid cluster configuration: '
            "missing Cluster.Spec.ClusterNetwork.ServiceDomain",
            id="empty service domain",
        ),
        pytest.param(
            changed(a_cluster(), "spec.clusterNetwork.pods.cidrBlocks", []),
            'spec.clusterNetwork: Invalid value: "object": invalid cluster configuration: '
            "missing Cluster.Spec.ClusterNetwork.Pods",
            id="no pod range",
        ),
        pytest.param(
            changed(a_cluster(), "spec.clusterNetwork.services.cidrBlocks", ["10.96.0.0"]),
            'spec.clusterNetwork.services.cidrBlocks[0]: Invalid value: "10.96.0.0": '
            'spec.clusterNetwork.services.cidrBlocks[0] in body must be of type cidr: "10.96.0.0"',
            id="no prefix length",
        ),
        pytest.param(
            changed(a_machine(), "spec.versions.kubelet", "latest"),
            'spec.versions.kubelet: Invalid value: "latest": must be a Kubernetes version such as 1.14.0',
            id="no version",
        ),
        pytest.param(
            changed(a_machine(), "spec.providerSpec.valueFrom", {"machineClass": {"name": "c"}}),
            'spec.providerSpec: Invalid value: "object": at most one of value and valueFrom may be set',
            id="two sources",
        ),
        pytest.param(
            changed(a_machine(), "spec.taints", [{"key": "a", "effect": "Never"}]),
            'spec.taints[0].effect: Unsupported value: "Never": '
            'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
            id="unknown taint effect",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(obj: dict[str, Any], expected: str) -> None:
    assert str(schema(obj["kind"]).validate(obj)[0]) == expected


def test_a_machine_without_provider_spec_is_refused() -> None:
    machine = a_machine()
    del machine["spec"]["providerSpec"]

    assert str(schema("Machine").validate(machine)[0]) == "spec.providerSpec: Required value"


def test_a_machine_keeps_its_role() -> None:
    before = a_machine()
    after = changed(before, "spec.versions", {"kubelet": "1.14.1"})
    upgraded = changed(before, "spec.versions", {"kubelet": "1.14.1", "controlPlane": "1.14.1"})

    errors = schema("Machine").validate(after, before)

    assert [error.path for error in errors] == ["spec.versions"]
    assert "controlPlane cannot be added or removed" in errors[0].detail
    assert schema("Machine").validate(upgraded, before) == []


def test_an_absent_control_plane_version_is_the_empty_one() -> None:
    worker = changed(a_machine(), "spec.versions", {"kubelet": "1.14.0"})
    same_worker = changed(a_machine(), "spec.versions", {"kubelet": "1.14.0", "controlPlane": ""})

    assert schema("Machine").validate(same_worker, worker) == []


def test_unknown_fields_outside_the_provider_spec_are_pruned_and_told() -> None:
    machine = changed(a_machine(), "spec.replicas", 3)

    pruned, unknown = schema("Machine").prune(machine)

    assert unknown == ["spec.replicas"]
    assert pruned == a_machine()
