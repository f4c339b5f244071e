"""Bodies in protobuf, which kubectl 1.32 and later sends: what they become, and what is wrong with broken ones."""

import pytest
from tests.conformance.comparing import bad_request, stored, told
from tests.protobuf_bodies import MAGIC, envelope, field, varint
from tests.raw_api import Api

PROTOBUF = "application/vnd.kubernetes.protobuf"
NAMED = field(1, field(1, b"a"))
UNRECOGNIZED = "the object provided is unrecognized (must be of type ConfigMap): "
START, END = varint(99 << 3 | 3), varint(99 << 3 | 4)
"""Where a group of a field that nobody knows begins and ends."""
NO_BODIES = {
    "nothing": (b"", "empty data (<empty>)"),
    "nothing behind the mark": (MAGIC, "empty body (6b387300)"),
    "JSON": (
        b"[1]",
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (5b315d)",
    ),
    "a field that is cut off": (MAGIC + b"\x0a\x7f", "unexpected EOF (6b3873000a7f)"),
    "a number that is cut off": (MAGIC + b"\xff", "unexpected EOF (6b387300ff)"),
    "a number without an end": (MAGIC + b"\xff" * 11, f"proto: integer overflow (6b387300{'ff' * 11})"),
    "the end of no group": (
        MAGIC + b"\x0c",
        "proto: Unknown: wiretype end group for non-group (6b3873000c)",
    ),
    "a field without a number": (MAGIC + b"\0", "proto: Unknown: illegal tag 0 (wire type 0) (6b38730000)"),
    "a kind that is none": (
        MAGIC + field(1, b"\0"),
        "proto: TypeMeta: illegal tag 0 (wire type 0) (6b3873000a0100)",
    ),
}
WRONG = {
    "an unknown kind": (envelope("v1", "Nope", b""), "Nope", 'no kind "Nope" is registered for version "v1"{}'),
    "an unknown group": (
        envelope("x.org/v1", "ConfigMap", b""),
        "ConfigMap",
        'no kind "ConfigMap" is registered for version "x.org/v1"{}',
    ),
    "another kind": (
        envelope("v1", "Secret", NAMED),
        "Secret",
        "converting (v1.Secret) to (core.ConfigMap): unknown conversion",
    ),
}
"""Case to body, what it says that it is, and why it is not handled."""
MALFORMED = {
    "cut off": (b"\x0a\x7f", "unexpected EOF"),
    "the end of no group": (b"\x0c", "proto: ConfigMap: wiretype end group for non-group"),
    "a field without a number": (b"\0", "proto: ConfigMap: illegal tag 0 (wire type 0)"),
    "metadata without a number": (field(1, b"\0"), "proto: ObjectMeta: illegal tag 0 (wire type 0)"),
    "less than nothing": (
        b"\x0a" + b"\xff" * 9 + b"\x01",
        "proto: negative length found during unmarshaling",
    ),
    "a group without an end": (START + field(1, 5), "unexpected EOF"),
}


@pytest.fixture
def maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.mark.parametrize(
    "body",
    [
        envelope("v1", "ConfigMap", NAMED + field(2, field(1, b"k") + field(2, b"v"))),
        envelope("", "", NAMED + field(2, field(1, b"k") + field(2, b"v"))),
        envelope("v1", "ConfigMap", START + field(1, 5) + END + NAMED + field(2, field(1, b"k") + field(2, b"v"))),
    ],
    ids=["named", "without its kind", "with a group that nobody knows"],
)
async def test_a_message_becomes_an_object(api: Api, maps: str, namespace: str, body: bytes) -> None:
    made = await api("POST", maps, body, type_=PROTOBUF)

    assert (made.status, stored(made.body)) == (
        201,
        {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {"name": "a", "namespace": namespace},
            "data": {"k": "v"},
        },
    )


async def test_broken_bodies_are_refused_word_for_word(api: Api, maps: str) -> None:
    async def refusal(body: bytes) -> object:
        return told(await api("POST", maps, body, type_=PROTOBUF))

    def handled(kind: str, why: str) -> str:
        scheme = ' in scheme "pkg/runtime/scheme.go:111"'
        return f'{kind} in version "v1" cannot be handled as a ConfigMap: {why.format(scheme)}'

    expected = {
        **{case: (body, UNRECOGNIZED + why) for case, (body, why) in NO_BODIES.items()},
        **{
            f"{case} inside": (envelope("v1", "ConfigMap", raw), handled("ConfigMap", why))
            for case, (raw, why) in MALFORMED.items()
        },
        **{case: (body, handled(kind, why)) for case, (body, kind, why) in WRONG.items()},
    }
    found = {case: await refusal(body) for case, (body, _) in expected.items()}

    assert found == {case: bad_request(why) for case, (_, why) in expected.items()}


async def test_options_of_a_delete_are_read_and_refused(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a", "finalizers": ["x.example.com/y"]}})

    other = await api("DELETE", f"{maps}/a", envelope("v1", "ConfigMap", b""), type_=PROTOBUF)
    nothing = await api("DELETE", f"{maps}/a", MAGIC, type_=PROTOBUF)
    kept = await api("DELETE", f"{maps}/a", envelope("v1", "DeleteOptions", field(4, b"Orphan")), type_=PROTOBUF)
    await api("PATCH", f"{maps}/a", {"metadata": {"finalizers": None}}, type_="application/merge-patch+json")

    unknown = 'no kind "ConfigMap" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"'
    assert told(other) == bad_request(unknown)
    assert told(nothing) == bad_request("empty body")
    assert kept.body["metadata"]["finalizers"] == ["x.example.com/y", "orphan"]
