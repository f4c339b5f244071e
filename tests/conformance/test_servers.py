"""Both servers are up and tell who they are."""

from tests.conformance.servers import Served
from tests.kubectl import Kubectl
from tests.raw_api import Api


async def test_a_server_is_alive_ready_and_healthy(api: Api) -> None:
    for probe in ("/healthz", "/livez", "/readyz"):
        assert await api.get(probe) == "ok"


async def test_old_states_are_forgotten_on_demand(served: Served, api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await api.create(path, {"metadata": {"name": "a"}})
    await api.create(path, {"metadata": {"name": "b"}})
    token = (await api.get(f"{path}?limit=1"))["metadata"]["continue"]
    await api.create(path, {"metadata": {"name": "c"}})

    await served.compact()
    reply = await api("GET", f"{path}?limit=1&continue={token}")

    assert (reply.status, reply.body["reason"]) == (410, "Expired")


async def test_kubectl_works_in_the_test_s_own_namespace(kubectl: Kubectl, namespace: str) -> None:
    said = await kubectl("create", "configmap", "a", "--from-literal=x=1")

    assert said == "configmap/a created"
    assert await kubectl("get", "configmap", "a", "-o", "jsonpath={.metadata.namespace}") == namespace
