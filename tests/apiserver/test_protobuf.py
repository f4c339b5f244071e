"""Protobuf bodies, held against the encoder of kubectl itself and against broken bytes."""

import base64
from collections.abc import Callable

import pytest
from tests.apiserver.conftest import Api, Kubectl
from tests.protobuf_bodies import envelope, field, varint

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind, split_api_version
from kubecapy.apiserver.protobuf.decoding import read_envelope, read_message
from kubecapy.apiserver.protobuf.wire import WireError, read_fields, signed


def decode(body: bytes) -> JsonObject | None:
    message = read_envelope(body)
    return read_message(message.data, GroupVersionKind(*split_api_version(message.api_version), message.kind))


def test_a_message_becomes_the_object_that_it_means() -> None:
    created = field(8, field(1, 1_700_000_000))
    meta = field(1, b"s") + created + field(11, field(1, b"k") + field(2, b"v")) + field(14, b"x/y") + field(7, 3)
    raw = field(1, meta) + field(2, field(1, b"a") + field(2, b"\x00\xff")) + field(3, b"Opaque") + field(5, 1)

    assert decode(envelope("v1", "Secret", raw)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "s",
            "creationTimestamp": "2023-11-14T22:13:20Z",
            "labels": {"k": "v"},
            "finalizers": ["x/y"],
            "generation": 3,
        },
        "data": {"a": base64.b64encode(b"\x00\xff").decode()},
        "type": "Opaque",
        "immutable": True,
    }


def test_unknown_fields_are_passed_over_and_negative_numbers_read() -> None:
    raw = field(1, field(1, b"n") + field(99, b"later") + field(98, 5)) + varint(50 << 3 | 5) + b"\x01\x02\x03\x04"

    assert (decode(envelope("v1", "ConfigMap", raw)) or {})["metadata"] == {"name": "n"}
    assert signed((1 << 64) - 5) == -5


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (field(1, 7), "a number stands where"),
        (field(1, field(1, b"\xff")), "not UTF-8"),
        (field(4, b"x"), "a text or a message stands where"),
        (b"\x0e", "proto: illegal wireType 6"),
    ],
)
def test_broken_messages_are_refused_in_one_sentence(raw: bytes, message: str) -> None:
    with pytest.raises(WireError, match=message):
        decode(envelope("v1", "ConfigMap", raw))


def test_a_kind_that_is_not_read_in_this_form_is_nothing() -> None:
    assert decode(envelope("batch/v1", "Job", b"")) is None


def test_fixed_fields_are_read() -> None:
    assert [entry.value for entry in read_fields(varint(1 << 3 | 1) + (7).to_bytes(8, "little"), "Any")] == [7]


async def test_kubectl_creates_each_kind_that_it_sends_as_protobuf(kubectl: Kubectl, api: Api) -> None:
    async def get(path: str) -> Callable[[str], object]:
        obj = await api.get(path)
        return lambda key: obj[key]

    rbac = "/apis/rbac.authorization.k8s.io/v1"
    await kubectl("create", "namespace", "ns")
    await kubectl("create", "serviceaccount", "robot")
    await kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods,deployments.apps")
    await kubectl("create", "rolebinding", "bound", "--role=reader", "--serviceaccount=default:robot", "--user=me")
    await kubectl("create", "clusterrole", "wide", "--verb=get", "--non-resource-url=/logs")
    await kubectl("create", "clusterrolebinding", "wide", "--clusterrole=wide", "--group=g")

    role = await get(f"{rbac}/namespaces/default/roles/reader")
    binding = await get(f"{rbac}/namespaces/default/rolebindings/bound")
    assert role("rules") == [
        {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]},
        {"verbs": ["get", "list"], "apiGroups": ["apps"], "resources": ["deployments"]},
    ]
    assert binding("subjects") == [
        {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "me"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "default"},
    ]
    assert (await get(f"{rbac}/clusterroles/wide"))("rules") == [{"verbs": ["get"], "nonResourceURLs": ["/logs"]}]


async def test_kubectl_asks_for_access_identity_and_tokens(kubectl: Kubectl) -> None:
    assert await kubectl("auth", "can-i", "create", "pods") == "yes"
    denied = await kubectl.run("auth", "can-i", "create", "pods", "--as=system:serviceaccount:default:default")
    assert "kubernetes-admin" in await kubectl("auth", "whoami")
    assert (await kubectl("create", "token", "default")).count(".") == 2
    assert denied.code != 0
