"""Read key material that a cluster was given, and make what its machines ask certificates with."""

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kubecapy.apiserver.pki.certificates import KeyPair, Profile, encode_key


class BadCertificate(Exception):
    """A given certificate or key cannot be used; the message says why, without its content."""


class SigningRequest(msgspec.Struct, frozen=True):
    """A certificate signing request and the key that it is made for, both in PEM."""

    request: bytes
    key: bytes

    def __repr__(self) -> str:
        """Show no key."""
        return "SigningRequest(***)"


def load_authority(certificate: bytes, key: bytes) -> KeyPair:
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
    return KeyPair(loaded, private)


def make_request(profile: Profile) -> SigningRequest:
    """Return a certificate signing request for `profile` and its new key."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(profile.subject).sign(key, hashes.SHA256())
    return SigningRequest(request.public_bytes(serialization.Encoding.PEM), encode_key(key))


def make_key_pair() -> tuple[bytes, bytes]:
    """Return a new public and private key in PEM, for signing service account tokens."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public, encode_key(key)


def public_key_hash(certificate: x509.Certificate) -> str:
    """Return the pin of a certificate as kubeadm writes it: `sha256:` and the hex digest of its public key."""
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_key().public_bytes(encoding, form))
    return f"sha256:{digest.finalize().hex()}"
