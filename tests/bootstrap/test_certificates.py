import hashlib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.bootstrap.builders import NOW, quick_key

from kubecapy.bootstrap.certificates import (
    Authorities,
    KeyPair,
    expires_at,
    issue_client_certificate,
    make_authorities,
    make_rsa_key,
    public_key_hash,
)


def common_name(pair: KeyPair) -> str:
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_authorities_bear_the_names_that_kubeadm_gives_them(authorities: Authorities) -> None:
    names = [common_name(pair) for pair in (authorities.cluster, authorities.etcd, authorities.front_proxy)]

    assert names == ["kubernetes", "etcd-ca", "front-proxy-ca"]


def test_an_authority_may_sign_and_says_so_critically(authorities: Authorities) -> None:
    certificate = x509.load_pem_x509_certificate(authorities.cluster.certificate.encode())
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)

    assert (basic.critical, basic.value.ca) == (True, True)
    assert (usage.critical, usage.value.key_cert_sign) == (True, True)


def test_an_authority_lasts_ten_years_and_forgives_a_slow_clock(authorities: Authorities) -> None:
    certificate = x509.load_pem_x509_certificate(authorities.cluster.certificate.encode())

    assert certificate.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert expires_at(authorities.cluster.certificate) == NOW + timedelta(days=3650)


@pytest.mark.parametrize("pair", ["cluster", "etcd", "front_proxy", "service_account"])
def test_each_key_belongs_to_its_certificate(authorities: Authorities, pair: str) -> None:
    made: KeyPair = getattr(authorities, pair)
    key = serialization.load_pem_private_key(made.key.reveal().encode(), password=None)
    if pair == "service_account":
        public = serialization.load_pem_public_key(made.certificate.encode())
    else:
        public = x509.load_pem_x509_certificate(made.certificate.encode()).public_key()

    assert key.public_key() == public


def test_keys_are_rsa_in_the_form_that_kubeadm_1_14_reads() -> None:
    key = make_rsa_key()
    made = make_authorities(NOW, lambda: key)

    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert made.cluster.key.reveal().startswith("-----BEGIN RSA PRIVATE KEY-----\n")


def test_a_client_certificate_is_signed_by_its_authority_for_clients_alone(authorities: Authorities) -> None:
    client = issue_client_certificate(authorities.cluster, "kubernetes-admin", "system:masters", NOW, quick_key)
    certificate = x509.load_pem_x509_certificate(client.certificate.encode())
    authority = x509.load_pem_x509_certificate(authorities.cluster.certificate.encode())

    certificate.verify_directly_issued_by(authority)
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert certificate.subject.rfc4514_string() == "CN=kubernetes-admin,O=system:masters"
    assert expires_at(client.certificate) == NOW + timedelta(days=365)


def test_the_pin_is_the_digest_of_the_public_key_alone(authorities: Authorities) -> None:
    certificate = x509.load_pem_x509_certificate(authorities.cluster.certificate.encode())
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    assert public_key_hash(authorities.cluster.certificate) == f"sha256:{hashlib.sha256(spki).hexdigest()}"


def test_no_key_shows_in_a_representation(authorities: Authorities) -> None:
    assert "PRIVATE KEY" not in repr(authorities)
