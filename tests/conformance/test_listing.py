"""Lists: their form and order, pages of one state, revisions, and parameters that do not go together."""

import base64
import json
from typing import Any

import pytest
from tests.apiserver.widgets import config_map, widget, widget_definition
from tests.conformance.definitions import define
from tests.conformance.servers import Served
from tests.conformance.statuses import failure, invalid_options
from tests.raw_api import Api

FAR = 2**62
OWN = "labelSelector=own=yes"
META = "g=meta.k8s.io"
INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without"
    " the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
    " Continuing with the provided token results in an inconsistent list - objects that were created, modified, or"
    " deleted between the time the first chunk was returned and now may show up in the list."
)


def token(**parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def names(listed: Any) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"] if item["metadata"]["name"] != "kube-root-ca.crt"]


@pytest.fixture
async def maps(api: Api, namespace: str) -> str:
    """The path of the ConfigMaps in the test's own namespace: five of ours and the one that every namespace has."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name in "edcba":
        await api.create(path, config_map(name, {"x": name}, labels={"own": "yes"}))
    return path


@pytest.fixture
async def widgets(api: Api, namespace: str, group: str) -> str:
    await define(api, widget_definition(), group)
    return f"/apis/{group}/v1/namespaces/{namespace}/widgets"


async def test_a_built_in_list_says_once_what_its_items_are(api: Api, maps: str) -> None:
    listed = await api.get(f"{maps}?{OWN}")

    one = await api.get(f"{maps}/a")
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert listed["metadata"].keys() == {"resourceVersion"}
    assert listed["items"][0] == {"metadata": one["metadata"], "data": {"x": "a"}}
    assert names(listed) == list("abcde")


async def test_the_items_of_a_custom_list_say_what_they_are(api: Api, widgets: str, group: str) -> None:
    made = await api.create(widgets, widget("a") | {"apiVersion": f"{group}/v1"})

    listed = await api.get(widgets)

    assert (listed["kind"], listed["apiVersion"]) == ("WidgetList", f"{group}/v1")
    assert listed["metadata"] == {"continue": "", "resourceVersion": listed["metadata"]["resourceVersion"]}
    assert listed["items"] == [made]


@pytest.mark.parametrize(
    ("path", "kind", "version"),
    [
        ("/api/v1/namespaces/{}-none/configmaps", "ConfigMapList", "v1"),
        ("/api/v1/namespaces/{}/pods", "PodList", "v1"),
        ("/api/v1/namespaces/{}/endpoints", "EndpointsList", "v1"),
        ("/apis/apps/v1/namespaces/{}/deployments", "DeploymentList", "apps/v1"),
        ("/apis/coordination.k8s.io/v1/namespaces/{}/leases", "LeaseList", "coordination.k8s.io/v1"),
    ],
)
async def test_an_empty_list_has_its_items(api: Api, namespace: str, path: str, kind: str, version: str) -> None:
    listed = await api.get(path.format(namespace))

    revision = {"resourceVersion": listed["metadata"]["resourceVersion"]}
    assert listed == {"kind": kind, "apiVersion": version, "metadata": revision, "items": []}


async def test_all_namespaces_are_listed_in_the_order_of_their_keys(api: Api, namespace: str) -> None:
    """In etcd's order, in which `a-b/x` comes before `a/x`, for the slash is behind the hyphen and the dot."""
    spaces = [namespace, f"{namespace}-a", f"{namespace}0"]
    for space in spaces[1:]:
        await api.create("/api/v1/namespaces", {"metadata": {"name": space}})
    try:
        for space in reversed(spaces):
            for name in ("y", "x"):
                await api.create(
                    f"/api/v1/namespaces/{space}/secrets", {"metadata": {"name": name, "labels": {"of": namespace}}}
                )

        pages, query = [], f"/api/v1/secrets?labelSelector=of={namespace}&limit=4"
        page = await api.get(query)
        pages += page["items"]
        page = await api.get(f"{query}&continue={page['metadata']['continue']}")
        pages += page["items"]
    finally:
        for space in spaces[1:]:
            await api.delete(f"/api/v1/namespaces/{space}")

    found = [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in pages]
    assert found == sorted(f"{space}/{name}" for space in spaces for name in "xy")
    assert "continue" not in page["metadata"]


async def test_pages_follow_each_other_and_show_one_state(api: Api, maps: str) -> None:
    first = await api.get(f"{maps}?limit=2")
    await api.create(maps, config_map("aa"))
    await api.create(maps, config_map("cc"))
    await api.merge(f"{maps}/e", {"data": {"x": "new"}})
    await api.delete(f"{maps}/d")
    second = await api.get(f"{maps}?limit=2&continue={first['metadata']['continue']}")
    third = await api.get(f"{maps}?limit=2&continue={second['metadata']['continue']}")

    assert [names(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert [page["metadata"].get("remainingItemCount") for page in (first, second, third)] == [4, 2, None]
    assert len({page["metadata"]["resourceVersion"] for page in (first, second, third)}) == 1
    assert third["items"][0]["data"] == {"x": "e"}
    assert "continue" not in third["metadata"]


async def test_pages_of_a_selection_do_not_say_how_much_is_left(api: Api, maps: str) -> None:
    seen: list[str] = []
    following = ""
    while True:
        page = await api.get(f"{maps}?limit=2&{OWN}&continue={following}")
        assert "remainingItemCount" not in page["metadata"]
        seen += names(page)
        following = page["metadata"].get("continue", "")
        if not following:
            break

    assert seen == list("abcde")


async def test_a_token_may_ask_for_more_than_the_page_before(api: Api, maps: str) -> None:
    first = await api.get(f"{maps}?limit=1")

    rest = await api.get(f"{maps}?continue={first['metadata']['continue']}")

    assert names(rest) == list("bcde")


async def test_a_token_has_the_form_that_tools_look_into(api: Api, maps: str) -> None:
    page = await api.get(f"{maps}?limit=2")

    text = page["metadata"]["continue"]
    decoded = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert decoded == {"v": "meta.k8s.io/v1", "rv": int(page["metadata"]["resourceVersion"]), "start": "/b\0"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (token(), ": server does not recognize this encoded version "),
        (token(v="v9"), ": server does not recognize this encoded version v9"),
        (token(v="meta.k8s.io/v1"), ": incorrect encoded start resourceVersion (version meta.k8s.io/v1)"),
        (token(v="meta.k8s.io/v1", rv=1), ": encoded start key empty (version meta.k8s.io/v1)"),
        (token(v="meta.k8s.io/v1", rv=1, start="/../x"), ": /../x"),
    ],
)
async def test_a_token_that_is_none_is_refused(api: Api, maps: str, text: str, why: str) -> None:
    reply = await api("GET", f"{maps}?limit=2&continue={text}")

    message = f"invalid continue token: continue key is not valid{why}"
    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))


async def test_a_text_that_is_no_token_at_all_is_refused(api: Api, maps: str) -> None:
    for text in ("nonsense", "!", "bm9uc2Vuc2U"):
        reply = await api("GET", f"{maps}?continue={text}")

        assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
        assert reply.body["message"].startswith("invalid continue token: continue key is not valid: ")


async def test_a_token_is_not_for_a_revision(api: Api, maps: str) -> None:
    following = (await api.get(f"{maps}?limit=2"))["metadata"]["continue"]

    reply = await api("GET", f"{maps}?continue={following}&resourceVersion=5")

    message = "specifying resource version is not allowed when using continue"
    assert reply.body == failure(400, "BadRequest", message)
    assert names(await api.get(f"{maps}?continue={following}&resourceVersion=0")) == list("cde")


async def test_a_token_of_a_forgotten_state_offers_to_go_on_at_the_newest(served: Served, api: Api, maps: str) -> None:
    first = await api.get(f"{maps}?limit=2")
    await api.delete(f"{maps}/d")
    await api.create(maps, config_map("cc"))
    await served.compact()

    reply = await api("GET", f"{maps}?limit=2&continue={first['metadata']['continue']}")

    following = reply.body["metadata"]["continue"]
    expected = failure(410, "Expired", INCONSISTENT) | {"metadata": {"continue": following}}
    assert (reply.status, reply.body) == (410, expected)
    second = await api.get(f"{maps}?limit=2&continue={following}")
    third = await api.get(f"{maps}?limit=2&continue={second['metadata']['continue']}")
    assert [names(page) for page in (second, third)] == [["c", "cc"], ["e"]]
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])
    assert second["metadata"]["resourceVersion"] == third["metadata"]["resourceVersion"]


async def test_an_exact_revision_shows_the_past(api: Api, maps: str) -> None:
    then = (await api.get(maps))["metadata"]["resourceVersion"]
    await api.delete(f"{maps}/a")
    await api.merge(f"{maps}/b", {"data": {"x": "new"}})

    past = await api.get(f"{maps}?resourceVersion={then}&resourceVersionMatch=Exact")
    page = await api.get(f"{maps}?resourceVersion={then}&resourceVersionMatch=Exact&limit=2")
    as_older_clients_say = await api.get(f"{maps}?resourceVersion={then}&limit=2")

    assert names(past) == list("abcde")
    assert past["items"][1]["data"] == {"x": "b"}
    assert (names(page), names(as_older_clients_say)) == (["a", "b"], ["a", "b"])
    assert {p["metadata"]["resourceVersion"] for p in (past, page, as_older_clients_say)} == {then}


async def test_any_other_revision_shows_the_newest_state(api: Api, maps: str) -> None:
    then = (await api.get(maps))["metadata"]["resourceVersion"]
    await api.delete(f"{maps}/a")

    for query in (
        "",
        "resourceVersion=",
        f"resourceVersion={then}",
        f"resourceVersion={then}&resourceVersionMatch=NotOlderThan",
    ):
        listed = await api.get(f"{maps}?{query}")

        assert names(listed) == list("bcde")
        assert int(listed["metadata"]["resourceVersion"]) > int(then)


async def test_a_list_is_as_new_as_the_last_write(api: Api, maps: str) -> None:
    for number in range(20):
        written = await api.merge(f"{maps}/a", {"data": {"x": str(number)}})

        listed = await api.get(maps)

        assert listed["items"][0]["data"]["x"] == str(number)
        assert int(listed["metadata"]["resourceVersion"]) >= int(written["metadata"]["resourceVersion"])


async def test_who_takes_any_state_gets_all_of_it(api: Api, maps: str) -> None:
    listed = await api.get(f"{maps}?resourceVersion=0&limit=2")

    assert names(listed) == list("abcde")
    assert "continue" not in listed["metadata"]


async def test_a_forgotten_revision_is_expired(served: Served, api: Api, maps: str) -> None:
    then = (await api.get(maps))["metadata"]["resourceVersion"]
    await api.delete(f"{maps}/a")
    await served.compact()

    reply = await api("GET", f"{maps}?resourceVersion={then}&resourceVersionMatch=Exact")

    expected = failure(410, "Expired", "The resourceVersion for the provided list is too old.")
    assert (reply.status, reply.body) == (410, expected)


@pytest.mark.parametrize("match", ["", "&resourceVersionMatch=NotOlderThan"])
async def test_a_revision_that_is_still_to_come_times_out(api: Api, maps: str, match: str) -> None:
    reply = await api("GET", f"{maps}?resourceVersion={FAR}{match}")

    current = reply.body["message"].rpartition(" ")[2]
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {FAR}, current: {current}"
    expected = failure(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})
    assert (reply.status, reply.body) == (504, expected)


def unreadable(text: str, why: str) -> str:
    parsing = f'strconv.ParseUint: parsing "{text}": {why}'
    return f'invalid resource version: resourceVersion: Invalid value: "{text}": {parsing}'


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("limit=", 'strconv.ParseInt: parsing "": invalid syntax'),
        ("limit=2.5", 'strconv.ParseInt: parsing "2.5": invalid syntax'),
        ("limit=x%22y%0A", 'strconv.ParseInt: parsing "x\\"y\\n": invalid syntax'),
        ("limit=9223372036854775808", 'strconv.ParseInt: parsing "9223372036854775808": value out of range'),
        ("timeoutSeconds=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("resourceVersion=abc", unreadable("abc", "invalid syntax")),
        ("resourceVersion=-1", unreadable("-1", "invalid syntax")),
        (
            "resourceVersion=18446744073709551616",
            unreadable("18446744073709551616", "value out of range"),
        ),
    ],
)
async def test_a_number_that_is_none_is_quoted(api: Api, maps: str, query: str, message: str) -> None:
    reply = await api("GET", f"{maps}?{query}")

    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))


@pytest.mark.parametrize("query", ["limit=-1", "limit=0", "limit=9223372036854775807", "x=y", "allowWatchBookmarks=x"])
async def test_harmless_parameters_are_taken(api: Api, maps: str, query: str) -> None:
    assert names(await api.get(f"{maps}?{query}")) == list("abcde")


@pytest.mark.parametrize("text", ["false", "0", "FALSE"])
async def test_a_watch_that_is_denied_is_a_list(api: Api, maps: str, text: str) -> None:
    assert (await api.get(f"{maps}?watch={text}"))["kind"] == "ConfigMapList"


MATCH, INITIAL = "resourceVersionMatch", "sendInitialEvents"
NEEDS_REVISION = ("FieldValueForbidden", MATCH, f"Forbidden: {MATCH} is forbidden unless resourceVersion is provided")
WITH_TOKEN = ("FieldValueForbidden", MATCH, f"Forbidden: {MATCH} is forbidden when continue is provided")
UNKNOWN = (
    "FieldValueNotSupported",
    MATCH,
    'Unsupported value: "Bogus": supported values: "Exact", "NotOlderThan", ""',
)
EXACTLY_ANY = (
    "FieldValueForbidden",
    MATCH,
    f'Forbidden: {MATCH} "exact" is forbidden for resourceVersion "0"',
)
NOT_FOR_LISTS = ("FieldValueForbidden", INITIAL, f"Forbidden: {INITIAL} is forbidden for list")


@pytest.mark.parametrize(
    ("query", "causes"),
    [
        (f"{MATCH}=Exact", [NEEDS_REVISION]),
        (f"{MATCH}=NotOlderThan", [NEEDS_REVISION]),
        (f"{MATCH}=Bogus", [NEEDS_REVISION, UNKNOWN]),
        (f"{MATCH}=Bogus&resourceVersion=1", [UNKNOWN]),
        (f"{MATCH}=Exact&resourceVersion=0", [EXACTLY_ANY]),
        (f"{MATCH}=Exact&resourceVersion=5&continue=x", [WITH_TOKEN]),
        (f"{MATCH}=Exact&continue=x", [NEEDS_REVISION, WITH_TOKEN]),
        (f"{INITIAL}=true", [NOT_FOR_LISTS]),
        (f"{INITIAL}=false", [NOT_FOR_LISTS]),
    ],
)
async def test_parameters_that_do_not_go_together_are_causes(
    api: Api, maps: str, query: str, causes: list[tuple[str, str, str]]
) -> None:
    reply = await api("GET", f"{maps}?{query}")

    assert (reply.status, reply.body) == (422, invalid_options(*causes))


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_the_metadata_of_a_list_comes_alone(api: Api, maps: str, version: str) -> None:
    whole = await api.get(f"{maps}?{OWN}")

    accept = f"application/json;as=PartialObjectMetadataList;v={version};{META}"
    listed = await api.get(f"{maps}?{OWN}", accept=accept)

    own = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}"}
    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", f"meta.k8s.io/{version}")
    assert listed["items"] == [own | {"metadata": item["metadata"]} for item in whole["items"]]
    page = await api.get(f"{maps}?limit=2", accept=accept)
    assert page["metadata"].keys() == {"resourceVersion", "continue", "remainingItemCount"}
