"""Who may read: nobody without a right, and whoever may not is told what is missing."""

import aiohttp
import pytest
from tests.conformance.servers import Served
from tests.conformance.statuses import failure
from tests.raw_api import Api

JANE = {"Impersonate-User": "jane"}


@pytest.mark.parametrize(
    ("path", "subject", "wish", "place", "details"),
    [
        ("/api/v1/pods", "pods", 'list resource "pods" in API group ""', "at the cluster scope", {"kind": "pods"}),
        (
            "/api/v1/namespaces/{0}/pods",
            "pods",
            'list resource "pods" in API group ""',
            'in the namespace "{0}"',
            {"kind": "pods"},
        ),
        (
            "/api/v1/namespaces/{0}/pods?watch=1",
            "pods",
            'watch resource "pods" in API group ""',
            'in the namespace "{0}"',
            {"kind": "pods"},
        ),
        (
            "/api/v1/namespaces/{0}/pods/x/log",
            'pods "x"',
            'get resource "pods/log" in API group ""',
            'in the namespace "{0}"',
            {"name": "x", "kind": "pods"},
        ),
        (
            "/apis/apps/v1/namespaces/{0}/deployments/x",
            'deployments.apps "x"',
            'get resource "deployments" in API group "apps"',
            'in the namespace "{0}"',
            {"name": "x", "group": "apps", "kind": "deployments"},
        ),
        (
            "/api/v1/nodes/x",
            'nodes "x"',
            'get resource "nodes" in API group ""',
            "at the cluster scope",
            {"name": "x", "kind": "nodes"},
        ),
        (
            "/apis/nobody.example.com/v1/things",
            "things.nobody.example.com",
            'list resource "things" in API group "nobody.example.com"',
            "at the cluster scope",
            {"group": "nobody.example.com", "kind": "things"},
        ),
    ],
)
async def test_who_may_not_read_a_resource_is_told_which(
    api: Api, namespace: str, path: str, subject: str, wish: str, place: str, details: dict[str, str]
) -> None:
    reply = await api("GET", path.format(namespace), headers=JANE)

    message = f'{subject} is forbidden: User "jane" cannot {wish} {place.format(namespace)}'
    assert (reply.status, reply.body) == (403, failure(403, "Forbidden", message, details))


@pytest.mark.parametrize("path", ["/metrics", "/", "/nothing", "/livez/ping", "/openapi/v3/api/v1/x"])
async def test_who_may_not_read_a_path_is_told_which(served: Served, api: Api, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{served.url}{path}", ssl=False) as response:
        status, body = response.status, await response.json()

    message = f'forbidden: User "system:anonymous" cannot get path "{path}"'
    assert (status, body) == (403, failure(403, "Forbidden", message, {}))


async def test_anybody_reads_health_and_version(served: Served) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/healthz", "/livez", "/readyz", "/version", "/version/"):
            async with session.get(f"{served.url}{path}", ssl=False) as response:
                assert response.status == 200


async def test_a_wrong_token_is_nobody_s(served: Served) -> None:
    headers = {"Authorization": "Bearer wrong"}
    async with aiohttp.ClientSession() as session:
        for path in ("/healthz", "/api/v1/pods", "/nothing"):
            async with session.get(f"{served.url}{path}", ssl=False, headers=headers) as response:
                status, body = response.status, await response.json()

            assert (status, body) == (401, failure(401, "Unauthorized", "Unauthorized"))
