"""Label and field selectors: what they select, and how wrong ones are refused."""

import asyncio
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from tests.apiserver.widgets import config_map
from tests.conformance.statuses import failure
from tests.raw_api import Api

from kubecapy.apimachinery.selectors import parse_field_selector, parse_label_selector

QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    f" (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QUALIFIED}')"
)
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    f" '({QUALIFIED})?')"
)
WRONG_VALUE = 'values[0][a]: Invalid value: "-"'
INTEGER_RULE = "for 'Gt', 'Lt' operators, the value must be an integer"
PREFIX_RULE = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
UNPARSED = "unable to parse requirement: "
OPERATORS = "in, notin, =, ==, !=, gt, lt"


@pytest.fixture
async def maps(api: Api, namespace: str) -> str:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name in "abcde":
        await api.create(path, config_map(name, labels={"letter": name, "half": "low" if name < "c" else "high"}))
    await api.create(path, config_map("n", labels={"number": "7", "empty": ""}))
    return path


async def names(api: Api, path: str) -> list[str]:
    found = [item["metadata"]["name"] for item in (await api.get(path))["items"]]
    return [name for name in found if name != "kube-root-ca.crt"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("letter=a", "a"),
        ("letter==a", "a"),
        ("letter!=a", "bcden"),
        ("letter in (a,b),half=low", "ab"),
        ("letter notin (a,b)", "cden"),
        ("half notin (low),letter", "cde"),
        ("letter", "abcde"),
        ("!letter", "n"),
        ("number>6", "n"),
        ("number>7", ""),
        ("number<8", "n"),
        ("letter>1", ""),
        ("empty=", "n"),
        ("empty in ()", "n"),
        ("empty in (,x)", "n"),
        ("letter=,half", ""),
        ("  letter = b , half  ", "b"),
        ("letter=a,letter=b", ""),
        ("in", ""),
        ("in in (in)", ""),
        ("", "abcden"),
        (" ", "abcden"),
    ],
)
async def test_labels_select(api: Api, maps: str, selector: str, expected: str) -> None:
    assert await names(api, f"{maps}?labelSelector={quote(selector)}") == list(expected)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a==b==c", "found '==', expected: ',' or 'end of string'"),
        ("a in b", f"{UNPARSED}found 'b' expected: '('"),
        ("a in", f"{UNPARSED}found '' expected: '('"),
        ("a in (b", f"{UNPARSED}found '', expected: ',' or ')'"),
        ("a in (b c)", f"{UNPARSED}found 'c', expected: ',' or ')'"),
        ("a in (b,c))", "found ')', expected: ',' or 'end of string'"),
        ("a in (=)", f"{UNPARSED}found '=', expected: ',', ')' or identifier"),
        ("a in (b,=)", f"{UNPARSED}found '=', expected: ',', or identifier"),
        ("!", f"{UNPARSED}found '', expected: identifier"),
        ("!!a", f"{UNPARSED}found '!', expected: identifier"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("()", "found '(', expected: !, identifier, or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a,,b", "found ',', expected: identifier after ','"),
        ("a!b", f"{UNPARSED}found '!', expected: {OPERATORS}"),
        ("a b", f"{UNPARSED}found 'b', expected: {OPERATORS}"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a===b", f"{UNPARSED}found '=', expected: identifier"),
        ("a><b", f"{UNPARSED}found '<', expected: identifier"),
        ("a>x", f'{UNPARSED}values[0]: Invalid value: "x": {INTEGER_RULE}'),
        (
            "a>-",
            f'{UNPARSED}[values[0]: Invalid value: "-": {INTEGER_RULE}, {WRONG_VALUE}: {VALUE_RULE}]',
        ),
        ("a=-", f"{UNPARSED}{WRONG_VALUE}: {VALUE_RULE}"),
        ("a in (b,_)", f'{UNPARSED}values[0][a]: Invalid value: "_": {VALUE_RULE}'),
        ("-a", f'{UNPARSED}<nil>: Invalid value: "-a": name part {KEY_RULE}'),
        ("a/", f'{UNPARSED}<nil>: Invalid value: "a/": name part must be non-empty; name part {KEY_RULE}'),
        (
            "x/y/z",
            f'{UNPARSED}<nil>: Invalid value: "x/y/z": a valid label key {KEY_RULE} {PREFIX_RULE}',
        ),
    ],
)
async def test_a_wrong_label_selector_is_refused_at_the_token(api: Api, maps: str, selector: str, message: str) -> None:
    for query in ("", "watch=1&"):
        reply = await api("GET", f"{maps}?{query}labelSelector={quote(selector)}")

        assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metadata.name=c", "c"),
        ("metadata.name==c", "c"),
        ("metadata.name!=c", "abden"),
        ("metadata.name!=c,metadata.name!=d", "aben"),
        ("metadata.name=c,metadata.name=d", ""),
        ("metadata.name=c,", "c"),
        ("metadata.name=", ""),
        ("metadata.name=c\\,d", ""),
        ("metadata.namespace=other", ""),
        (",", "abcden"),
    ],
)
async def test_fields_select(api: Api, maps: str, selector: str, expected: str) -> None:
    assert await names(api, f"{maps}?fieldSelector={quote(selector)}") == list(expected)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("b!,a", "invalid selector: 'b!,a'; can't understand 'a'"),
        ("metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
        ("metadata.name=a\\", "invalid field selector: invalid escape sequence: \\"),
        ("metadata.name=a\\x", "invalid field selector: invalid escape sequence: \\x"),
        ("data.x=1", '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        ("=x", '"" is not a known field selector: only "metadata.name", "metadata.namespace"'),
    ],
)
async def test_a_wrong_field_selector_is_refused(api: Api, maps: str, selector: str, message: str) -> None:
    reply = await api("GET", f"{maps}?fieldSelector={quote(selector)}")

    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/pods", "spec.x"),
        ("/api/v1/secrets", "data"),
        ("/api/v1/nodes", "metadata.namespace"),
        ("/api/v1/namespaces", "metadata.namespace"),
        ("/api/v1/events", "message"),
        ("/api/v1/services", "spec.ports"),
        ("/apis/certificates.k8s.io/v1/certificatesigningrequests", "spec.username"),
    ],
)
async def test_kinds_with_fields_of_their_own_refuse_others_in_other_words(api: Api, path: str, field: str) -> None:
    reply = await api("GET", f"{path}?fieldSelector={field}=1")

    assert reply.body == failure(400, "BadRequest", f"field label not supported: {field}")


@pytest.mark.parametrize(
    "path",
    [
        "/apis/apps/v1/deployments",
        "/apis/coordination.k8s.io/v1/leases",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    ],
)
async def test_other_kinds_are_selected_by_name_and_namespace_only(api: Api, path: str) -> None:
    reply = await api("GET", f"{path}?fieldSelector=spec.x=1")

    message = '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'
    assert reply.body == failure(400, "BadRequest", message)
    assert await names(api, f"{path}?fieldSelector=metadata.namespace=none,metadata.name=none") == []


async def test_pods_events_secrets_and_services_are_selected_by_their_own_fields(api: Api, namespace: str) -> None:
    core = f"/api/v1/namespaces/{namespace}"
    event = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "uid": "u", "namespace": namespace},
        "reason": "R",
        "type": "Warning",
        "source": {"component": "me"},
    }
    await api.create(f"{core}/events", event)
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}}
    await api.create(f"{core}/pods", pod)
    await api.create(f"{core}/secrets", {"metadata": {"name": "s"}, "type": "example.com/own"})
    service = {"metadata": {"name": "v"}, "spec": {"type": "ExternalName", "externalName": "example.com"}}
    await api.create(f"{core}/services", service)

    selected = {
        "events?fieldSelector=involvedObject.uid=u,involvedObject.kind=Pod": ["e"],
        "events?fieldSelector=reason=R,type!=Normal,source=me": ["e"],
        "events?fieldSelector=involvedObject.name!=p": [],
        "pods?fieldSelector=spec.nodeName=n,status.phase!=Running": ["p"],
        "pods?fieldSelector=status.phase=Pending,spec.restartPolicy=Always,spec.hostNetwork=false": ["p"],
        "pods?fieldSelector=spec.nodeName=": [],
        "secrets?fieldSelector=type=example.com/own": ["s"],
        "services?fieldSelector=spec.type=ExternalName": ["v"],
        "services?fieldSelector=spec.type=ClusterIP": [],
    }
    assert {query: await names(api, f"{core}/{query}") for query in selected} == selected


async def test_a_node_that_was_never_cordoned_is_selected_as_schedulable(api: Api, namespace: str) -> None:
    await api.create("/api/v1/nodes", {"metadata": {"name": namespace}})
    try:
        found = await names(api, f"/api/v1/nodes?fieldSelector=spec.unschedulable=false,metadata.name={namespace}")
        assert found == [namespace]
    finally:
        await api.delete(f"/api/v1/nodes/{namespace}")


async def test_a_namespace_is_selected_by_its_phase(api: Api, namespace: str) -> None:
    assert namespace in await names(api, "/api/v1/namespaces?fieldSelector=status.phase=Active")


PIECES = (
    "a", "b", "c", "x/a", "in", "notin", "1", "5", "9", "-", "_", "=", "==", "!=", "!", ">", "<", "(", ")", ",", " ",
    " in (", "a in (1,b)", "b notin (c)", "!c", "a=1", "\t", "/", "é", ".", ")",
)  # fmt: skip


def random_selector(random: Random) -> str:
    """Return a text that is often a label selector, and often nearly one."""
    return "".join(random.choice(PIECES) for _ in range(random.randint(1, 6)))


async def test_random_label_selectors_mean_to_the_server_what_they_mean_to_us(api: Api, namespace: str) -> None:
    """The parser of the client, of the caches and of the embedded server is one; here it meets the real one's."""
    random, path = Random(11), f"/api/v1/namespaces/{namespace}/configmaps"
    labels = [
        {
            key: random.choice(("1", "5", "9", "b", "c", ""))
            for key in ("a", "b", "c", "x/a", "in")
            if random.random() < 0.6
        }
        for _ in range(12)
    ]
    for index, own in enumerate(labels):
        await api.create(path, config_map(f"m{index:02}", labels={**own, "ours": "yes"}))

    async def ask(selector: str) -> Any:
        reply = await api("GET", f"{path}?labelSelector={quote(selector)}")
        if reply.status == 400:
            return reply.body["message"]
        return [item["metadata"]["name"] for item in reply.body["items"] if item["metadata"].get("labels")]

    def expect(selector: str) -> Any:
        try:
            parsed = parse_label_selector(selector)
        except ValueError as error:
            return str(error)
        return [f"m{index:02}" for index, own in enumerate(labels) if parsed.matches({**own, "ours": "yes"})]

    selectors = [random_selector(random) for _ in range(400)]
    answers = await asyncio.gather(*(ask(selector) for selector in selectors))

    assert dict(zip(selectors, answers, strict=True)) == {selector: expect(selector) for selector in selectors}


async def test_random_field_selectors_mean_to_the_server_what_they_mean_to_us(api: Api, maps: str) -> None:
    random = Random(5)
    pieces = ("metadata.name", "metadata.namespace", "=", "==", "!=", ",", "a", "b", "\\", "\\,", "!", " ", "e")
    selectors = ["".join(random.choice(pieces) for _ in range(random.randint(1, 6))) for _ in range(200)]

    async def ask(selector: str) -> Any:
        reply = await api("GET", f"{maps}?fieldSelector={quote(selector)}")
        return reply.body["message"] if reply.status == 400 else reply.status

    def is_refused(selector: str) -> str:
        try:
            parse_field_selector(selector)
        except ValueError as error:
            return str(error)
        return ""

    answers = await asyncio.gather(*map(ask, selectors))

    for selector, answer in zip(selectors, answers, strict=True):
        expected = is_refused(selector)
        assert answer == expected if expected else answer == 200 or "is not a known field selector" in answer
