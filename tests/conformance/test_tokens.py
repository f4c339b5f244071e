"""Tokens of service accounts: what may be asked for, what they say, and how long they are good."""

import base64
import json
import time
from typing import Any

import aiohttp
import pytest
from tests.conformance.rights import eventually
from tests.conformance.servers import Served
from tests.conformance.statuses import failure, not_found
from tests.raw_api import Api, Reply

GROUP = "authentication.k8s.io"
REVIEWS = f"/apis/{GROUP}/v1/tokenreviews"
SERVER = "https://kubernetes.default.svc.cluster.local"
INVALIDATED = "service account token has been invalidated"


async def ask(api: Api, namespace: str, spec: Any, *, account: str = "robot", metadata: Any = None) -> Reply:
    request = {"apiVersion": f"{GROUP}/v1", "kind": "TokenRequest", "metadata": metadata or {}, "spec": spec}
    return await api("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", request)


async def token_of(api: Api, namespace: str, **spec: Any) -> str:
    reply = await ask(api, namespace, spec)
    assert reply.status == 201, reply.body
    return str(reply.body["status"]["token"])


def parts_of(token: str) -> tuple[Any, Any]:
    header, claims, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "===")) for part in (header, claims))


async def review(api: Api, token: str, **spec: Any) -> Reply:
    """Send a TokenReview; the reply is its status."""
    reply = await api("POST", REVIEWS, {"spec": {"token": token, **spec}})
    assert reply.status == 201, reply.body
    return Reply(reply.status, reply.body["status"], {})


def refused(why: str) -> Any:
    return {"user": {}, "error": f"[invalid bearer token, {why}]"}


@pytest.fixture
async def robot(api: Api, namespace: str) -> Any:
    """Make a service account and return it."""
    return await api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "robot"}})


@pytest.fixture
async def bound(api: Api, namespace: str, robot: Any) -> Any:
    """Make what tokens can be bound to, each named as the namespace; return their uids by kind."""
    pod = {
        "serviceAccountName": "robot",
        "automountServiceAccountToken": False,
        "nodeName": namespace,
        "containers": [{"name": "c", "image": "i"}],
    }
    node = await api.create("/api/v1/nodes", {"metadata": {"name": namespace}})
    made = {
        "Node": node,
        "Pod": await api.create(path_of("Pod", namespace, ""), {"metadata": {"name": namespace}, "spec": pod}),
        "Secret": await api.create(path_of("Secret", namespace, ""), {"metadata": {"name": namespace}}),
    }
    yield {kind: obj["metadata"]["uid"] for kind, obj in made.items()}
    await api("DELETE", f"/api/v1/nodes/{namespace}")


def path_of(kind: str, namespace: str, name: str) -> str:
    place = "" if kind == "Node" else f"/namespaces/{namespace}"
    return f"/api/v1{place}/{kind.lower()}s/{name}".removesuffix("/")


def reference(kind: str, name: str, **more: str) -> dict[str, str]:
    return {"kind": kind, "apiVersion": "v1", "name": name, **more}


async def test_a_request_is_answered_whole(api: Api, namespace: str, robot: Any) -> None:
    reply = await ask(api, namespace, {}, metadata={"labels": {"a": "b"}})

    status = reply.body.pop("status")
    made = reply.body["metadata"].pop("creationTimestamp")
    reply.body["metadata"].pop("managedFields", None)
    metadata = {"name": "robot", "namespace": namespace, "uid": robot["metadata"]["uid"], "labels": {"a": "b"}}
    expected = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "TokenRequest",
        "metadata": metadata,
        "spec": {"audiences": [SERVER], "expirationSeconds": 3600, "boundObjectRef": None},
    }
    assert (reply.status, reply.body) == (201, expected)
    assert set(status) == {"token", "expirationTimestamp"}
    assert made < status["expirationTimestamp"]


async def test_a_token_says_whose_it_is_and_for_whom(api: Api, namespace: str, robot: Any) -> None:
    header, claims = parts_of(await token_of(api, namespace, audiences=["a", "b"], expirationSeconds=600))

    assert (set(header), header["alg"]) == ({"alg", "kid"}, "ES256")
    assert claims["exp"] - claims["iat"] == 600
    assert claims.pop("nbf") == claims["iat"]
    assert abs(claims.pop("iat") - time.time()) < 60
    assert len(claims.pop("jti")) == 36
    claims.pop("exp")
    account = {"name": "robot", "uid": robot["metadata"]["uid"]}
    assert claims == {
        "iss": SERVER,
        "sub": f"system:serviceaccount:{namespace}:robot",
        "aud": ["a", "b"],
        "kubernetes.io": {"namespace": namespace, "serviceaccount": account},
    }


@pytest.mark.parametrize("kind", ["Pod", "Secret", "Node"])
async def test_a_bound_token_names_its_object(api: Api, namespace: str, bound: Any, kind: str) -> None:
    token = await token_of(api, namespace, boundObjectRef=reference(kind, namespace, uid=bound[kind]))

    private = parts_of(token)[1]["kubernetes.io"]
    del private["serviceaccount"]
    named = [kind, "Node"] if kind == "Pod" else [kind]
    assert private == {
        "namespace": namespace,
        **{each.lower(): {"name": namespace, "uid": bound[each]} for each in named},
    }


async def test_a_pod_s_token_names_a_node_that_is_not_there(api: Api, namespace: str, bound: Any) -> None:
    await api.delete(f"/api/v1/nodes/{namespace}")

    token = await token_of(api, namespace, boundObjectRef=reference("Pod", namespace))

    assert parts_of(token)[1]["kubernetes.io"]["node"] == {"name": namespace}


async def test_what_kubelets_ask_for_pods_lives_longer_than_is_told(api: Api, namespace: str, bound: Any) -> None:
    spec = {"expirationSeconds": 3607, "boundObjectRef": reference("Pod", namespace)}
    reply = await ask(api, namespace, spec)

    claims = parts_of(reply.body["status"]["token"])[1]
    assert claims["exp"] - claims["iat"] == 365 * 24 * 3600
    assert claims["kubernetes.io"]["warnafter"] - claims["iat"] == 3607
    assert reply.body["spec"]["expirationSeconds"] == 3607


@pytest.mark.parametrize(
    ("seconds", "rule"),
    [
        (599, "may not specify a duration less than 10 minutes"),
        (0, "may not specify a duration less than 10 minutes"),
        (-1, "may not specify a duration less than 10 minutes"),
        (2**32 + 1, "may not specify a duration larger than 2^32 seconds"),
    ],
)
async def test_a_lifetime_has_bounds(api: Api, namespace: str, robot: Any, seconds: int, rule: str) -> None:
    reply = await ask(api, namespace, {"expirationSeconds": seconds})

    message = f"Invalid value: {seconds}: {rule}"
    cause = {"reason": "FieldValueInvalid", "message": message, "field": "spec.expirationSeconds"}
    whole = f'TokenRequest.{GROUP} "" is invalid: spec.expirationSeconds: {message}'
    details = {"group": GROUP, "kind": "TokenRequest", "causes": [cause]}
    assert (reply.status, reply.body) == (422, failure(422, "Invalid", whole, details))


@pytest.mark.parametrize("kind", ["Pod", "Secret", "Node"])
async def test_a_token_is_bound_to_what_is_there(api: Api, namespace: str, bound: Any, kind: str) -> None:
    reply = await ask(api, namespace, {"boundObjectRef": reference(kind, "absent")})
    assert (reply.status, reply.body) == (404, not_found("absent", f"{kind.lower()}s"))

    reply = await ask(api, namespace, {"boundObjectRef": reference(kind, namespace, uid="x")})
    message = (
        f'Operation cannot be fulfilled on {kind} "{namespace}": the UID in the bound object reference (x) does not '
        "match the UID in record. The object might have been deleted and then recreated"
    )
    details = {"name": namespace, "kind": kind}
    assert (reply.status, reply.body) == (409, failure(409, "Conflict", message, details))


@pytest.mark.parametrize(
    ("reference", "type_"),
    [
        ({"kind": "ConfigMap", "apiVersion": "v1", "name": "x"}, "/v1, Kind=ConfigMap"),
        ({"kind": "Deployment", "apiVersion": "apps/v1", "name": "x"}, "apps/v1, Kind=Deployment"),
        ({}, "/, Kind="),
    ],
)
async def test_a_token_is_bound_to_few_kinds(
    api: Api, namespace: str, robot: Any, reference: dict[str, str], type_: str
) -> None:
    reply = await ask(api, namespace, {"boundObjectRef": reference})

    message = f"cannot bind token to object of type {type_}"
    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))


async def test_a_token_is_bound_to_a_pod_of_its_own_account(api: Api, namespace: str, bound: Any) -> None:
    await api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "other"}})

    reply = await ask(api, namespace, {"boundObjectRef": reference("Pod", namespace)}, account="other")

    message = 'cannot bind token for serviceaccount "other" to pod running with different serviceaccount name.'
    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))


async def test_a_token_is_for_the_account_of_the_address(api: Api, namespace: str, robot: Any) -> None:
    reply = await ask(api, namespace, {}, account="absent")
    assert (reply.status, reply.body) == (404, not_found("absent", "serviceaccounts"))

    reply = await ask(api, namespace, {}, metadata={"name": "x"})
    message = 'Invalid value: "x": must match the service account name if specified'
    details = {
        "name": "robot",
        "group": GROUP,
        "kind": "TokenRequest",
        "causes": [{"reason": "FieldValueInvalid", "message": message, "field": "metadata.name"}],
    }
    whole = f'TokenRequest.{GROUP} "robot" is invalid: metadata.name: {message}'
    assert (reply.status, reply.body) == (422, failure(422, "Invalid", whole, details))

    reply = await ask(api, namespace, {}, metadata={"namespace": "default"})
    whole = "the namespace of the provided object does not match the namespace sent on the request"
    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", whole))

    reply = await ask(api, namespace, {}, metadata={"uid": "x"})
    uid = robot["metadata"]["uid"]
    whole = (
        f'Operation cannot be fulfilled on TokenRequest.{GROUP} "robot": the UID in the token request (x) does not '
        f"match the UID of the service account ({uid})"
    )
    details = {"name": "robot", "group": GROUP, "kind": "TokenRequest"}
    assert (reply.status, reply.body) == (409, failure(409, "Conflict", whole, details))


async def test_a_token_is_a_credential(served: Served, api: Api, namespace: str, bound: Any) -> None:
    token = await token_of(api, namespace, boundObjectRef=reference("Pod", namespace))

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        url = f"{served.url}/apis/{GROUP}/v1/selfsubjectreviews"
        async with session.post(url, json={}, ssl=False) as response:
            status, who = response.status, (await response.json())["status"]["userInfo"]

    assert status == 201
    assert who["username"] == f"system:serviceaccount:{namespace}:robot"
    assert who["groups"] == [
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    ]
    assert who["extra"] == {
        "authentication.kubernetes.io/credential-id": [f"JTI={parts_of(token)[1]['jti']}"],
        "authentication.kubernetes.io/node-name": [namespace],
        "authentication.kubernetes.io/node-uid": [bound["Node"]],
        "authentication.kubernetes.io/pod-name": [namespace],
        "authentication.kubernetes.io/pod-uid": [bound["Pod"]],
    }


@pytest.mark.parametrize("kind", ["Pod", "Secret", "Node"])
async def test_a_bound_token_ends_with_its_object(
    served: Served, api: Api, namespace: str, bound: Any, kind: str
) -> None:
    token = await token_of(api, namespace, boundObjectRef=reference(kind, namespace))
    path = path_of(kind, namespace, namespace)
    await api("DELETE", path, {"gracePeriodSeconds": 0})
    await api.gone(path)

    await eventually(lambda: review(api, token), (201, refused(INVALIDATED)))
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{served.url}/version", ssl=False) as response,
    ):
        assert response.status == 401


async def test_a_token_ends_with_its_account(api: Api, namespace: str, robot: Any) -> None:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    token, later = await token_of(api, namespace), await token_of(api, namespace)
    await api.delete(f"{accounts}/robot")

    await eventually(lambda: review(api, token), (201, refused('serviceaccounts "robot" not found')))

    again = await api.create(accounts, {"metadata": {"name": "robot"}})
    uids = again["metadata"]["uid"], robot["metadata"]["uid"]
    why = refused(f"service account UID ({uids[0]}) does not match claim ({uids[1]})")
    await eventually(lambda: review(api, later), (201, why))


@pytest.mark.parametrize(
    ("own", "asked", "good"),
    [
        ([], [], [SERVER]),
        (["a", "b"], ["a"], ["a"]),
        (["a", "b"], ["c", "b", "a"], ["b", "a"]),
        (["a", SERVER], [], [SERVER]),
    ],
)
async def test_a_review_tells_for_whom_a_token_is_good(
    api: Api, namespace: str, robot: Any, own: list[str], asked: list[str], good: list[str]
) -> None:
    token = await token_of(api, namespace, audiences=own)

    reply = await review(api, token, audiences=asked)

    (credential,) = reply.body["user"].pop("extra").values()
    assert credential == [f"JTI={parts_of(token)[1]['jti']}"]
    user = {
        "username": f"system:serviceaccount:{namespace}:robot",
        "uid": robot["metadata"]["uid"],
        "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
    }
    assert reply.body == {"authenticated": True, "user": user, "audiences": good}


@pytest.mark.parametrize(
    ("own", "asked", "why"),
    [
        (["a", "b"], [], f'token audiences ["a" "b"] is invalid for the target audiences ["{SERVER}"]'),
        ([], ["c", "d"], f'token audiences ["{SERVER}"] is invalid for the target audiences ["c" "d"]'),
    ],
)
async def test_a_review_tells_that_a_token_is_for_others(
    api: Api, namespace: str, robot: Any, own: list[str], asked: list[str], why: str
) -> None:
    token = await token_of(api, namespace, audiences=own)

    assert (await review(api, token, audiences=asked)).body == refused(why)


@pytest.mark.parametrize("token", ["bad", "a.b.c", "abcdef.0123456789abcdef"])
async def test_a_review_tells_nothing_of_what_is_no_token(api: Api, token: str) -> None:
    assert (await review(api, token)).body == {"user": {}, "error": "invalid bearer token"}


async def test_a_token_with_another_signature_is_nobody_s(api: Api, namespace: str, robot: Any) -> None:
    token = await token_of(api, namespace)

    status = (await review(api, token[:-6] + "AAAAAA")).body

    # How it is wrong is told in words of the library that checks signatures.
    assert set(status) == {"user", "error"}
    assert status["user"] == {}
    assert "invalid bearer token" in status["error"]


async def test_a_review_of_no_token_is_refused(api: Api) -> None:
    reply = await api("POST", REVIEWS, {"spec": {}})

    message = "token is required for TokenReview in authentication"
    assert (reply.status, reply.body) == (400, failure(400, "BadRequest", message))
