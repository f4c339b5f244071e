"""JSON as Go reads it into the types of the built-in kinds, and writes it again."""

from typing import Any

import pytest

from kubecapy.apimachinery.go_types import WrongType, read_as, type_of_kind
from kubecapy.apimachinery.go_types.quantities import QuantityError, canonical_quantity
from kubecapy.apimachinery.go_types.scalars import ScalarError, canonical_base64, canonical_time
from kubecapy.apimachinery.resources import GroupVersionKind


def test_unknown_fields_are_dropped_and_named_by_their_paths() -> None:
    containers = [{"name": "a"}, {"name": "b", "imgae": "x", "ports": [{"port": 1}]}]
    pod = {"spec": {"containers": containers, "nodeSelector": {"any": "key"}}, "extra": {"deep": 1}}

    reading = read_as(pod, "core/v1.Pod")

    assert reading.unknown == ("spec.containers[1].imgae", "spec.containers[1].ports[0].port", "extra")
    assert reading.value["spec"]["containers"][1] == {"name": "b", "ports": [{"containerPort": 0}], "resources": {}}


def test_nulls_and_empty_values_go_and_what_go_always_writes_stays() -> None:
    assert read_as({"metadata": {"labels": {}, "name": ""}, "data": None}, "core/v1.ConfigMap").value == {
        "metadata": {}
    }
    assert read_as({"rules": []}, "rbac/v1.Role").value == {"rules": None, "metadata": {}}
    assert read_as({"immutable": False, "data": {"a": None}}, "core/v1.ConfigMap").value == {
        "immutable": False,
        "data": {"a": ""},
        "metadata": {},
    }
    assert read_as({}, "core/v1.Event").value == {
        "metadata": {},
        "involvedObject": {},
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    }


def test_a_type_may_hold_itself() -> None:
    schema = {"type": "object", "properties": {"a": {"allOf": [{"items": {"type": "string", "foo": 1}}], "foo": 1}}}

    reading = read_as(schema, "apiextensions/v1.JSONSchemaProps")

    assert reading.unknown == ("properties.a.foo",)
    assert reading.value["properties"]["a"] == {"allOf": [{"items": {"type": "string"}}]}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"metadata": []}, "json: cannot unmarshal array into Go struct field Pod.metadata of type v1.ObjectMeta"),
        (
            {"metadata": {"labels": {"a": 1}}},
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            {"spec": {"containers": [{"ports": [{"containerPort": 1.5}]}]}},
            (
                "json: cannot unmarshal number 1.5 into Go struct field"
                " ContainerPort.spec.containers.ports.containerPort of type int32"
            ),
        ),
        (
            {"spec": {"restartPolicy": True}},
            "json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
        ),
        (
            {"spec": {"hostNetwork": "yes"}},
            "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool",
        ),
        (
            {"spec": {"volumes": {}}},
            "json: cannot unmarshal object into Go struct field PodSpec.spec.volumes of type []v1.Volume",
        ),
    ],
)
def test_a_wrong_type_is_told_in_go_s_words(value: Any, sentence: str) -> None:
    with pytest.raises(WrongType) as caught:
        read_as(value, "core/v1.Pod")

    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1500", "1500"),
        ("12345k", "12345k"),
        ("1000000", "1M"),
        ("1.5Gi", "1536Mi"),
        ("1024Ki", "1Mi"),
        ("0.1Ki", "102400m"),
        ("1e3", "1e3"),
        ("100e-1", "10"),
        ("0.0000000001", "1n"),
        ("-5", "-5"),
    ],
)
def test_a_quantity_has_one_form(text: str, canonical: str) -> None:
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize("text", ["", "x", "1x", "1.2.3", "."])
def test_what_is_no_quantity_is_told(text: str) -> None:
    with pytest.raises(QuantityError, match="quantities must match the regular expression"):
        canonical_quantity(text)
    with pytest.raises(QuantityError, match="unable to parse quantity's suffix"):
        canonical_quantity("1mm")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'cannot parse "" as "2006"'),
        ("soon", 'cannot parse "soon" as "2006"'),
        ("2024-1-1T00:00:00Z", 'cannot parse "1-1T00:00:00Z" as "01"'),
        ("2024-01-01", 'cannot parse "" as "T"'),
        ("2024-01-01T00:00:00", 'cannot parse "" as "Z07:00"'),
        ("2024-01-01T00:00:00Zx", 'extra text: "x"'),
    ],
)
def test_what_is_no_time_is_told_in_go_s_words(text: str, sentence: str) -> None:
    with pytest.raises(ScalarError) as caught:
        canonical_time(text, is_micro=False)

    assert str(caught.value) == f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": {sentence}'


def test_a_time_is_written_in_utc() -> None:
    assert canonical_time("2024-01-01T01:30:00.123456789+01:00", is_micro=False) == "2024-01-01T00:30:00Z"
    assert canonical_time("2024-01-01T01:30:00.500000-01:00", is_micro=True) == "2024-01-01T02:30:00.500000Z"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a", 0),
        ("ab", 0),
        ("abcde", 4),
        ("ab!d", 2),
        ("=abc", 0),
        ("ab=c", 2),
        ("ab=", 3),
        ("ab==x", 4),
        ("YWI\n=", None),
    ],
)
def test_what_is_no_base64_is_told_where(text: str, place: int | None) -> None:
    if place is None:
        assert canonical_base64(text) == "YWI="
        return
    with pytest.raises(ScalarError, match=f"illegal base64 data at input byte {place}$"):
        canonical_base64(text)


def test_only_built_in_kinds_have_types() -> None:
    assert type_of_kind(GroupVersionKind("rbac.authorization.k8s.io", "v1", "Role")) == "rbac/v1.Role"
    assert type_of_kind(GroupVersionKind("apps.example.com", "v1", "Deployment")) == ""
    assert type_of_kind(GroupVersionKind("apps", "v1", "Job")) == ""
