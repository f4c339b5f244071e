from typing import Any

import pytest
from tests.devcloud.core_client import CoreClient, login_body

from kubecapy.devcloud import seed

TOKENS = "/identity/v3/auth/tokens"
REQUIRES = "The request you have made requires authentication."


def test_a_password_with_names_gives_a_token_for_the_project(client: CoreClient) -> None:
    user = {"name": "capi", "domain": {"name": "ibm"}, "password": client.access.member.reveal()}
    scope = {"project": {"name": "kubecapy", "domain": {"name": "ibm"}}}

    reply = client.call(
        "POST", TOKENS, {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    )

    token = reply.json["token"]
    assert reply.status == 201
    assert token["project"]["id"] == seed.PROJECT.id
    assert token["user"]["domain"]["name"] == "ibm"
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert {entry["type"] for entry in token["catalog"]} == {
        "identity",
        "compute",
        "network",
        "image",
        "block-storage",
    }
    assert {end["interface"] for end in token["catalog"][0]["endpoints"]} == {"public", "internal", "admin"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(login_body(seed.MEMBER_USER_ID, "wrong", seed.PROJECT.id), id="wrong password"),
        pytest.param(login_body("nobody", "wrong", seed.PROJECT.id), id="unknown user"),
    ],
)
def test_what_proves_nothing_is_refused_with_keystones_words(client: CoreClient, body: Any) -> None:
    reply = client.call("POST", TOKENS, body)

    assert reply.status == 401
    assert reply.json == {"error": {"code": 401, "message": REQUIRES, "title": "Unauthorized"}}


def test_a_token_that_nobody_knows_is_not_found(client: CoreClient) -> None:
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}}}

    reply = client.call("POST", TOKENS, body)

    assert reply.json == {"error": {"code": 404, "message": "Could not recognize Fernet token", "title": "Not Found"}}


@pytest.mark.parametrize("project_id", ["0" * 32, seed.ADMIN_PROJECT.id], ids=["unknown", "another's"])
def test_a_project_without_a_role_is_refused(client: CoreClient, project_id: str) -> None:
    body = login_body(seed.MEMBER_USER_ID, client.access.member.reveal(), project_id)

    reply = client.call("POST", TOKENS, body)

    assert (reply.status, reply.message) == (401, REQUIRES)


def test_a_malformed_login_names_what_is_missing_and_shows_no_password(client: CoreClient) -> None:
    body = {"auth": {"identity": {"methods": ["password"], "password": "s3cret"}}}

    reply = client.call("POST", TOKENS, body)

    assert reply.status == 400
    assert "Expecting to find password in auth" in reply.message
    assert "s3cret" not in reply.message


def test_a_token_gives_a_token_that_lives_no_longer(client: CoreClient) -> None:
    first = client.call("GET", TOKENS, x_subject_token=client.token).json["token"]
    client.wait(100)

    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": client.token}}}}
    second = client.call("POST", TOKENS, body).json["token"]

    assert second["expires_at"] == first["expires_at"]
    assert second["methods"] == ["password", "token"]


def test_an_expired_token_is_refused_by_every_service(client: CoreClient) -> None:
    client.wait(3601)

    replies = [
        client.call("GET", path)
        for path in ("/compute/v2.1/servers", "/networking/v2.0/ports", "/image/v2/images", "/identity/v3/projects")
    ]

    assert [reply.status for reply in replies] == [401] * 4
    assert {reply.message for reply in replies} == {REQUIRES}
    assert all(reply.headers["www-authenticate"].startswith("Keystone") for reply in replies)


def test_a_revoked_token_is_of_no_use(client: CoreClient) -> None:
    assert client.call("DELETE", TOKENS, x_subject_token=client.token).status == 204

    assert client.compute("GET", "servers").status == 401


def test_an_application_credential_logs_in_until_it_is_deleted(client: CoreClient) -> None:
    path = f"/identity/v3/users/{seed.MEMBER_USER_ID}/application_credentials"
    made = client.call("POST", path, {"application_credential": {"name": "robot"}}).json["application_credential"]
    proof = {"id": made["id"], "secret": made["secret"]}
    body = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": proof}}}

    before = client.call("POST", TOKENS, body)
    client.call("DELETE", f"{path}/{made['id']}")
    after = client.call("POST", TOKENS, body)

    assert before.status == 201
    assert before.json["token"]["project"]["id"] == seed.PROJECT.id
    assert after.status == 404
    assert "secret" not in client.get(path)


def test_only_administrators_list_projects(client: CoreClient, admin: CoreClient) -> None:
    refused = client.call("GET", "/identity/v3/projects")

    assert refused.status == 403
    assert refused.message == "You are not authorized to perform the requested action: identity:list_projects."
    assert {project["name"] for project in admin.get("/identity/v3/projects")["projects"]} == {"kubecapy", "admin"}


@pytest.mark.parametrize(
    ("path", "status", "self_link"),
    [
        ("/identity", 300, "/identity/v3/"),
        ("/compute", 200, "/compute/v2.1/"),
        ("/networking/", 200, "/networking/v2.0/"),
        ("/image", 300, "/image/v2/"),
    ],
)
def test_every_service_tells_its_versions_without_a_token(
    client: CoreClient, path: str, status: int, self_link: str
) -> None:
    client.token = ""

    reply = client.call("GET", path)

    versions = reply.json["versions"]
    first = (versions["values"] if isinstance(versions, dict) else versions)[0]
    assert reply.status == status
    assert first["links"][0]["href"] == f"https://cloud.test{self_link}"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_anothers_token_is_not_for_members(client: CoreClient, admin: CoreClient, method: str) -> None:
    reply = client.call(method, TOKENS, x_subject_token=admin.token)

    assert reply.status == 403
    assert reply.message.endswith("identity:validate_token.")


def test_an_unknown_token_is_not_repeated_in_the_answer(client: CoreClient) -> None:
    reply = client.call("GET", TOKENS, x_subject_token="gAAAAAsecret")

    assert (reply.status, reply.message) == (404, "Could not recognize Fernet token")


def test_without_a_scope_a_token_sees_no_service(client: CoreClient) -> None:
    body = login_body(seed.MEMBER_USER_ID, client.access.member.reveal(), seed.PROJECT.id)
    del body["auth"]["scope"]

    token = client.call("POST", TOKENS, body).json["token"]

    assert "catalog" not in token
    assert "project" not in token


@pytest.mark.parametrize("scope", [{"domain": {"name": "ibm"}}, {"system": {"all": True}}, "moon"], ids=str)
def test_a_scope_in_which_nobody_has_a_role_is_refused(client: CoreClient, scope: Any) -> None:
    body = login_body(seed.MEMBER_USER_ID, client.access.member.reveal(), seed.PROJECT.id)
    body["auth"]["scope"] = scope

    assert client.call("POST", TOKENS, body).status == 401


def test_a_token_sees_its_catalog_and_its_projects(client: CoreClient) -> None:
    catalog = client.get("/identity/v3/auth/catalog")["catalog"]
    projects = client.get("/identity/v3/auth/projects")["projects"]

    assert [entry["name"] for entry in catalog] == ["keystone", "nova", "neutron", "glance", "cinder"]
    assert [project["name"] for project in projects] == ["kubecapy"]


def test_users_see_themselves_and_administrators_see_all(client: CoreClient, admin: CoreClient) -> None:
    own = client.get(f"/identity/v3/users/{seed.MEMBER_USER_ID}")["user"]

    assert own["name"] == "capi"
    assert "password" not in own
    assert client.call("GET", f"/identity/v3/users/{seed.ADMIN_USER_ID}").status == 403
    assert [user["name"] for user in admin.get("/identity/v3/users?name=admin")["users"]] == ["admin"]
    assert {domain["name"] for domain in admin.get("/identity/v3/domains")["domains"]} == {"Default", "ibm"}
    assert {role["name"] for role in admin.get("/identity/v3/roles")["roles"]} == {"admin", "member", "reader"}
    missing = admin.call("GET", "/identity/v3/projects/none")
    assert (missing.status, missing.message) == (404, "Could not find project: none.")


@pytest.mark.parametrize(
    ("wish", "status"),
    [({}, 400), ({"name": "a", "expires_at": "soon"}, 400), ({"name": "taken"}, 409)],
    ids=["no name", "no time", "name in use"],
)
def test_a_bad_application_credential_is_refused(client: CoreClient, wish: dict[str, str], status: int) -> None:
    path = f"/identity/v3/users/{seed.MEMBER_USER_ID}/application_credentials"
    client.call("POST", path, {"application_credential": {"name": "taken"}})

    assert client.call("POST", path, {"application_credential": wish}).status == status


def test_an_application_credential_is_found_by_name_until_it_expires(client: CoreClient) -> None:
    path = f"/identity/v3/users/{seed.MEMBER_USER_ID}/application_credentials"
    wish = {"name": "robot", "secret": "hush", "expires_at": "2026-11-23T08:10:00"}
    client.call("POST", path, {"application_credential": wish})
    user = {"name": "capi", "domain": {"id": seed.MEMBER_DOMAIN.id}}
    proof = {"name": "robot", "secret": "hush", "user": user}
    body = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": proof}}}

    issued = client.call("POST", TOKENS, body)
    client.wait(600)

    assert issued.json["token"]["expires_at"] == "2026-11-23T08:10:00.000000Z"
    assert client.call("POST", TOKENS, body).status == 401


def test_an_unknown_method_is_told(client: CoreClient) -> None:
    reply = client.call("POST", TOKENS, {"auth": {"identity": {"methods": ["totp"]}}})

    assert (reply.status, reply.message) == (401, "Attempted to authenticate with an unsupported method.")


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"name": "capi", "password": "x"}, "domain in user"),
        ({"password": "x"}, "id or name in user"),
        ({"name": "capi", "domain": {}, "password": "x"}, "id or name in domain"),
    ],
)
def test_what_a_login_lacks_is_named(client: CoreClient, user: Any, expected: str) -> None:
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}

    reply = client.call("POST", TOKENS, body)

    assert reply.status == 400
    assert reply.message.startswith(f"Expecting to find {expected}. The server could not comply")


def test_a_project_by_name_needs_its_domain(client: CoreClient) -> None:
    body = login_body(seed.MEMBER_USER_ID, client.access.member.reveal(), "")
    body["auth"]["scope"] = {"project": {"name": "kubecapy"}}

    assert client.call("POST", TOKENS, body).message.startswith("Expecting to find domain in project.")


def test_regions_and_interfaces_are_told_apart_by_their_paths() -> None:
    client = CoreClient.fresh(regions=("RegionOne", "RegionTwo"))
    catalog = client.get("/identity/v3/auth/catalog")["catalog"]
    compute = next(entry for entry in catalog if entry["type"] == "compute")["endpoints"]
    urls = {(item["region"], item["interface"]): item["url"] for item in compute}

    second = urls["RegionTwo", "internal"]
    version = client.get(second)["version"]
    listed = client.get(f"{second}/servers?limit=1")

    assert urls["RegionOne", "public"] == "https://cloud.test/compute/v2.1"
    assert second == "https://cloud.test/at/RegionTwo/internal/compute/v2.1"
    assert len(set(urls.values())) == len({item["id"] for item in compute}) == 6
    assert version["links"][0]["href"] == f"{second}/"
    assert listed["servers"] == []
    assert list(client.cloud.ledger.entries())[-1].path == "/at/RegionTwo/internal/compute/v2.1/servers"
    inner = client.get("/at/RegionTwo/admin/identity/v3/auth/catalog")["catalog"]
    assert inner == catalog


def test_without_a_project_nothing_is_ones_own(client: CoreClient) -> None:
    identity = {
        "methods": ["password"],
        "password": {"user": {"id": seed.MEMBER_USER_ID, "password": client.access.member.reveal()}},
    }
    body = {"auth": {"identity": identity, "scope": "unscoped"}}
    client.token = client.call("POST", TOKENS, body).headers["x-subject-token"]

    assert client.get("/networking/v2.0/ports")["ports"] == []
