"""Every kind of login of a clouds.yaml, through the SDK, against a devcloud on sockets."""

import ssl
from pathlib import Path

import aiohttp
import msgspec
import pytest
from keystoneauth1.exceptions import NotFound
from tests.providers.openstack.machines import Reconciler, make_cluster, make_machine
from tests.providers.openstack.test_sdk_transport import Entry, devcloud, entry_of, opened_with

from kubecapy.contract.errors import PermissionDenied
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.providers.openstack.cloud.failures import login_error
from kubecapy.providers.openstack.cloud.identity import CloudsFile, read_identity
from kubecapy.telemetry.secrets import Secret

# openstacksdk 4 warns of its own InfluxDB support whether it is used or not; the class of warning is hidden by default.
pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB")

Auth = dict[str, str]

__all__ = ["devcloud"]


async def _log_in(devcloud: DevCloudServer) -> tuple[str, Auth]:
    """Return a token of the member's, and an application credential with its secret."""
    auth = entry_of(devcloud)["auth"]
    url = auth["auth_url"].rstrip("/")
    user = {"name": auth["username"], "domain": {"name": auth["user_domain_name"]}, "password": auth["password"]}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": {"id": auth["project_id"]}}}}
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(devcloud.ca_path)))
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.post(f"{url}/auth/tokens", json=body) as answer:
            token = answer.headers["X-Subject-Token"]
            user_id = (await answer.json())["token"]["user"]["id"]
        path = f"{url}/users/{user_id}/application_credentials"
        wish = {"application_credential": {"name": "kubecapy"}}
        async with session.post(path, json=wish, headers={"X-Auth-Token": token}) as answer:
            made = (await answer.json())["application_credential"]
    return token, {"user_id": user_id, "id": made["id"], "secret": made["secret"]}


async def _outcome(tmp_path: Path, devcloud: DevCloudServer, auth_type: str, auth: Auth, **rest: str) -> str:
    """Return what a Cluster and a look at a Machine's server end in; empty where they succeed."""

    def change(entry: Entry) -> None:
        entry["auth"] = {"auth_url": entry["auth"]["auth_url"], **auth}
        entry["auth_type"] = auth_type
        entry.update(rest)

    async with opened_with(tmp_path, devcloud, change) as actuators:
        try:
            await actuators.cluster.reconcile(make_cluster())
            await Reconciler(actuators.machine, make_machine(), make_cluster()).observe()
        except PermissionDenied as error:
            return str(error)
    return ""


async def test_every_kind_of_login_serves(tmp_path: Path, devcloud: DevCloudServer) -> None:
    token, credential = await _log_in(devcloud)
    auth = entry_of(devcloud)["auth"]
    password = {"username": auth["username"], "password": auth["password"], "user_domain_name": "ibm"}
    secret = {"application_credential_secret": credential["secret"]}
    name = {"application_credential_name": "kubecapy", **secret}
    kinds: list[tuple[str, Auth]] = [
        ("password", {**password, "project_id": auth["project_id"]}),
        ("v3password", {**password, "project_name": "kubecapy", "project_domain_name": "ibm"}),
        (
            "v3password",
            {"user_id": credential["user_id"], "password": auth["password"], "project_id": auth["project_id"]},
        ),
        ("token", {"token": token, "project_id": auth["project_id"]}),
        ("v3token", {"token": token, "project_id": auth["project_id"]}),
        ("v3applicationcredential", {"application_credential_id": credential["id"], **secret}),
        ("v3applicationcredential", {**name, "username": auth["username"], "user_domain_name": "ibm"}),
        ("v3applicationcredential", {**name, "user_id": credential["user_id"]}),
    ]

    outcomes = {f"{kind} {sorted(fields)}": await _outcome(tmp_path, devcloud, kind, fields) for kind, fields in kinds}

    assert {kind: outcome for kind, outcome in outcomes.items() if outcome} == {}
    assert len(outcomes) == len(kinds)
    internal = await _outcome(tmp_path, devcloud, *kinds[0], interface="internal")
    assert internal == ""


async def test_every_login_that_fails_has_a_sentence_of_its_kind(tmp_path: Path, devcloud: DevCloudServer) -> None:
    _, credential = await _log_in(devcloud)
    auth = entry_of(devcloud)["auth"]
    wrong: list[tuple[str, Auth, str]] = [
        (
            "v3token",
            {"token": "hidden-word", "project_id": auth["project_id"]},
            "check whether the token has expired, and the project: ",
        ),
        (
            "v3applicationcredential",
            {"application_credential_id": credential["id"], "application_credential_secret": "hidden-word"},
            f'the login of "{credential["id"]}" to cloud "openstack"',
        ),
        ("password", {**auth, "pasword": "hidden-word"}, '"auth.pasword" is nothing that "auth_type" password takes'),
        ("none", {}, 'has "auth_type" none, which logs in to no project; use a password, a token or'),
    ]

    for auth_type, fields, sentence in wrong:
        rest = {key: value for key, value in fields.items() if key != "auth_url"}
        outcome = await _outcome(tmp_path, devcloud, auth_type, rest)
        assert sentence in outcome
        assert "hidden-word" not in outcome
        assert "Request-ID" not in outcome, "an answer's source is told as that of all services"


def test_a_sentence_of_keystone_that_names_the_token_is_told_without_it() -> None:
    entry = {
        "auth_type": "v3token",
        "auth": {"auth_url": "https://cloud/v3", "token": "hidden-word", "project_id": "p"},
    }
    file = CloudsFile("a test", Secret(msgspec.json.encode({"clouds": {"mine": entry}})))
    said = NotFound("Could not find token: hidden-word", url="https://cloud/v3/auth/tokens", request_id="req-1")

    error = login_error(said, "logging in", read_identity(file, "mine"))

    assert isinstance(error, PermissionDenied)
    assert "Could not find token: ***" in str(error)
