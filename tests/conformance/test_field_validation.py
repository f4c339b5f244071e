"""Unknown fields, fields that stand twice and values of a wrong type: refused, told or passed over, as is asked."""

from typing import Any

import pytest
from tests.conformance.comparing import bad_request, patched_and_why, told
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api

MERGE = "application/merge-patch+json"
TWICE = b'{"metadata": {"name": "a"}, "data": {"a": "1", "a": "2"}, "extra": 1}'
YAML_TWICE = b"metadata:\n  name: a\ndata:\n  a: '1'\n  a: '2'\nextra: 1\n"


@pytest.fixture
def maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


def warned(*texts: str) -> tuple[str, ...]:
    return tuple('299 - "{}"'.format(text.replace('"', '\\"')) for text in texts)


def refused(kind: str, *findings: str) -> Any:
    listed = ", ".join(findings)
    return bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: strict decoding error: {listed}')


@pytest.mark.parametrize("asked", ["", "?fieldValidation=Warn"])
async def test_an_unknown_field_is_told_and_dropped(api: Api, maps: str, asked: str) -> None:
    sent = {"metadata": {"name": "a", "labls": {}}, "data": {"a": "1"}, "spec": {"x": 1}}

    reply = await api("POST", maps + asked, sent)

    assert reply.status == 201
    assert reply.warnings == warned('unknown field "metadata.labls"', 'unknown field "spec"')
    assert reply.body.keys() == {"apiVersion", "kind", "metadata", "data"}


async def test_an_unknown_field_is_refused_where_that_is_asked_for(api: Api, maps: str) -> None:
    sent = {"metadata": {"name": "a", "labls": {}}, "spec": {"x": 1}}

    reply = await api("POST", f"{maps}?fieldValidation=Strict", sent)

    assert told(reply) == refused("ConfigMap", 'unknown field "metadata.labls"', 'unknown field "spec"')


async def test_an_unknown_field_is_passed_over_where_that_is_asked_for(api: Api, maps: str) -> None:
    reply = await api("POST", f"{maps}?fieldValidation=Ignore", {"metadata": {"name": "a"}, "spec": {}})

    assert (reply.status, reply.warnings) == (201, ())
    assert "spec" not in reply.body


async def test_a_key_that_stands_twice_is_told_and_the_last_counts(api: Api, maps: str) -> None:
    reply = await api("POST", maps, TWICE)

    assert (reply.status, reply.body["data"]) == (201, {"a": "2"})
    assert reply.warnings == warned('duplicate field "data.a"', 'unknown field "extra"')


async def test_a_key_that_stands_twice_is_refused_where_that_is_asked_for(api: Api, maps: str) -> None:
    reply = await api("POST", f"{maps}?fieldValidation=Strict", TWICE)

    assert told(reply) == refused("ConfigMap", 'duplicate field "data.a"', 'unknown field "extra"')


async def test_a_key_that_stands_twice_in_yaml_is_told_with_its_line(api: Api, maps: str) -> None:
    told_of = await api("POST", maps, YAML_TWICE, type_="application/yaml")
    strict = await api("POST", f"{maps}?fieldValidation=Strict", YAML_TWICE, type_="application/yaml")

    assert (told_of.status, told_of.body["data"]) == (201, {"a": "2"})
    assert told_of.warnings == warned('line 5: key "a" already set in map', 'unknown field "extra"')
    assert told(strict) == refused(
        "ConfigMap", 'yaml: unmarshal errors:\n  line 5: key "a" already set in map', 'unknown field "extra"'
    )


async def test_fields_deep_in_lists_are_found(api: Api, namespace: str) -> None:
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    pod = {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i", "imgae": "x"}], "foo": 1}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}
    findings = ('unknown field "spec.template.spec.containers[1].imgae"', 'unknown field "spec.template.spec.foo"')

    strict = await api("POST", f"{deployments}?fieldValidation=Strict", {"metadata": {"name": "a"}, "spec": spec})
    told_of = await api("POST", deployments, {"metadata": {"name": "a"}, "spec": spec})

    assert told(strict) == refused("Deployment", *findings)
    assert (told_of.status, told_of.warnings) == (201, warned(*findings))


async def test_custom_objects_are_validated_alike(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    sent = thing(group, metadata={"labls": {}}, spec={"list": [{"b": 1}], "x": 1}, extra=1)
    fields = ("extra", "metadata.labls", "spec.list[0].b", "spec.x")
    findings = [f'unknown field "{field}"' for field in fields]

    strict = await api("POST", f"{things}?fieldValidation=Strict", sent)
    told_of = await api("POST", things, sent)
    ignored = await api("POST", f"{things}?fieldValidation=Ignore", {**sent, "metadata": {"name": "b"}})

    assert sorted(strict.body["message"].partition("error: ")[2].split(", ")) == findings
    assert sorted(told_of.warnings) == sorted(warned(*findings))
    assert (ignored.status, ignored.warnings, ignored.body["spec"]) == (201, (), {"list": [{}]})
    assert told_of.body["spec"] == {"list": [{}]}


async def test_a_custom_object_with_a_key_twice_is_told_of_it(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)
    sent = (
        f'{{"apiVersion":"{group}/v1","kind":"Thing","metadata":{{"name":"a"}},'
        '"spec":{"text":"a","text":"b","list":[{"a":"1","a":"2"}],"x":1}}'
    ).encode()
    findings = ('duplicate field "spec.text"', 'duplicate field "spec.list[0].a"', 'unknown field "spec.x"')

    strict = await api("POST", f"{things}?fieldValidation=Strict", sent)
    told_of = await api("POST", things, sent)

    assert told(strict) == refused("Thing", *findings)
    assert told_of.warnings == warned(*findings)


async def test_updates_and_patches_are_validated_too(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})
    extra = warned('unknown field "extra"')

    put = await api("PUT", f"{maps}/a", {"metadata": {"name": "a"}, "extra": 1})
    merge = await api("PATCH", f"{maps}/a", {"extra": 1}, type_=MERGE)
    strategic = await api("PATCH", f"{maps}/a", {"extra": 1}, type_="application/strategic-merge-patch+json")
    twice = await api("PATCH", f"{maps}/a", b'{"data": {"a": "1", "a": "2"}}', type_=MERGE)

    assert [reply.warnings for reply in (put, merge, strategic)] == [extra] * 3
    assert twice.warnings == warned('duplicate field "data.a"')


async def test_a_json_patch_is_told_of_its_own_fields(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})
    patch = b'[{"op":"add","op":"add","path":"/data","value":{"x":"1"},"foo":1}]'

    reply = await api("PATCH", f"{maps}/a", patch, type_="application/json-patch+json")

    assert reply.body["data"] == {"x": "1"}
    assert reply.warnings == warned('json patch duplicate field "[0].op"', 'json patch unknown field "[0].foo"')


async def test_a_strict_patch_shows_what_it_would_make(api: Api, maps: str) -> None:
    await api.create(maps, {"metadata": {"name": "a"}})

    merge = await api("PATCH", f"{maps}/a?fieldValidation=Strict", {"extra": 1}, type_=MERGE)
    strategic = await api(
        "PATCH",
        f"{maps}/a?fieldValidation=Strict",
        {"extra": {"b": [1, "x", None, True]}},
        type_="application/strategic-merge-patch+json",
    )

    patched, why = patched_and_why(merge)
    assert (patched["extra"], why) == (1, 'strict decoding error: unknown field "extra"')
    assert strategic.body["message"] == (
        ' "" is invalid: patch: Invalid value: "map[extra:map[b:[1 x <nil> true]]]": strict decoding error: unknown'
        ' field "extra"'
    )


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"metadata": []}, "array into Go struct field ConfigMap.metadata of type v1.ObjectMeta"),
        ({"metadata": {"name": 1}}, "number into Go struct field ObjectMeta.metadata.name of type string"),
        ({"metadata": {"labels": {"a": 1}}}, "number into Go struct field ObjectMeta.metadata.labels of type string"),
        (
            {"metadata": {"finalizers": "x"}},
            "string into Go struct field ObjectMeta.metadata.finalizers of type []string",
        ),
        (
            {"metadata": {"ownerReferences": [{"controller": "x"}]}},
            "string into Go struct field OwnerReference.metadata.ownerReferences.controller of type bool",
        ),
        ({"data": []}, "array into Go struct field ConfigMap.data of type map[string]string"),
        ({"data": {"a": 1}}, "number into Go struct field ConfigMap.data of type string"),
        ({"immutable": "x"}, "string into Go struct field ConfigMap.immutable of type bool"),
        ({"binaryData": {"a": 1}}, "number into Go struct field ConfigMap.binaryData of type []uint8"),
    ],
)
async def test_a_value_of_another_type_is_refused(api: Api, maps: str, sent: Any, why: str) -> None:
    message = f'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal {why}'

    assert told(await api("POST", f"{maps}?fieldValidation=Ignore", sent)) == bad_request(message)


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ([], "array into Go value of type v1.ObjectMeta"),
        ({"name": 1}, "number into Go struct field ObjectMeta.name of type string"),
        ({"labels": {"a": 1}}, "number into Go struct field ObjectMeta.labels of type string"),
    ],
)
async def test_metadata_of_custom_objects_are_typed_too(
    api: Api, group: str, namespace: str, metadata: Any, why: str
) -> None:
    things = await serve_things(api, group, namespace)

    reply = await api("POST", things, thing(group) | {"metadata": metadata})

    message = f'Thing in version "v1" cannot be handled as a Thing: json: cannot unmarshal {why}'
    assert told(reply) == bad_request(message)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (
            {"firstTimestamp": "soon"},
            'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
        ),
        (
            {"firstTimestamp": 1},
            "json: cannot unmarshal number into Go struct field Event.firstTimestamp of type string",
        ),
        ({"count": 1.5}, "json: cannot unmarshal number 1.5 into Go struct field Event.count of type int32"),
        (
            {"count": 3_000_000_000},
            "json: cannot unmarshal number 3000000000 into Go struct field Event.count of type int32",
        ),
        (
            {"eventTime": "2024-01-01T00:00:00"},
            'parsing time "2024-01-01T00:00:00" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "" as ".000000"',
        ),
    ],
)
async def test_times_and_numbers_are_read_as_go_reads_them(api: Api, namespace: str, event: Any, why: str) -> None:
    sent = {"metadata": {"name": "a"}, "involvedObject": {"namespace": namespace}, **event}

    reply = await api("POST", f"/api/v1/namespaces/{namespace}/events", sent)

    assert told(reply) == bad_request(f'Event in version "v1" cannot be handled as a Event: {why}')


@pytest.mark.parametrize(
    ("value", "place"), [("x", 0), ("ab", 0), ("ab!d", 2), ("abc=d", 4), ("ab=c", 2), ("abcde", 4)]
)
async def test_secrets_are_base64(api: Api, namespace: str, value: str, place: int) -> None:
    reply = await api(
        "POST", f"/api/v1/namespaces/{namespace}/secrets", {"metadata": {"name": "a"}, "data": {"k": value}}
    )

    message = f"illegal base64 data at input byte {place}"
    assert told(reply) == bad_request(f'Secret in version "v1" cannot be handled as a Secret: {message}')
