"""Protobuf bodies, held against the encoder of kubectl itself and against broken bytes."""

import base64
from collections.abc import Callable

import pytest
from tests.apiserver.conftest import Api, Kubectl

from kubecapy.apiserver.protobuf.decoding import MAGIC, UnknownMessage, decode_protobuf
from kubecapy.apiserver.protobuf.wire import WireError, read_fields, signed


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, data: bytes | int) -> bytes:
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    return varint(number << 3 | 2) + varint(len(data)) + data


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, api_version.encode()) + field(2, kind.encode())) + field(2, raw)


def test_a_message_becomes_the_object_that_it_means() -> None:
    created = field(8, field(1, 1_700_000_000))
    meta = field(1, b"s") + created + field(11, field(1, b"k") + field(2, b"v")) + field(14, b"x/y") + field(7, 3)
    raw = field(1, meta) + field(2, field(1, b"a") + field(2, b"\x00\xff")) + field(3, b"Opaque") + field(5, 1)

    assert decode_protobuf(envelope("v1", "Secret", raw)) == {
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

    assert decode_protobuf(envelope("v1", "ConfigMap", raw))["metadata"] == {"name": "n"}
    assert signed((1 << 64) - 5) == -5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{}", "does not appear to be a protobuf message"),
        (MAGIC + b"\x0a\x7f", "ends behind the message"),
        (MAGIC + b"\xff" * 11, "does not end"),
        (MAGIC + b"\x0b", "unknown wire type 3"),
        (MAGIC + field(1, 7), "a number stands where"),
        (envelope("v1", "ConfigMap", field(1, field(1, b"\xff"))), "not UTF-8"),
        (envelope("v1", "ConfigMap", field(4, b"x")), "a text or a message stands where"),
    ],
)
def test_broken_bytes_are_refused_in_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(WireError, match=message):
        decode_protobuf(data)


def test_a_kind_that_is_not_known_says_so() -> None:
    with pytest.raises(UnknownMessage, match="objects of kind Job are not read as protobuf by this server: send JSON"):
        decode_protobuf(envelope("batch/v1", "Job", b""))


def test_fixed_fields_are_read() -> None:
    assert [entry.value for entry in read_fields(varint(1 << 3 | 1) + (7).to_bytes(8, "little"))] == [7]


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
