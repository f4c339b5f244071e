"""Key material is made once, private, and renewed where it no longer serves."""

import base64
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from kubecapy.apiserver.pki import make_local_pki
from kubecapy.apiserver.pki.certificates import hosts_of, is_issued_by
from kubecapy.apiserver.pki.files import find_pair, write_private

HOSTS = ("127.0.0.1", "localhost")


class FixedClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2024, 5, 1, tzinfo=UTC))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_only_the_owner_reads_the_files(tmp_path: Path, clock: FixedClock) -> None:
    make_local_pki(tmp_path / "pki", HOSTS, clock)

    assert (tmp_path / "pki").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "pki").iterdir()} == {0o600}


def test_a_second_call_changes_nothing(tmp_path: Path, clock: FixedClock) -> None:
    first = make_local_pki(tmp_path, HOSTS, clock)
    before = contents(tmp_path)
    clock.moment += timedelta(days=300)

    assert make_local_pki(tmp_path, HOSTS[:1], clock) == first
    assert contents(tmp_path) == before


def test_the_certificates_say_who_and_where(tmp_path: Path, clock: FixedClock) -> None:
    pki = make_local_pki(tmp_path, HOSTS, clock)
    authority, server, admin = load(pki.ca_certificate), load(pki.serving_certificate), load(pki.admin_certificate)

    assert hosts_of(server) == frozenset(HOSTS)
    assert is_issued_by(server, authority)
    assert is_issued_by(admin, authority)
    assert admin.subject.rfc4514_string() == "CN=kubernetes-admin,O=system:masters"
    assert authority.not_valid_after_utc - clock.now() == timedelta(days=3650)


def test_a_new_host_renews_the_serving_certificate_alone(tmp_path: Path, clock: FixedClock) -> None:
    pki = make_local_pki(tmp_path, HOSTS, clock)
    before = contents(tmp_path)

    make_local_pki(tmp_path, (*HOSTS, "10.0.0.1"), clock)

    changed = {name for name, content in contents(tmp_path).items() if content != before[name]}
    assert changed == {"apiserver.crt", "apiserver.key"}
    assert "10.0.0.1" in hosts_of(load(pki.serving_certificate))


def test_leaves_are_renewed_before_they_end_and_signing_keys_stay(tmp_path: Path, clock: FixedClock) -> None:
    pki = make_local_pki(tmp_path, HOSTS, clock)
    before = contents(tmp_path)
    clock.moment += timedelta(days=340)

    make_local_pki(tmp_path, HOSTS, clock)

    kept = {name for name, content in contents(tmp_path).items() if content == before[name]}
    assert kept == {"ca.crt", "ca.key", "sa.key", "sa.pub"}
    assert load(pki.admin_certificate).not_valid_after_utc > clock.now() + timedelta(days=364)


@pytest.mark.parametrize("damage", [b"", b"not pem"], ids=["empty", "garbage"])
def test_a_damaged_authority_renews_all_that_it_signed(tmp_path: Path, clock: FixedClock, damage: bytes) -> None:
    pki = make_local_pki(tmp_path, HOSTS, clock)
    write_private(pki.ca_key, damage)

    make_local_pki(tmp_path, HOSTS, clock)

    assert is_issued_by(load(pki.serving_certificate), load(pki.ca_certificate))
    assert is_issued_by(load(pki.kubelet_client_certificate), load(pki.ca_certificate))


def test_a_key_of_another_certificate_makes_no_pair(tmp_path: Path, clock: FixedClock) -> None:
    pki = make_local_pki(tmp_path, HOSTS, clock)

    assert find_pair(pki.admin_certificate, pki.serving_key) is None


def test_the_kubeconfig_carries_what_a_client_needs(tmp_path: Path, clock: FixedClock) -> None:
    pki = make_local_pki(tmp_path, HOSTS, clock)

    config = yaml.safe_load(pki.admin_kubeconfig("https://127.0.0.1:6443"))

    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    assert cluster["server"] == "https://127.0.0.1:6443"
    assert base64.b64decode(cluster["certificate-authority-data"]) == pki.ca_certificate.read_bytes()
    assert base64.b64decode(user["client-key-data"]) == pki.admin_key.read_bytes()
    assert config["current-context"] == config["contexts"][0]["name"]


def test_openssl_accepts_the_chain(tmp_path: Path, clock: FixedClock) -> None:
    pki = make_local_pki(tmp_path, HOSTS, clock)

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pki.serving_certificate, pki.serving_key)
    client = ssl.create_default_context(cafile=str(pki.ca_certificate))
    client.load_cert_chain(pki.admin_certificate, pki.admin_key)

    assert client.cert_store_stats()["x509_ca"] == 1
