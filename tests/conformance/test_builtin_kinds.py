"""Kinds that the server brings along: what it completes where a client leaves something out."""

from tests.raw_api import Api

RBAC = "/apis/rbac.authorization.k8s.io/v1"


async def test_a_port_of_a_service_leads_to_the_same_port(api: Api, namespace: str) -> None:
    service = {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}

    made = await api.create(f"/api/v1/namespaces/{namespace}/services", service)

    assert made["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]


async def test_a_binding_is_to_a_role_of_its_own_group(api: Api, namespace: str) -> None:
    binding = {"metadata": {"name": "a"}, "roleRef": {"kind": "Role", "name": "r"}}

    made = await api.create(f"{RBAC}/namespaces/{namespace}/rolebindings", binding)

    assert made["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}


async def test_a_value_of_null_is_an_empty_one(api: Api, namespace: str) -> None:
    made = await api.create(f"/api/v1/namespaces/{namespace}/secrets", {"metadata": {"name": "a"}, "data": {"a": None}})

    assert made["data"] == {"a": ""}
