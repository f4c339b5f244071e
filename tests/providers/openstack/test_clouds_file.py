"""One cloud out of a clouds.yaml: what counts, and the sentence for each thing that is wrong."""

from pathlib import Path

import pytest
import yaml

from kubecapy.providers.openstack.cloud.entries import CloudsFileError
from kubecapy.providers.openstack.cloud.identity import CloudsFile, read_file, read_identity
from kubecapy.telemetry.secrets import Secret

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
AUTH = {"auth_url": "https://c:5000", "username": "u", "password": "hidden-word", "project_id": "p"}


def file_of(entry: object, directory: Path | None = None, ca: bytes | None = None) -> CloudsFile:
    content = yaml.safe_dump({"clouds": {"mine": entry, "other": {}}}).encode()
    return CloudsFile("f.yaml", Secret(content), directory, ca)


def test_the_articles_entry_is_read_and_its_inline_ca_is_not_looked_at_where_nothing_is_verified() -> None:
    entry = {
        "auth": {**AUTH, "domain_name": "ibm", "user_domain_name": "ibm"},
        "region_name": "RegionOne",
        "interface": "public",
        "identity_api_version": 3,
        "verify": False,
        "cacert": "-----BEGIN CERTIFICATE-----\nxxxxxxxx\n-----END CERTIFICATE-----\n",
    }
    identity = read_identity(file_of(entry), "mine")
    assert identity.ca == ""
    assert identity.entry.reveal()["region_name"] == "RegionOne"


def test_a_ca_is_read_inline_from_a_file_beside_or_from_the_secret(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(PEM)
    inline = read_identity(file_of({"auth": AUTH, "cacert": PEM}), "mine")
    beside = read_identity(file_of({"auth": AUTH, "cacert": "ca.pem"}, tmp_path), "mine")
    absolute = read_identity(file_of({"auth": AUTH, "cacert": str(tmp_path / "ca.pem")}, Path("/")), "mine")
    secret = read_identity(file_of({"auth": AUTH, "cacert": "/etc/anything"}, None, PEM.encode()), "mine")
    assert {inline.ca, beside.ca, absolute.ca, secret.ca} == {PEM}
    assert (inline.ca_path, beside.ca_path, secret.ca_path) == (None, tmp_path / "ca.pem", None)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("clouds: [", "f.yaml is not valid YAML"),
        ("clouds: {mine: {auth: {password: 'hidden-word}}", "f.yaml is not valid YAML"),
        ("", 'f.yaml has no mapping "clouds"'),
        ("- a", 'f.yaml has no mapping "clouds"'),
        ("clouds: {a: {}, b: {}}", 'f.yaml has no cloud "mine"; it has "a", "b"'),
        ("clouds: {}", 'f.yaml has no cloud "mine"; it has none'),
        ("clouds: {mine: text}", 'cloud "mine" in f.yaml is not a mapping'),
        ("clouds: {mine: {}}", 'cloud "mine" in f.yaml has no mapping "auth"'),
        ("clouds: {mine: {auth: {username: u}}}", 'cloud "mine" in f.yaml has no "auth.auth_url"'),
        ("clouds: {mine: {auth: {auth_url: u}}}", 'cloud "mine" in f.yaml has no "auth.username"'),
        ("clouds: {mine: {auth: {auth_url: u, user_id: i}}}", 'cloud "mine" in f.yaml has no "auth.password"'),
    ],
)
def test_each_wrong_file_gives_one_sentence(content: str, sentence: str) -> None:
    with pytest.raises(CloudsFileError) as caught:
        read_identity(CloudsFile("f.yaml", Secret(content.encode())), "mine")
    assert str(caught.value) == sentence
    assert "hidden-word" not in str(caught.value)


URL = {"auth_url": "u"}
CREDENTIAL = {**URL, "application_credential_id": "i", "application_credential_secret": "hidden-word"}


@pytest.mark.parametrize(
    ("auth_type", "auth"),
    [
        ("password", AUTH),
        ("v3password", {**URL, "user_id": "i", "password": "p"}),
        ("v3token", {**URL, "token": "t", "project_id": "p"}),
        ("v3applicationcredential", CREDENTIAL),
        (
            "v3applicationcredential",
            {**URL, "application_credential_name": "kubecapy", "username": "u", "application_credential_secret": "s"},
        ),
        ("v3oidcpassword", {**URL, "identity_provider": "is the SDK's to check"}),
    ],
)
def test_each_kind_of_login_needs_its_own_fields_and_no_others(auth_type: str, auth: dict[str, str]) -> None:
    assert read_identity(file_of({"auth": auth, "auth_type": auth_type}), "mine").name == "mine"


@pytest.mark.parametrize(
    ("auth_type", "auth", "sentence"),
    [
        ("v3token", URL, 'has no "auth.token"'),
        ("v3applicationcredential", URL, 'has no "auth.application_credential_id"'),
        (
            "v3applicationcredential",
            {**URL, "application_credential_id": "i"},
            'has no "auth.application_credential_secret"',
        ),
        (
            "v3applicationcredential",
            {**URL, "application_credential_name": "kubecapy", "application_credential_secret": "hidden-word"},
            'has no "auth.username", whose "application_credential_name" is meant',
        ),
        (
            "v3applicationcredential",
            {**CREDENTIAL, "project_id": "p"},
            'has "auth.project_id", but an application credential is for its own project alone; remove it',
        ),
        (
            None,
            CREDENTIAL,
            (
                'has "auth.application_credential_id", which a password has no use for; '
                'set "auth_type" to "v3applicationcredential", or remove it'
            ),
        ),
        (
            "password",
            {**AUTH, "token": "hidden-word"},
            'has "auth.token", which a password has no use for; set "auth_type" to "v3token", or remove it',
        ),
    ],
)
def test_what_a_login_lacks_or_has_no_use_for_is_named(
    auth_type: str | None, auth: dict[str, str], sentence: str
) -> None:
    with pytest.raises(CloudsFileError) as caught:
        read_identity(file_of({"auth": auth, "auth_type": auth_type}), "mine")
    assert str(caught.value) == f'cloud "mine" in f.yaml {sentence}'


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("profile", "vendor", 'has "profile", which is not looked up; write out what it stands for'),
        ("cloud", "vendor", 'has "cloud", which is not looked up; write out what it stands for'),
        ("regions", ["a", "b"], 'has several "regions"; name one by "region_name"'),
        ("verify", "/etc/ca.pem", 'has a "verify" that is neither true nor false; a CA is named by "cacert"'),
        ("api_timeout", "soon", 'has an "api_timeout" that is no number of seconds'),
        ("api_timeout", -1, 'has an "api_timeout" that is no number of seconds'),
    ],
)
def test_what_would_be_guessed_is_refused(key: str, value: object, sentence: str) -> None:
    with pytest.raises(CloudsFileError) as caught:
        read_identity(file_of({"auth": AUTH, key: value}), "mine")
    assert str(caught.value) == f'cloud "mine" in f.yaml {sentence}'


@pytest.mark.parametrize(
    ("entry", "verified"),
    [
        ({}, True),
        ({"verify": False}, False),
        ({"verify": "False"}, False),
        ({"insecure": True}, False),
        ({"insecure": "false"}, True),
        ({"verify": True, "insecure": True}, False),
    ],
)
def test_a_certificate_is_verified_unless_it_is_said_plainly(entry: dict[str, object], verified: bool) -> None:
    identity = read_identity(file_of({"auth": AUTH, **entry}), "mine")
    assert identity.entry.reveal().get("verify", True) is verified
    assert "insecure" not in identity.entry.reveal(), "the SDK takes the text false for true"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CloudsFileError, match=rf"there is no clouds.yaml at {tmp_path}/clouds.yaml"):
        read_file(tmp_path / "clouds.yaml")
    with pytest.raises(CloudsFileError, match=rf"{tmp_path} cannot be read"):
        read_file(tmp_path)


def test_a_ca_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(CloudsFileError, match=rf'"cacert" of cloud "mine" in f.yaml names {tmp_path}/lost.pem, which'):
        read_identity(file_of({"auth": AUTH, "cacert": "lost.pem"}, tmp_path), "mine")
    with pytest.raises(CloudsFileError, match=r'"cacert" of cloud "mine" in f.yaml names no PEM certificate'):
        read_identity(file_of({"auth": AUTH, "cacert": "empty.pem"}, tmp_path), "mine")
    with pytest.raises(CloudsFileError, match='has "cacert", but the Secret has no key "cacert"'):
        read_identity(file_of({"auth": AUTH, "cacert": "x"}), "mine")


def test_every_input_is_in_the_key_that_clients_are_shared_by(tmp_path: Path) -> None:
    base = read_identity(file_of({"auth": AUTH}), "mine").key
    others = [
        read_identity(file_of({"auth": {**AUTH, "password": "x"}}), "mine").key,
        read_identity(file_of({"auth": AUTH, "region_name": "R"}), "mine").key,
        read_identity(file_of({"auth": AUTH, "cacert": PEM}), "mine").key,
        read_identity(file_of({"auth": AUTH, "verify": False}), "mine").key,
    ]
    assert len({base, *others}) == 5
    assert read_identity(file_of({"auth": AUTH}), "mine").key == base


def test_nothing_secret_is_shown() -> None:
    identity = read_identity(file_of({"auth": AUTH}), "mine")
    assert "hidden-word" not in repr(identity)
    assert "hidden-word" not in repr(file_of({"auth": AUTH}))
