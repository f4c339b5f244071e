"""Read the user and the groups from a client certificate."""

import hashlib
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from kubecapy.apimachinery.errors import Unauthorized
from kubecapy.apiserver.authentication.credentials import AUTHENTICATED, CREDENTIAL_ID
from kubecapy.apiserver.interfaces import UserInfo

_REMEMBERED = 256
"""Certificates whose reading is kept: parsing costs 30 us, and a connection shows the same one on each request."""


class ClientCertificates:
    """Turns verified certificates into users."""

    def __init__(self) -> None:
        """Start with an empty memory."""
        self.user_of = lru_cache(maxsize=_REMEMBERED)(_user_of)
        """Return the user that a verified certificate (DER) names; Unauthorized where it names none."""


def _user_of(der: bytes) -> UserInfo:
    subject = x509.load_der_x509_certificate(der).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names:
        raise Unauthorized("Unauthorized")
    groups = [str(attribute.value) for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    extra = {CREDENTIAL_ID: (f"X509SHA256={hashlib.sha256(der).hexdigest()}",)}
    return UserInfo(name=str(names[0].value), groups=(*groups, AUTHENTICATED), extra=extra)
