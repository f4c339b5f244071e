"""JSON in and out."""

import pytest

from kubecapy.api.cluster.v1alpha1 import Machine, MachineSpec, ProviderSpec, Taint
from kubecapy.apimachinery.codec import DecodeError, convert, decode, encode, to_json_object


def machine_json(**spec: object) -> dict[str, object]:
    return {"metadata": {"name": "m"}, "spec": {"providerSpec": {"value": {"flavor": "m1"}}, **spec}}


def test_an_encoded_struct_carries_api_version_and_kind() -> None:
    machine = Machine(spec=MachineSpec(provider_spec=ProviderSpec()))

    assert to_json_object(machine) == {
        "apiVersion": "cluster.k8s.io/v1alpha1",
        "kind": "Machine",
        "spec": {"providerSpec": {}},
    }


def test_decoding_what_was_encoded_gives_the_same_value() -> None:
    machine = convert(machine_json(taints=[{"key": "k", "effect": "NoSchedule"}], providerID="openstack:///1"), Machine)

    assert decode(encode(machine), Machine) == machine
    assert machine.spec.taints == (Taint(key="k", effect="NoSchedule"),)
    assert machine.spec.provider_id == "openstack:///1"


def test_a_json_object_holds_lists_and_no_tuples() -> None:
    machine = convert(machine_json(taints=[{"key": "k", "effect": "NoSchedule"}]), Machine)

    assert to_json_object(machine)["spec"]["taints"] == [{"key": "k", "effect": "NoSchedule"}]


def test_fields_that_the_type_does_not_know_are_dropped() -> None:
    assert decode(b'{"spec":{"providerSpec":{},"later":1}}', Machine) == Machine(
        spec=MachineSpec(provider_spec=ProviderSpec())
    )


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (b'{"spec":{"providerSpec":3}}', "spec.providerSpec", 'expected "object", got "int"'),
        (b'{"spec":{"providerSpec":{},"taints":[{"key":1,"effect":""}]}}', "spec.taints[0].key", 'got "int"'),
        (b"{}", "", 'missing required field "spec"'),
        (b'{"spec":', "", "expected JSON"),
        (b"\xff", "", "expected JSON"),
        (b"[]", "", 'expected "object", got "array"'),
    ],
    ids=["wrong type", "wrong type in a list", "missing", "truncated", "no UTF-8", "list"],
)
def test_a_wrong_text_is_refused_with_the_path_of_the_field(text: bytes, path: str, words: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(text, Machine)

    assert caught.value.path == path
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_text_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(DecodeError, match="expected JSON of moderate depth"):
        decode(b'{"a":' + b"[" * 100_000, dict)


def test_an_object_of_unknown_shape_is_passed_on_as_it_is() -> None:
    obj = {"kind": "Later", "spec": {"x": [1, None]}}

    assert convert(obj, dict) is obj
    assert decode(encode(obj), dict) == obj


def test_something_that_is_no_object_is_no_json_object() -> None:
    with pytest.raises(TypeError, match="expected an object, got list"):
        to_json_object([1])
