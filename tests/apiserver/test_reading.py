"""Get and list: selectors, pages, shapes, revisions."""

import pytest
from tests.apiserver.conftest import Api
from tests.apiserver.widgets import config_map, widget

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


async def names(api: Api, path: str) -> list[str]:
    listed = await api.get(path)
    return [item["metadata"]["name"] for item in listed["items"]]


@pytest.fixture
async def five(api: Api) -> str:
    for name in "edcba":
        await api.create(MAPS, config_map(name, labels={"letter": name, "half": "low" if name < "c" else "high"}))
    return MAPS


async def test_pages_follow_each_other_and_show_one_revision(api: Api, five: str) -> None:
    first = await api.get(f"{five}?limit=2")
    await api.create(MAPS, config_map("aa"))
    await api.create(MAPS, config_map("cc"))
    await api.delete(f"{five}/d")
    token = first["metadata"]["continue"]
    second = await api.get(f"{five}?limit=2&continue={token}")
    third = await api.get(f"{five}?limit=2&continue={second['metadata']['continue']}")

    pages = [[item["metadata"]["name"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [["a", "b"], ["c", "d"], ["e", "kube-root-ca.crt"]]
    assert first["metadata"]["remainingItemCount"] == 4
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }
    assert "continue" not in third["metadata"]


async def test_a_continue_token_that_is_none_is_refused(api: Api, five: str) -> None:
    reply = await api("GET", f"{five}?limit=2&continue=nonsense")

    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    assert "continue key is not valid" in reply.body["message"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("labelSelector=letter=a", ["a"]),
        ("labelSelector=letter in (a,b),half=low", ["a", "b"]),
        ("labelSelector=!letter", ["kube-root-ca.crt"]),
        ("labelSelector=half notin (low),letter", ["c", "d", "e"]),
        ("fieldSelector=metadata.name=c", ["c"]),
        ("fieldSelector=metadata.name!=c&labelSelector=half=high", ["d", "e"]),
        ("fieldSelector=metadata.name=c&labelSelector=half=low", []),
        ("fieldSelector=metadata.namespace=other", []),
    ],
)
async def test_selectors_pick_what_they_say(api: Api, five: str, query: str, expected: list[str]) -> None:
    assert await names(api, f"{five}?{query}") == expected


async def test_a_field_that_cannot_be_selected_is_named(api: Api, five: str) -> None:
    reply = await api("GET", f"{five}?fieldSelector=data.x=1")

    assert reply.status == 400
    assert reply.body["message"].endswith("field label not supported: data.x")


async def test_events_and_pods_are_selected_by_their_own_fields(api: Api) -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "p", "uid": "u"}, "reason": "R"}
    await api.create("/api/v1/namespaces/default/events", event)
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}}
    await api.create("/api/v1/namespaces/default/pods", pod)

    assert await names(api, "/api/v1/events?fieldSelector=involvedObject.uid=u,involvedObject.kind=Pod") == ["e"]
    assert await names(api, "/api/v1/events?fieldSelector=involvedObject.uid=v") == []
    assert await names(api, "/api/v1/pods?fieldSelector=spec.nodeName=n,status.phase!=Running") == ["p"]


async def test_a_table_has_columns_cells_and_the_metadata_of_each_object(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("a", 3))

    table = await api.get(widgets, accept=TABLE)

    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size", "Color", "Age"]
    assert [column["priority"] for column in table["columnDefinitions"]] == [0, 0, 1, 0]
    assert table["rows"][0]["cells"][:3] == ["a", 3, "red"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert table["rows"][0]["object"]["metadata"]["name"] == "a"
    bare = await api.get(f"{widgets}?includeObject=None", accept=TABLE)
    assert "object" not in bare["rows"][0]


async def test_metadata_alone_can_be_asked_for(api: Api, five: str) -> None:
    listed = await api.get(f"{five}?labelSelector=letter=a", accept=PARTIAL)

    assert listed["kind"] == "PartialObjectMetadataList"
    assert [sorted(item) for item in listed["items"]] == [["apiVersion", "kind", "metadata"]]


@pytest.mark.parametrize("accept", ["application/vnd.kubernetes.protobuf", "text/html", "application/json;as=Chart"])
async def test_a_form_that_is_not_served_is_not_acceptable(api: Api, five: str, accept: str) -> None:
    reply = await api("GET", five, accept=accept)

    assert (reply.status, reply.body["reason"]) == (406, "NotAcceptable")


async def test_protobuf_first_and_json_second_gets_json(api: Api, five: str) -> None:
    listed = await api.get(five, accept="application/vnd.kubernetes.protobuf, application/json")

    assert listed["kind"] == "ConfigMapList"


async def test_an_exact_revision_shows_the_past_and_a_future_one_times_out(api: Api, five: str) -> None:
    then = (await api.get(five))["metadata"]["resourceVersion"]
    await api.delete(f"{five}/a")

    past = await names(api, f"{five}?resourceVersion={then}&resourceVersionMatch=Exact")
    assert past == ["a", "b", "c", "d", "e", "kube-root-ca.crt"]
    assert "a" not in await names(api, f"{five}?resourceVersion=0")
    reply = await api("GET", f"{five}?resourceVersion=99999999999999999")
    assert (reply.status, reply.body["reason"]) == (504, "Timeout")
    assert "Too large resource version" in reply.body["message"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=x",
        "limit=-1",
        "resourceVersion=abc",
        "labelSelector=a==b==c",
        "resourceVersionMatch=Exact",
        "watch=maybe",
    ],
)
async def test_wrong_parameters_are_bad_requests(api: Api, five: str, query: str) -> None:
    reply = await api("GET", f"{five}?{query}")

    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/v1/namespaces/default/configmaps/x", 404, 'configmaps "x" not found'),
        ("/apis/apps/v1/namespaces/default/deployments/x", 404, 'deployments.apps "x" not found'),
        ("/api/v1/gadgets", 404, "the server could not find the requested resource"),
        ("/apis/nobody.example.com/v1/things", 404, "the server could not find the requested resource"),
        ("/api/v1/configmaps/x", 404, "the server could not find the requested resource"),
        ("/api/v1/namespaces/default/nodes", 404, "the server could not find the requested resource"),
        ("/openapi/v1", 404, "the server could not find the requested resource"),
        ("/nothing/here", 404, "the server could not find the requested resource"),
    ],
)
async def test_what_is_not_there_is_not_found_in_the_servers_words(
    api: Api, path: str, status: int, message: str
) -> None:
    reply = await api("GET", path)

    assert (reply.status, reply.body["reason"], reply.body["message"]) == (status, "NotFound", message)
    assert (reply.body["kind"], reply.body["apiVersion"], reply.body["code"]) == ("Status", "v1", status)


async def test_not_found_details_name_the_object(api: Api) -> None:
    reply = await api("GET", "/apis/apps/v1/namespaces/default/deployments/x")

    assert reply.body["details"] == {"name": "x", "group": "apps", "kind": "deployments"}


async def test_health_version_and_metrics_are_served(api: Api) -> None:
    assert [await api.get(path) for path in ("/healthz", "/livez", "/readyz")] == ["ok", "ok", "ok"]
    assert (await api.get("/version"))["gitVersion"] == "v1.14.0"
    assert "kubecapy_apiserver_objects" in await api.get("/metrics")


async def test_a_selected_list_pages_without_repeating_itself(api: Api) -> None:
    for index in range(60):
        await api.create(MAPS, config_map(f"m{index:03}"))
    seen: list[str] = []
    token = ""
    while True:
        page = await api.get(f"{MAPS}?limit=7&labelSelector=!none&continue={token}")
        seen += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        assert "remainingItemCount" not in page["metadata"]
        if not token:
            break

    assert seen == sorted(set(seen))
    assert len(seen) == 61


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews"),
        ("PUT", "/apis/authorization.k8s.io/v1/subjectaccessreviews/x"),
        ("POST", "/api/v1/configmaps"),
        ("POST", "/api/v1/namespaces/default/configmaps/x"),
        ("PUT", "/api/v1/namespaces/default/configmaps"),
        ("DELETE", "/api/v1/namespaces"),
        ("POST", "/healthz"),
        ("GET", "/api/v1/namespaces/default/serviceaccounts/default/token"),
    ],
)
async def test_what_a_resource_cannot_do_is_not_allowed(api: Api, method: str, path: str) -> None:
    reply = await api(method, path, {} if method in ("POST", "PUT") else None)

    assert (reply.status, reply.body["reason"]) == (405, "MethodNotAllowed")
    assert reply.body["message"] == "the server does not allow this method on the requested resource"
