"""What is no resource: version, health, metrics, the list of paths, and the pages of what is not there."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.conformance.statuses import NO_METHOD, NO_PAGE, NO_RESOURCE
from tests.raw_api import Api

TEXT = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/nothing/here",
        "/healthz/",
        "/healthz/nothing",
        "/livez/nothing",
        "/readyz/nothing/here",
        "/metrics/",
        "/openapi/v1",
        "/openapi/v2/",
        "/apis/nobody.example.com",
        "/apis/nobody.example.com/v1",
        "/apis/nobody.example.com/v1/things",
        "/apis/nobody.example.com/v1/namespaces/default/things/x/status",
        "//api/v1/pods",
        "//healthz",
    ],
)
async def test_where_nobody_listens_there_is_a_page_of_text(api: Api, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = await api(method, path)

        assert (reply.status, reply.body, reply.headers["Content-Type"]) == (404, NO_PAGE, TEXT)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2",
        "/api/v2/pods",
        "/api/v1/gadgets",
        "/api/v1/gadgets/x",
        "/api/v1//pods",
        "/apis/apps/v9",
        "/apis/apps/v9/deployments",
        "/apis/apps/v1/gadgets/x",
        "/version/x",
    ],
)
async def test_below_built_in_groups_what_is_not_there_is_a_status(api: Api, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = await api(method, path)

        assert (reply.status, reply.body) == (404, NO_RESOURCE)


async def test_a_schema_that_is_not_there_is_an_empty_reply(api: Api) -> None:
    for path in ("/openapi/v3/", "/openapi/v3/api/v9", "/openapi/v3/apis/nobody.example.com/v1"):
        reply = await api("GET", path)

        assert (reply.status, reply.body) == (404, "")


@pytest.mark.parametrize("path", ["/api", "/api/", "/version", "/version/", "/api/v1", "/apis/apps/v1"])
async def test_paths_with_a_route_are_for_reading_only(api: Api, path: str) -> None:
    assert (await api("GET", path)).status == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        reply = await api(method, path)

        assert (reply.status, reply.body) == (405, NO_METHOD)
    assert (await api("HEAD", path)).status == 405


@pytest.mark.parametrize(
    "path", ["/", "/apis", "/apis/", "/apis/apps", "/healthz", "/livez/ping", "/metrics", "/openapi/v2", "/openapi/v3"]
)
async def test_paths_with_a_handler_answer_any_method(api: Api, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
        assert (await api(method, path)).status == 200, method


async def test_no_reply_may_be_kept(api: Api) -> None:
    for path in ("/version", "/healthz", "/nothing", "/api/v2", "/api/v1/namespaces", "/api/v1/namespaces/none"):
        assert (await api("GET", path)).headers["Cache-Control"] == "no-cache, private"


async def test_the_root_lists_what_is_served(api: Api) -> None:
    paths = (await api.get("/"))["paths"]

    assert paths == sorted(paths)
    assert {
        "/api", "/api/v1", "/apis", "/apis/", "/apis/apps", "/apis/apps/v1", "/apis/apiextensions.k8s.io/v1",
        "/healthz", "/healthz/etcd", "/healthz/ping", "/livez", "/livez/ping", "/metrics", "/openapi/v2", "/openapi/v3",
        "/openapi/v3/", "/readyz", "/readyz/ping", "/version",
    } <= {*paths, "/openapi/v3/"}  # fmt: skip


async def test_the_version_says_what_clients_look_for(api: Api) -> None:
    version = await api.get("/version")

    assert sorted(version) == [
        "buildDate", "compiler", "emulationMajor", "emulationMinor", "gitCommit", "gitTreeState", "gitVersion",
        "goVersion", "major", "minCompatibilityMajor", "minCompatibilityMinor", "minor", "platform",
    ]  # fmt: skip
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor']}.")
    assert all(isinstance(value, str) for value in version.values())


@pytest.mark.parametrize("probe", ["healthz", "livez", "readyz"])
async def test_a_probe_tells_each_check_when_asked(api: Api, probe: str) -> None:
    reply = await api("GET", f"/{probe}?verbose")

    lines = reply.body.splitlines()
    assert (reply.status, reply.headers["Content-Type"]) == (200, TEXT)
    assert lines[0] == "[+]ping ok"
    assert "[+]etcd ok" in lines
    assert lines[-1] == f"{probe} check passed"
    assert [line for line in lines[:-1] if not line.startswith("[+]")] == []
    assert reply.body.endswith("passed\n")


async def test_a_check_can_be_left_out_and_one_that_is_none_is_told(api: Api) -> None:
    body = await api.get("/readyz?verbose&exclude=etcd&exclude=none&exclude=nil")

    lines = body.splitlines()
    assert "[+]etcd excluded: ok" in lines
    assert lines[-2:] == [
        'warn: some health checks cannot be excluded: no matches for "nil","none"',
        "readyz check passed",
    ]
    assert await api.get("/readyz?exclude=none") == "ok"


async def test_a_check_has_a_path_of_its_own(api: Api) -> None:
    for path in ("/healthz/ping", "/livez/ping", "/readyz/ping", "/livez/etcd", "/healthz/ping?verbose"):
        reply = await api("GET", path)

        assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, "ok", TEXT)


async def scrape(api: Api) -> dict[str, Any]:
    reply = await api("GET", "/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4; charset=utf-8")
    return {family.name: family for family in text_string_to_metric_families(reply.body)}


def value(family: Any, name: str, **labels: str) -> float | None:
    """Return the sample with these labels, whatever others it has."""
    found = [s.value for s in family.samples if s.name == name and labels.items() <= s.labels.items()]
    return sum(found) if found else None


async def test_metrics_have_the_names_types_and_labels_of_the_field(api: Api) -> None:
    await api.get("/api/v1/namespaces/default")

    families = await scrape(api)

    assert {name: families[name].type for name in (
        "apiserver_request", "apiserver_request_duration_seconds", "apiserver_current_inflight_requests",
        "process_cpu_seconds", "process_resident_memory_bytes", "process_start_time_seconds", "process_open_fds",
    )} == {
        "apiserver_request": "counter", "apiserver_request_duration_seconds": "histogram",
        "apiserver_current_inflight_requests": "gauge",
        "process_cpu_seconds": "counter",
        "process_resident_memory_bytes": "gauge", "process_start_time_seconds": "gauge", "process_open_fds": "gauge",
    }  # fmt: skip
    sample = next(s for s in families["apiserver_request"].samples if s.labels["resource"] == "namespaces")
    assert sample.name == "apiserver_request_total"
    assert sorted(sample.labels) == [
        "code", "component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version",
    ]  # fmt: skip
    kinds = {s.labels["request_kind"] for s in families["apiserver_current_inflight_requests"].samples}
    assert kinds == {"mutating", "readOnly"}


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/configmaps/x", {"verb": "GET", "resource": "configmaps", "scope": "resource", "code": "404"}),
        ("GET", "/configmaps", {"verb": "LIST", "resource": "configmaps", "scope": "namespace", "code": "200"}),
        ("DELETE", "/configmaps/x", {"verb": "DELETE", "resource": "configmaps", "scope": "resource", "code": "404"}),
        ("GET", "/configmaps?watch=1&timeoutSeconds=1", {"verb": "WATCH", "scope": "namespace", "code": "200"}),
    ],
)
async def test_each_request_is_counted_by_what_it_wants(
    api: Api, namespace: str, method: str, path: str, labels: dict[str, str]
) -> None:
    expected = {"group": "", "version": "v1", "component": "apiserver", "subresource": "", **labels}
    name = "apiserver_request_total"
    before = value((await scrape(api))["apiserver_request"], name, **expected) or 0

    await api(method, f"/api/v1/namespaces/{namespace}{path}")

    assert (value((await scrape(api))["apiserver_request"], name, **expected) or 0) >= before + 1


async def test_an_open_watch_is_a_request_that_runs_long(api: Api, namespace: str) -> None:
    labels = {"verb": "WATCH", "group": "", "version": "v1", "resource": "configmaps", "scope": "namespace"}
    async with api.watch(f"/api/v1/namespaces/{namespace}/configmaps?watch=1"):
        family = (await scrape(api))["apiserver_longrunning_requests"]

    assert family.type == "gauge"
    assert (value(family, "apiserver_longrunning_requests", **labels) or 0) >= 1
