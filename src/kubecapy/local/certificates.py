"""Issue and read X.509 certificates as kubeadm and a cluster's signer do: authorities, servers, clients, requests.

New keys are ECDSA P-256, which kubeadm makes where `encryptionAlgorithm` says so: an RSA key would take 64 ms each.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

AUTHORITY_YEARS = 10
LEAF_YEARS = 1
CLOCK_SKEW = timedelta(minutes=5)


class BadCertificate(Exception):
    """A given certificate or key cannot be used; the message says why, without its content."""


class Authority(msgspec.Struct, frozen=True):
    """A certificate that signs others, and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Pair(msgspec.Struct, frozen=True):
    """A certificate and its key, both in PEM."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        """Show no key."""
        return "Pair(***)"


class Profile(msgspec.Struct, frozen=True):
    """What a leaf certificate says."""

    common_name: str
    organizations: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """DNS names and addresses; empty for a client."""


def make_authority(common_name: str, now: datetime) -> Authority:
    """Return a new self-signed authority, valid ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(Profile(common_name))
    builder = (
        _builder(name, name, key.public_key(), now, AUTHORITY_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signing=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def load_authority(certificate: bytes, key: bytes) -> Authority:
    """Return the authority of two PEM texts.

    Raises:
        BadCertificate: one of them is unreadable, or they do not belong together.
    """
    try:
        loaded = x509.load_pem_x509_certificate(certificate)
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise BadCertificate(f"couldn't load the certificate authority: {error}") from error
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadCertificate("the private key is neither in RSA nor ECDSA format")
    if private.public_key() != loaded.public_key():
        raise BadCertificate("the certificate and its private key do not belong together")
    return Authority(loaded, private)


def issue(authority: Authority, profile: Profile, now: datetime) -> Pair:
    """Return a new key and its certificate, for a server where the profile names hosts, else for a client."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = sign(authority, profile, key.public_key(), now)
    return Pair(certificate, encode_key(key))


def sign(
    authority: Authority,
    profile: Profile,
    public_key: CertificatePublicKeyTypes,
    now: datetime,
    lifetime: timedelta | None = None,
) -> bytes:
    """Return the PEM certificate of `public_key` as `profile` says."""
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if profile.hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    issuer = authority.certificate.subject
    builder = (
        _builder(_name(profile), issuer, public_key, now, LEAF_YEARS, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signing=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    if profile.hosts:
        names = x509.SubjectAlternativeName([_general_name(host) for host in profile.hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def make_request(profile: Profile) -> Pair:
    """Return a certificate signing request and its new key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(profile)).sign(key, hashes.SHA256())
    return Pair(request.public_bytes(serialization.Encoding.PEM), encode_key(key))


def make_key_pair() -> tuple[bytes, bytes]:
    """Return a new public and private key in PEM, for signing service account tokens."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public, encode_key(key)


def public_key_hash(certificate: x509.Certificate) -> str:
    """Return the pin of a certificate as kubeadm writes it: `sha256:` and the hex digest of its public key."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(
        certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return f"sha256:{digest.finalize().hex()}"


def encode_key(key: PrivateKey) -> bytes:
    """Return a private key in PEM (PKCS#8, not encrypted)."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(profile: Profile) -> x509.Name:
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in profile.organizations]
    return x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, profile.common_name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: CertificatePublicKeyTypes,
    now: datetime,
    years: int,
    lifetime: timedelta | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + (lifetime or timedelta(days=365 * years)))
    )


def _key_usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=signing,
        crl_sign=signing,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def hosts_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return `names` without repetition, in their order."""
    return tuple(dict.fromkeys(name for name in names if name))
