"""What roles and bindings allow, what nobody can grant, and who joins with a bootstrap token."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from tests.conformance.rights import GROUP, RBAC, account, bind, eventually, group_of_users, user
from tests.conformance.servers import Served
from tests.conformance.statuses import failure
from tests.raw_api import Api, Reply

JANE = {"Impersonate-User": "jane"}
REVIEW = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
SECRETS = "/api/v1/namespaces/kube-system/secrets"


def rule(groups: list[str], resources: list[str], verbs: list[str], *names: str) -> dict[str, Any]:
    whole = {"apiGroups": groups, "resources": resources, "verbs": verbs}
    return {**whole, "resourceNames": list(names)} if names else whole


async def make_role(api: Api, namespace: str, name: str, *rules: Any) -> None:
    await api.create(f"{RBAC}/namespaces/{namespace}/roles", {"metadata": {"name": name}, "rules": list(rules)})


async def allowed(api: Api, spec: dict[str, Any]) -> Reply:
    """Ask whether a subject may do something; the reply is the answer."""
    reply = await api("POST", REVIEW, {"spec": spec})
    return Reply(reply.status, reply.body["status"]["allowed"], {})


@pytest.mark.parametrize(
    ("given", "may", "may_not"),
    [
        (
            rule([""], ["secrets"], ["get"], "one"),
            [("get", "", "secrets", "one")],
            [("get", "", "secrets", "two"), ("get", "", "secrets", ""), ("list", "", "secrets", "")],
        ),
        (rule([""], ["pods/log"], ["get"]), [("get", "", "pods/log", "x")], [("get", "", "pods", "x")]),
        (
            rule(["*"], ["*/scale"], ["update"]),
            [("update", "apps", "deployments/scale", "x"), ("update", "", "replicationcontrollers/scale", "x")],
            [("update", "apps", "deployments", "x"), ("update", "apps", "deployments/status", "x")],
        ),
        (
            rule(["apps"], ["*"], ["*"]),
            [("deletecollection", "apps", "daemonsets", ""), ("get", "apps", "deployments/status", "x")],
            [("get", "", "pods", "x")],
        ),
        (
            rule(["", "apps"], ["pods", "deployments"], ["get"]),
            [("get", "apps", "pods", "x")],
            [("get", "x", "pods", "")],
        ),
    ],
)
async def test_a_rule_allows_what_it_names(
    api: Api,
    namespace: str,
    given: dict[str, Any],
    may: list[tuple[str, str, str, str]],
    may_not: list[tuple[str, str, str, str]],
) -> None:
    await make_role(api, namespace, "r", given)
    await bind(api, namespace, "r", "Role", "r", user("jane"))

    for expected, wishes in ((True, may), (False, may_not)):
        for verb, group, resource, name in wishes:
            plural, _, subresource = resource.partition("/")
            wish = {"verb": verb, "group": group, "resource": plural, "subresource": subresource, "name": name}
            spec = {"user": "jane", "resourceAttributes": {**wish, "namespace": namespace}}
            await eventually(lambda spec=spec: allowed(api, spec), (201, expected))


async def test_paths_are_allowed_with_all_below(api: Api, namespace: str) -> None:
    paths = {"nonResourceURLs": ["/logs/*", "/only"], "verbs": ["get"]}
    await api.create(f"{RBAC}/clusterroles", {"metadata": {"name": namespace}, "rules": [paths]})
    await bind(api, "", namespace, "ClusterRole", namespace, user("jane"))

    for path, expected in (
        ("/logs/", True),
        ("/logs/a/b", True),
        ("/only", True),
        ("/logs", False),
        ("/only/x", False),
    ):
        spec = {"user": "jane", "nonResourceAttributes": {"path": path, "verb": "get"}}
        await eventually(lambda spec=spec: allowed(api, spec), (201, expected))
    for name in ("clusterrolebindings", "clusterroles"):
        await api.delete(f"{RBAC}/{name}/{namespace}")


async def test_accounts_are_in_the_groups_of_all_and_of_their_namespace(api: Api, namespace: str) -> None:
    await make_role(api, namespace, "r", rule([""], ["pods"], ["get"]))
    await bind(api, namespace, "r", "Role", "r", group_of_users(f"system:serviceaccounts:{namespace}"))

    async def read_as(name: str) -> Reply:
        reply = await api("GET", f"/api/v1/namespaces/{namespace}/pods/x", headers={"Impersonate-User": name})
        return Reply(reply.status, None, {})

    await eventually(lambda: read_as(f"system:serviceaccount:{namespace}:any"), (404, None))
    assert (await read_as("system:serviceaccount:default:any")).status == 403


async def test_a_role_collects_the_rules_of_others(collected: Served, api: Api, namespace: str) -> None:
    labels = {f"{namespace}.example.com/part": "true"}
    part = rule([""], ["pods"], ["get"])
    selectors = {"clusterRoleSelectors": [{"matchLabels": labels}]}
    roles = f"{RBAC}/clusterroles"
    await api.create(roles, {"metadata": {"name": f"{namespace}-whole"}, "aggregationRule": selectors})
    await api.create(roles, {"metadata": {"name": f"{namespace}-part", "labels": labels}, "rules": [part]})
    await bind(api, namespace, "whole", "ClusterRole", f"{namespace}-whole", account("robot", namespace))

    wish = {"verb": "get", "resource": "pods", "namespace": namespace}
    spec = {"user": f"system:serviceaccount:{namespace}:robot", "resourceAttributes": wish}
    await eventually(lambda: allowed(api, spec), (201, True))
    for name in ("whole", "part"):
        await api.delete(f"{roles}/{namespace}-{name}")


@pytest.fixture
async def granter(api: Api, namespace: str) -> str:
    """Let Jane write roles and bindings of the namespace, and read pods and one Secret; return the namespace."""
    rules = (
        rule([""], ["pods"], ["get", "list"]),
        rule([GROUP], ["roles", "rolebindings"], ["create", "update"]),
        rule([""], ["secrets"], ["get"], "one"),
    )
    await make_role(api, namespace, "own", *rules)
    await bind(api, namespace, "own", "Role", "own", user("jane"))
    wish = {"verb": "create", "group": GROUP, "resource": "roles", "namespace": namespace}
    await eventually(lambda: allowed(api, {"user": "jane", "resourceAttributes": wish}), (201, True))
    return namespace


def refusal(plural: str, name: str, *missing: str) -> tuple[int, Any]:
    who = 'user "jane" (groups=["system:authenticated"])'
    listed = "\n".join(missing)
    message = (
        f'{plural}.{GROUP} "{name}" is forbidden: {who} is attempting to grant RBAC permissions not currently held:\n'
        f"{listed}"
    )
    return 403, failure(403, "Forbidden", message, {"name": name, "group": GROUP, "kind": plural})


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        (
            [rule(["", "apps"], ["pods", "secrets"], ["get", "delete"])],
            [
                '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
                '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
                '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "delete"]}',
                '{APIGroups:["apps"], Resources:["secrets"], Verbs:["get" "delete"]}',
            ],
        ),
        (
            [rule(["x"], ["y/z"], ["*"], "n", "m"), rule(["a"], ["b"], ["get"]), rule(["a"], ["b"], ["list"])],
            [
                '{APIGroups:["a"], Resources:["b"], Verbs:["get" "list"]}',
                '{APIGroups:["x"], Resources:["y/z"], ResourceNames:["m"], Verbs:["*"]}',
                '{APIGroups:["x"], Resources:["y/z"], ResourceNames:["n"], Verbs:["*"]}',
            ],
        ),
        (
            [rule([""], ["secrets"], ["get"], "one", "two")],
            ['{APIGroups:[""], Resources:["secrets"], ResourceNames:["two"], Verbs:["get"]}'],
        ),
        ([rule(["*"], ["*"], ["*"])], ['{APIGroups:["*"], Resources:["*"], Verbs:["*"]}']),
    ],
)
async def test_nobody_grants_more_than_is_held(api: Api, granter: str, rules: list[Any], missing: list[str]) -> None:
    roles = f"{RBAC}/namespaces/{granter}/roles"

    reply = await api("POST", roles, {"metadata": {"name": "more"}, "rules": rules}, headers=JANE)
    assert (reply.status, reply.body) == refusal("roles", "more", *missing)

    held = {"metadata": {"name": "held"}, "rules": [rule([""], ["pods"], ["get"])]}
    assert (await api("POST", roles, held, headers=JANE)).status == 201
    reply = await api("PUT", f"{roles}/held", {**held, "rules": rules}, headers=JANE)
    assert (reply.status, reply.body) == refusal("roles", "held", *missing)


async def test_nobody_binds_more_than_is_held(api: Api, granter: str) -> None:
    await make_role(api, granter, "more", rule([""], ["pods"], ["list", "watch"]))
    bindings = f"{RBAC}/namespaces/{granter}/rolebindings"

    async def bind_as_jane(role: str) -> Reply:
        role_ref = {"apiGroup": GROUP, "kind": "Role", "name": role}
        binding = {"metadata": {"name": "b"}, "roleRef": role_ref, "subjects": [user("jane")]}
        return await api("POST", bindings, binding, headers=JANE)

    missing = '{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}'
    await eventually(lambda: bind_as_jane("more"), refusal("rolebindings", "b", missing))
    reply = await bind_as_jane("absent")
    details = {"name": "absent", "group": GROUP, "kind": "rolebindings"}
    message = f'rolebindings.{GROUP} "absent" not found'
    assert (reply.status, reply.body) == (404, failure(404, "NotFound", message, details))


@asynccontextmanager
async def bootstrap_token(api: Api, **changes: str) -> AsyncIterator[str]:
    """Make a token that no other test knows: a real server remembers for ten seconds whose a token is."""
    identity = uuid.uuid4().hex[:6]
    data = {"token-id": identity, "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"}
    name = f"bootstrap-token-{identity}"
    changed = {**data, **{key.replace("_", "-"): value for key, value in changes.items()}}
    secret = {"metadata": {"name": name}, "type": "bootstrap.kubernetes.io/token", "stringData": changed}
    await api.create(SECRETS, secret)
    yield f"{identity}.0123456789abcdef"
    await api.delete(f"{SECRETS}/{name}")


async def whoami(served: Served, token: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{served.url}/apis/authentication.k8s.io/v1/selfsubjectreviews"
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json={}, ssl=False) as response:
        body = await response.json()
        return response.status, body["status"]["userInfo"] if response.status == 201 else body["message"]


async def accepted(served: Served, token: str) -> None:
    """Wait until the server knows `token`, and with it every Secret from before."""
    async with asyncio.timeout(10):
        while (await whoami(served, token))[0] != 201:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("changes", "groups"),
    [
        ({}, ()),
        ({"expiration": "2099-01-01T00:00:00Z"}, ()),
        ({"auth_extra_groups": "system:bootstrappers:b,system:bootstrappers:a"}, ("a", "b")),
    ],
)
async def test_a_host_joins_with_a_bootstrap_token(
    served: Served, api: Api, changes: dict[str, str], groups: tuple[str, ...]
) -> None:
    async with bootstrap_token(api, **changes) as token:
        whole = ["system:bootstrappers", *(f"system:bootstrappers:{name}" for name in groups), "system:authenticated"]
        expected = (201, {"username": f"system:bootstrap:{token[:6]}", "groups": whole})
        await accepted(served, token)
        assert await whoami(served, token) == expected
        assert await whoami(served, token[:-1] + "0") == (401, "Unauthorized")


@pytest.mark.parametrize(
    "changes",
    [
        {"expiration": "2020-01-01T00:00:00Z"},
        {"expiration": "soon"},
        {"usage_bootstrap_authentication": "True"},
        {"auth_extra_groups": "system:masters"},
        {"token_id": "bbbbbb"},
        {"token_secret": "fedcba9876543210"},
    ],
)
async def test_a_token_that_is_not_good_is_nobody_s(served: Served, api: Api, changes: dict[str, str]) -> None:
    async with bootstrap_token(api, **changes) as token, bootstrap_token(api) as later:
        await accepted(served, later)
        assert await whoami(served, token) == (401, "Unauthorized")
