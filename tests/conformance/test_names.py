"""Names, labels, annotations, finalizers and owners: what they may look like, and every fault of them."""

from typing import Any

import pytest
from tests.conformance.comparing import invalid, told
from tests.conformance.things import serve_things, thing
from tests.raw_api import Api

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    " an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
QUALIFIED = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u"}
EVENT = '{"apiVersion":"v1","kind":"Event","name":"x","uid":"u"}'
TWO = (
    '[{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"u","controller":true},'
    '{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"v","controller":true}]'
)
FOUND = 'Found "true" in references for ConfigMap/x and ConfigMap/x'
EXAMPLE = "(e.g. 'example.com/MyName')"
NO_DOMAIN = "name is neither a standard finalizer name nor is it fully qualified"


@pytest.fixture
def maps(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a..b", "é", " "])
@pytest.mark.parametrize(
    ("plural", "kind", "rule"),
    [
        ("configmaps", "ConfigMap", SUBDOMAIN),
        ("services", "Service", LABEL),
        ("serviceaccounts", "ServiceAccount", SUBDOMAIN),
    ],
)
async def test_a_wrong_name_is_refused(api: Api, namespace: str, plural: str, kind: str, rule: str, name: str) -> None:
    body = {"metadata": {"name": name}, **({"spec": {"ports": [{"port": 80}]}} if kind == "Service" else {})}

    reply = await api("POST", f"/api/v1/namespaces/{namespace}/{plural}", body)

    assert told(reply) == invalid(kind, name, ("metadata.name", "Invalid", f'Invalid value: "{name}": {rule}'))


async def test_a_label_that_is_a_domain_has_dots_too_many(api: Api) -> None:
    reply = await api("POST", "/api/v1/namespaces", {"metadata": {"name": "a.b"}})

    assert told(reply) == invalid(
        "Namespace", "a.b", ("metadata.name", "Invalid", 'Invalid value: "a.b": must not contain dots')
    )


async def test_names_have_a_greatest_length(api: Api, maps: str) -> None:
    long = "a" * 254

    reply = await api("POST", maps, {"metadata": {"name": long}})

    limit = f'Invalid value: "{long}": must be no more than 253 characters'
    assert told(reply) == invalid("ConfigMap", long, ("metadata.name", "Invalid", limit))


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a..b", " ", "system:a", "é"])
async def test_roles_are_called_whatever_a_path_can_say(api: Api, namespace: str, name: str) -> None:
    roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles"

    assert (await api.create(roles, {"metadata": {"name": name}}))["metadata"]["name"] == name


@pytest.mark.parametrize(
    ("name", "wrong"), [("a/b", "may not contain '/'"), ("a%b", "may not contain '%'"), ("..", "may not be '..'")]
)
async def test_what_a_path_cannot_say_is_no_name_of_a_role(api: Api, namespace: str, name: str, wrong: str) -> None:
    reply = await api(
        "POST", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles", {"metadata": {"name": name}}
    )

    expected = ("metadata.name", "Invalid", f'Invalid value: "{name}": {wrong}')
    assert told(reply) == invalid("Role.rbac.authorization.k8s.io", name, expected)


async def test_a_prefix_follows_the_rule_of_names(api: Api, maps: str) -> None:
    reply = await api("POST", maps, {"metadata": {"generateName": "A_"}})

    name = reply.body["details"]["name"]
    assert told(reply) == invalid(
        "ConfigMap",
        name,
        ("metadata.generateName", "Invalid", f'Invalid value: "A_": {SUBDOMAIN}'),
        ("metadata.name", "Invalid", f'Invalid value: "{name}": {SUBDOMAIN}'),
    )


KEYS = [
    ("a b", (f"name part {QUALIFIED}",)),
    ("-a", (f"name part {QUALIFIED}",)),
    ("/a", ("prefix part must be non-empty",)),
    ("a/", ("name part must be non-empty", f"name part {QUALIFIED}")),
    ("", ("name part must be non-empty", f"name part {QUALIFIED}")),
    (
        "a/b/c",
        (f"a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",),
    ),
    ("a" * 64, ("name part must be no more than 63 bytes",)),
    ("x." * 130 + "a/b", ("prefix part must be no more than 253 bytes",)),
    ("A_/b", (f"prefix part {SUBDOMAIN}",)),
]


@pytest.mark.parametrize(("key", "wrong"), KEYS)
async def test_a_wrong_label_key_is_refused_with_each_fault(
    api: Api, maps: str, key: str, wrong: tuple[str, ...]
) -> None:
    reply = await api("POST", maps, {"metadata": {"name": "a", "labels": {key: "v"}}})

    causes = [("metadata.labels", "Invalid", f'Invalid value: "{key}": {message}') for message in wrong]
    assert told(reply) == invalid("ConfigMap", "a", *causes)


@pytest.mark.parametrize(("key", "wrong"), KEYS[:-1])
async def test_a_wrong_annotation_key_is_refused_with_each_fault(
    api: Api, maps: str, key: str, wrong: tuple[str, ...]
) -> None:
    reply = await api("POST", maps, {"metadata": {"name": "a", "annotations": {key: "any value"}}})

    causes = [("metadata.annotations", "Invalid", f'Invalid value: "{key}": {message}') for message in wrong]
    assert told(reply) == invalid("ConfigMap", "a", *causes)


@pytest.mark.parametrize(
    ("value", "wrong"), [("x y", VALUE), ("-", VALUE), ("b" * 64, "must be no more than 63 bytes")]
)
async def test_a_wrong_label_value_is_refused(api: Api, maps: str, value: str, wrong: str) -> None:
    reply = await api("POST", maps, {"metadata": {"name": "a", "labels": {"k": value}}})

    assert told(reply) == invalid(
        "ConfigMap", "a", ("metadata.labels", "Invalid", f'Invalid value: "{value}": {wrong}')
    )


async def test_annotations_have_256_kibibytes_in_all(api: Api, maps: str) -> None:
    fits = await api("POST", maps, {"metadata": {"name": "a", "annotations": {"k": "x" * (2**18 - 1)}}})
    reply = await api("POST", maps, {"metadata": {"name": "b", "annotations": {"k": "x" * 2**18}}})

    assert fits.status == 201
    assert told(reply) == invalid(
        "ConfigMap", "b", ("metadata.annotations", "TooLong", "Too long: may not be more than 262144 bytes")
    )


@pytest.mark.parametrize(
    ("finalizers", "causes"),
    [
        (["a"], [("metadata.finalizers[0]", f'"a": {NO_DOMAIN}')]),
        (["a.b"], [("metadata.finalizers[0]", f'"a.b": {NO_DOMAIN}')]),
        (
            ["x.y/z", "a b"],
            [
                ("metadata.finalizers", f'"a b": name part {QUALIFIED}'),
                ("metadata.finalizers[1]", f'"a b": {NO_DOMAIN}'),
            ],
        ),
        (
            ["orphan", "foregroundDeletion"],
            [
                (
                    "metadata.finalizers",
                    '["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
                )
            ],
        ),
    ],
)
async def test_a_wrong_finalizer_is_refused(api: Api, maps: str, finalizers: Any, causes: Any) -> None:
    reply = await api("POST", maps, {"metadata": {"name": "a", "finalizers": finalizers}})

    expected = [(path, "Invalid", f"Invalid value: {message}") for path, message in causes]
    assert told(reply) == invalid("ConfigMap", "a", *expected)


async def test_a_custom_object_may_have_a_finalizer_without_a_domain(api: Api, group: str, namespace: str) -> None:
    things = await serve_things(api, group, namespace)

    made = await api.create(things, thing(group, metadata={"finalizers": ["plain"]}))
    await api.merge(f"{things}/a", {"metadata": {"finalizers": None}})

    assert made["metadata"]["finalizers"] == ["plain"]


@pytest.mark.parametrize(
    ("owners", "causes"),
    [
        (
            [{}],
            [
                (".apiVersion", '"": version must not be empty'),
                (".kind", '"": must not be empty'),
                (".name", '"": must not be empty'),
                (".uid", '"": must not be empty'),
            ],
        ),
        ([{**OWNER, "apiVersion": "a/b/c"}], [(".apiVersion", '"a/b/c": version must not be empty')]),
        (
            [{**OWNER, "kind": "Event"}],
            [
                ("", f"{EVENT}: /v1, Kind=Event is disallowed from being an owner"),
            ],
        ),
        (
            [{**OWNER, "controller": True}, {**OWNER, "uid": "v", "controller": True}],
            [("", f"{TWO}: Only one reference can have Controller set to true. {FOUND}")],
        ),
    ],
    ids=["empty", "version", "event", "two controllers"],
)
async def test_a_wrong_owner_is_refused(api: Api, maps: str, owners: Any, causes: Any) -> None:
    reply = await api("POST", maps, {"metadata": {"name": "a", "ownerReferences": owners}})

    expected = [(f"metadata.ownerReferences{path}", "Invalid", f"Invalid value: {text}") for path, text in causes]
    assert told(reply) == invalid("ConfigMap", "a", *expected)
