"""Every kind of login serves, from a Secret; one that fails says why; a Secret that was rotated counts at once."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
import yaml
from tests.clouds.driving import Declared
from tests.clouds.eyes import Eyes
from tests.clouds.sites import MEMBER_CLOUD, Site

from kubecapy.clock import SystemClock
from kubecapy.contract.errors import PermissionDenied, ProviderError
from kubecapy.contract.provider import Actuators, ProviderSettings
from kubecapy.providers.openstack.plugin import OpenStackPlugin

DOMAIN = "ibm"
"""Of the member and the project."""
REFERENCE = {"cloudsSecret": {"name": "login"}, "cloudName": "mine"}


class OneSecret:
    """Holds one clouds.yaml, which a test may change, and the certificate beside it."""

    def __init__(self, site: Site) -> None:
        """Begin with what the site's own file says of the member."""
        self.entry: dict[str, Any] = yaml.safe_load(site.clouds_yaml.read_text())["clouds"][MEMBER_CLOUD]
        self._authority = Path(self.entry["cacert"]).read_bytes() if "cacert" in self.entry else b""
        self.auth: dict[str, str] = dict(self.entry["auth"])

    def write(self, auth_type: str, auth: Mapping[str, str]) -> None:
        """Rotate it: another way to log in at the same Keystone."""
        self.entry["auth_type"] = auth_type
        self.entry["auth"] = {"auth_url": self.auth["auth_url"], **auth}

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        if (namespace, name) != ("default", "login"):
            return None
        return {"clouds.yaml": yaml.safe_dump({"clouds": {"mine": self.entry}}).encode(), "cacert": self._authority}


@pytest.fixture
def secret(site: Site) -> OneSecret:
    """Return the Secret that the cluster names."""
    return OneSecret(site)


@pytest.fixture
async def actuators(secret: OneSecret, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Actuators]:
    """Open the provider with that Secret, and with no credentials of its own."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings = ProviderSettings(clock=SystemClock(), random=SystemRandom(), environ={}, secrets=secret)
    async with OpenStackPlugin().open_actuators(settings) as opened:
        yield opened


@pytest.fixture
def cluster(actuators: Actuators) -> Declared:
    """Return a cluster that makes nothing, but looks at the cloud on each pass."""
    return Declared(actuators, "c", "default", REFERENCE)


@pytest.fixture
def credential(eyes: Eyes) -> Iterator[Any]:
    """Make an application credential, as a person does, so that no password lies in a cluster."""
    user = eyes.member.current_user_id
    made = eyes.member.identity.create_application_credential(user, name="kubecapy")
    yield made
    eyes.member.identity.delete_application_credential(user, made)


async def test_every_kind_of_login_serves(
    secret: OneSecret, cluster: Declared, eyes: Eyes, credential: Any, subtests: pytest.Subtests
) -> None:
    name, password = secret.auth["username"], secret.auth["password"]
    user, token = eyes.member.current_user_id, str(eyes.member.auth_token)
    by_id, by_name = {"project_id": eyes.project_id}, {"project_name": "kubecapy", "project_domain_name": DOMAIN}
    person = {"username": name, "user_domain_name": DOMAIN}
    words = {"application_credential_secret": credential.secret}
    for auth_type, auth in (
        ("password", {**person, "password": password, **by_id}),
        ("v3password", {**person, "password": password, **by_name}),
        ("v3password", {"user_id": user, "password": password, **by_id}),
        ("token", {"token": token, **by_id}),
        ("v3token", {"token": token, **by_name}),
        ("v3applicationcredential", {"application_credential_id": credential.id, **words}),
        ("v3applicationcredential", {"application_credential_name": "kubecapy", **person, **words}),
        ("v3applicationcredential", {"application_credential_name": "kubecapy", "user_id": user, **words}),
    ):
        with subtests.test(auth_type=auth_type, fields=sorted(auth)):
            secret.write(auth_type, auth)
            await cluster.ready()


async def test_a_login_that_is_refused_names_what_to_check_and_the_mended_secret_counts_at_once(
    secret: OneSecret, cluster: Declared, eyes: Eyes
) -> None:
    right = {
        "username": secret.auth["username"],
        "password": secret.auth["password"],
        "user_domain_name": DOMAIN,
        "project_id": eyes.project_id,
    }
    absent = "0" * 32
    for auth_type, auth, sentence in (
        (
            "password",
            {**right, "password": "hidden-word"},
            'of "capi" to cloud "mine" in Secret default/login was refused',
        ),
        ("password", {**right, "user_domain_name": "none"}, 'to cloud "mine" in Secret default/login was refused'),
        ("password", {**right, "project_id": absent}, 'to cloud "mine" in Secret default/login was refused'),
        ("v3token", {"token": "hidden-word", "project_id": eyes.project_id}, "check whether the token has expired"),
        (
            "v3applicationcredential",
            {"application_credential_id": absent, "application_credential_secret": "hidden-word"},
            "check the application credential, its secret and whether it has expired",
        ),
    ):
        secret.write(auth_type, auth)
        with pytest.raises(PermissionDenied) as caught:
            await cluster.ready()
        assert sentence in str(caught.value)
        assert "hidden-word" not in str(caught.value)
        assert "\n" not in str(caught.value)
    secret.write("password", right)
    await cluster.ready()


async def test_a_region_that_the_cloud_has_not_is_named(secret: OneSecret, cluster: Declared) -> None:
    secret.entry["region_name"] = "Nowhere"
    with pytest.raises(ProviderError) as caught:
        await cluster.actuators.cluster.reconcile(cluster.cluster)
    assert 'cloud "mine"' in str(caught.value)
    assert "compute service in Nowhere region not found" in str(caught.value)
