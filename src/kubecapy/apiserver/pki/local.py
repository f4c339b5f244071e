"""Make everything that one API server needs to be reached and to trust: authority, certificates, signing keys.

The files carry kubeadm's names, and all lie in one folder of mode 0700.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kubecapy.apimachinery.json_codec import encode
from kubecapy.apiserver.pki import certificates
from kubecapy.apiserver.pki.certificates import KeyPair, Profile
from kubecapy.apiserver.pki.files import ensure_private_folder, find_pair, write_pair, write_private
from kubecapy.clock import Clock

RENEWAL_MARGIN: Final = timedelta(days=30)
"""A certificate that ends sooner is made anew."""
_ADMIN: Final = "kubernetes-admin"
_KUBELET_CLIENT: Final = "kube-apiserver-kubelet-client"
_MASTERS: Final = "system:masters"


class LocalPki(msgspec.Struct, frozen=True, kw_only=True):
    """Where the files of one server's key material lie; all PEM."""

    ca_certificate: Path
    ca_key: Path
    serving_certificate: Path
    serving_key: Path
    admin_certificate: Path
    admin_key: Path
    kubelet_client_certificate: Path
    kubelet_client_key: Path
    service_account_key: Path
    """Signs service-account tokens."""
    service_account_public_key: Path

    def admin_kubeconfig(self, server_url: str, name: str = "kubecapy") -> bytes:
        """Return a kubeconfig of the administrator (group system:masters) for `server_url`, certificates embedded.

        It is written as JSON, which is YAML too: a server's start needs nothing that knows more of YAML.
        It holds a private key: its file must have mode 0600.
        """
        user = f"{_ADMIN}@{name}"
        cluster = {"server": server_url, "certificate-authority-data": self.ca_certificate.read_bytes()}
        credentials = {
            "client-certificate-data": self.admin_certificate.read_bytes(),
            "client-key-data": self.admin_key.read_bytes(),
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": _ADMIN, "user": credentials}],
            "contexts": [{"name": user, "context": {"cluster": name, "user": _ADMIN}}],
            "current-context": user,
            "preferences": {},
        }
        # Bytes become base64 text here, as kubeconfig wants them.
        return msgspec.json.format(encode(config), indent=2) + b"\n"


def make_local_pki(folder: Path, hosts: Sequence[str], clock: Clock) -> LocalPki:
    """Return the key material in `folder`, made or renewed where it is missing, expiring or not for `hosts`.

    Safe to repeat: what is valid stays as it is. A new authority renews everything that it signs; service-account
    keys are kept for ever, because tokens in use depend on them.

    Args:
        folder: Made with mode 0700; files in it get mode 0600.
        hosts: DNS names and IP addresses that clients reach the server by.
        clock: Says when certificates begin.
    """
    ensure_private_folder(folder)
    pki = _paths(folder)
    now = clock.now()
    authority = _ensure_authority(pki, now)
    ensure = _LeafKeeper(authority, now)
    ensure.server(pki.serving_certificate, pki.serving_key, "kube-apiserver", hosts)
    ensure.client(pki.admin_certificate, pki.admin_key, _ADMIN)
    ensure.client(pki.kubelet_client_certificate, pki.kubelet_client_key, _KUBELET_CLIENT)
    _ensure_signing_key(pki)
    return pki


def _paths(folder: Path) -> LocalPki:
    return LocalPki(
        ca_certificate=folder / "ca.crt",
        ca_key=folder / "ca.key",
        serving_certificate=folder / "apiserver.crt",
        serving_key=folder / "apiserver.key",
        admin_certificate=folder / "admin.crt",
        admin_key=folder / "admin.key",
        kubelet_client_certificate=folder / "apiserver-kubelet-client.crt",
        kubelet_client_key=folder / "apiserver-kubelet-client.key",
        service_account_key=folder / "sa.key",
        service_account_public_key=folder / "sa.pub",
    )


def _ensure_authority(pki: LocalPki, now: datetime) -> KeyPair:
    found = find_pair(pki.ca_certificate, pki.ca_key)
    if found is not None and _lasts(found, now):
        return found
    made = certificates.issue_authority("kubernetes", now)
    write_pair(made, pki.ca_certificate, pki.ca_key)
    return made


class _LeafKeeper:
    """Issues what an authority signs, unless a good one is kept already."""

    def __init__(self, authority: KeyPair, now: datetime) -> None:
        self._authority = authority
        self._now = now

    def server(self, certificate: Path, key: Path, name: str, hosts: Sequence[str]) -> None:
        kept = self._find_good(certificate, key)
        if kept is None or not certificates.hosts_of(kept.certificate) >= frozenset(hosts):
            self._issue(Profile(name, hosts=tuple(hosts)), certificate, key)

    def client(self, certificate: Path, key: Path, user: str) -> None:
        """Keep a client certificate of `user` in group system:masters."""
        if self._find_good(certificate, key) is None:
            self._issue(Profile(user, (_MASTERS,)), certificate, key)

    def _issue(self, profile: Profile, certificate: Path, key: Path) -> None:
        write_pair(certificates.issue(self._authority, profile, self._now), certificate, key)

    def _find_good(self, certificate: Path, key: Path) -> KeyPair | None:
        found = find_pair(certificate, key)
        if found is None or not _lasts(found, self._now):
            return None
        return found if certificates.is_issued_by(found.certificate, self._authority.certificate) else None


def _ensure_signing_key(pki: LocalPki) -> None:
    if not pki.service_account_key.exists():
        write_private(pki.service_account_key, certificates.encode_key(ec.generate_private_key(ec.SECP256R1())))
    key = serialization.load_pem_private_key(pki.service_account_key.read_bytes(), password=None)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    if not pki.service_account_public_key.exists():
        write_private(pki.service_account_public_key, public)


def _lasts(pair: KeyPair, now: datetime) -> bool:
    return pair.certificate.not_valid_before_utc <= now < pair.certificate.not_valid_after_utc - RENEWAL_MARGIN
