"""Make the certificate authorities of a cluster and what they sign.

Keys are RSA-2048: kubeadm reads ECDSA authorities only from 1.15 on, and 1.14 must work; RSA works with every release.
Making one takes some 60 ms of processor time, so callers run `make_authorities` on a thread.

Source: kubeadm's certificate list, https://kubernetes.io/docs/setup/best-practices/certificates/.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kubecapy.telemetry.secrets import Secret

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
KeyMaker = Callable[[], PrivateKey]

AUTHORITY_LIFETIME: Final = timedelta(days=3650)
"""As kubeadm's own authorities."""
CLIENT_LIFETIME: Final = timedelta(days=365)
"""As kubeadm's client certificates."""
CLOCK_SKEW: Final = timedelta(minutes=5)
"""Certificates are valid from a little before now, for hosts whose clocks are behind."""


class KeyPair(msgspec.Struct, frozen=True):
    """A certificate, or a bare public key, with its private key; both PEM."""

    certificate: str
    """The certificate; for the service-account pair its public key."""
    key: Secret[str]
    """The private key."""


class Authorities(msgspec.Struct, frozen=True):
    """Everything that a cluster's control planes must share."""

    cluster: KeyPair
    """Signs the API server's and all clients' certificates."""
    etcd: KeyPair
    """Signs etcd's certificates."""
    front_proxy: KeyPair
    """Signs the aggregation layer's client certificate."""
    service_account: KeyPair
    """Signs service-account tokens; a bare key pair without certificate."""


def make_rsa_key() -> PrivateKey:
    """Return a new RSA-2048 key; takes some 60 ms."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_authorities(now: datetime, make_key: KeyMaker = make_rsa_key) -> Authorities:
    """Return new authorities that are valid from `now` for ten years, under the names that kubeadm gives them."""
    return Authorities(
        cluster=make_authority("kubernetes", now, make_key),
        etcd=make_authority("etcd-ca", now, make_key),
        front_proxy=make_authority("front-proxy-ca", now, make_key),
        service_account=make_key_pair(make_key),
    )


def make_authority(common_name: str, now: datetime, make_key: KeyMaker = make_rsa_key) -> KeyPair:
    """Return a new self-signed authority called `common_name`."""
    key = make_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        _certificate(name, name, key, now, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return KeyPair(_pem(builder.sign(key, hashes.SHA256())), Secret(_key_pem(key)))


def make_key_pair(make_key: KeyMaker = make_rsa_key) -> KeyPair:
    """Return a new key with its bare public key, as service-account tokens are signed with."""
    key = make_key()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(public.decode(), Secret(_key_pem(key)))


def issue_client_certificate(
    authority: KeyPair, common_name: str, organization: str, now: datetime, make_key: KeyMaker = make_rsa_key
) -> KeyPair:
    """Return a client certificate of user `common_name` in group `organization`, valid for one year."""
    signer = serialization.load_pem_private_key(authority.key.reveal().encode(), password=None)
    if not isinstance(signer, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("expected an RSA or ECDSA key in the certificate authority")
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    key = make_key()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    builder = (
        _certificate(subject, issuer.subject, key, now, CLIENT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    return KeyPair(_pem(builder.sign(signer, hashes.SHA256())), Secret(_key_pem(key)))


def public_key_hash(certificate: str) -> str:
    """Return the pin that `kubeadm join` checks: `sha256:` and the hex digest of the public key's SPKI.

    Source: RFC 7469, section 2.4; kubeadm's `--discovery-token-ca-cert-hash`.
    """
    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(spki).hexdigest()}"


def expires_at(certificate: str) -> datetime:
    """Return until when the PEM `certificate` is valid, aware, in UTC."""
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=signs,
        crl_sign=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: PrivateKey) -> str:
    # kubeadm 1.14 reads keys in their traditional form; later releases read both.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
