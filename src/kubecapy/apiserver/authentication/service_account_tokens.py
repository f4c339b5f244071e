"""Sign and verify the tokens of service accounts.

Tokens are JSON Web Tokens bound to an account by its uid, and to a pod, Secret or node where they say so: when what
they are bound to is gone, they are worth nothing.
Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import jwt
import jwt.types
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kubecapy.apimachinery.codec import DecodeError, convert
from kubecapy.apiserver.authentication.credentials import AUTHENTICATED, CredentialError
from kubecapy.apiserver.interfaces import ObjectReader, UserInfo
from kubecapy.clock import Clock

_REMEMBERED: Final = 256
"""Tokens whose signature is verified once: that costs 100 us, and a client sends the same one each time."""
_EXTRA: Final = "authentication.kubernetes.io"


class BoundObject(msgspec.Struct, frozen=True):
    """An object by name and uid, as claims carry it."""

    name: str
    uid: str = ""


class PrivateClaims(msgspec.Struct, frozen=True, omit_defaults=True):
    """What Kubernetes adds to a token, below `kubernetes.io`."""

    namespace: str
    serviceaccount: BoundObject
    pod: BoundObject | None = None
    secret: BoundObject | None = None
    node: BoundObject | None = None


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole content of a token; times are seconds since 1970."""

    iss: str
    sub: str
    aud: tuple[str, ...]
    exp: int
    iat: int
    nbf: int
    jti: str = ""
    private: PrivateClaims = msgspec.field(name="kubernetes.io")


class TokenSigner:
    """Signs claims with the server's private key."""

    def __init__(self, key_pem: bytes) -> None:
        """Read the private key (EC P-256 or RSA)."""
        key = serialization.load_pem_private_key(key_pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise TypeError("the service-account signing key must be an EC P-256 or an RSA key")
        self._key = key
        self._algorithm = _algorithm_of(key.public_key())
        self._key_id = _key_id(key.public_key())

    def sign(self, claims: Claims) -> str:
        """Return the token that carries `claims`."""
        payload: dict[str, Any] = msgspec.to_builtins(claims)
        return jwt.encode(payload, self._key, algorithm=self._algorithm, headers={"kid": self._key_id})


class TokenVerifier:
    """Accepts tokens that the server signed, as long as what they are bound to exists."""

    def __init__(self, public_key_pem: bytes, issuer: str, reader: ObjectReader, clock: Clock) -> None:
        """Read the public key; look accounts up through `reader` and judge times by `clock`."""
        key = serialization.load_pem_public_key(public_key_pem)
        if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise TypeError("the service-account public key must be an EC P-256 or an RSA key")
        self._key = key
        self._algorithm = _algorithm_of(key)
        self._issuer = issuer
        self._reader = reader
        self._clock = clock
        self._read = lru_cache(maxsize=_REMEMBERED)(self._read_signed)

    def user_of(self, token: str, audiences: Sequence[str]) -> UserInfo:
        """Return the user `system:serviceaccount:<namespace>:<name>`.

        Raises:
            CredentialError: the signature, issuer, audience or time is wrong, or something that the token is bound
                to is gone.
        """
        claims = self._read(token)
        self._refuse_misplaced(claims, audiences)
        self._refuse_unbound(claims.private)
        return _user(claims)

    def _read_signed(self, token: str) -> Claims:
        # Times are judged by the injected clock, on every use, not by the library's when the token is first seen.
        options: jwt.types.Options = {
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": False,
        }
        try:
            payload = jwt.decode(token, self._key, algorithms=[self._algorithm], options=options)
            return convert(payload, Claims)
        except (jwt.InvalidTokenError, DecodeError) as error:
            raise CredentialError(f"the service-account token is not valid: {type(error).__name__}") from error

    def _refuse_misplaced(self, claims: Claims, audiences: Sequence[str]) -> None:
        if claims.iss != self._issuer:
            raise CredentialError("the service-account token is of another issuer")
        if not set(claims.aud) & set(audiences):
            raise CredentialError("the service-account token is meant for another audience")
        now = self._clock.now().timestamp()
        if now >= claims.exp:
            raise CredentialError("the service-account token is expired")
        if now < claims.nbf:
            raise CredentialError("the service-account token is not valid yet")

    def _refuse_unbound(self, claims: PrivateClaims) -> None:
        bindings: tuple[tuple[str, str, BoundObject | None], ...] = (
            ("serviceaccounts", claims.namespace, claims.serviceaccount),
            ("pods", claims.namespace, claims.pod),
            ("secrets", claims.namespace, claims.secret),
            ("nodes", "", claims.node if claims.pod is None else None),
        )
        for plural, namespace, bound in bindings:
            if bound is not None and not self._exists(plural, namespace, bound):
                raise CredentialError(f"{plural} {bound.name} that the service-account token is bound to is gone")

    def _exists(self, plural: str, namespace: str, bound: BoundObject) -> bool:
        found = self._reader.find("", plural, namespace, bound.name)
        return found is not None and found["metadata"].get("uid") == bound.uid


def _user(claims: Claims) -> UserInfo:
    private = claims.private
    account = private.serviceaccount
    return UserInfo(
        name=f"system:serviceaccount:{private.namespace}:{account.name}",
        uid=account.uid,
        groups=("system:serviceaccounts", f"system:serviceaccounts:{private.namespace}", AUTHENTICATED),
        extra=_extra(claims),
    )


def _extra(claims: Claims) -> Mapping[str, tuple[str, ...]]:
    pod, node = claims.private.pod, claims.private.node
    extra: dict[str, tuple[str, ...]] = {}
    if claims.jti:
        extra[f"{_EXTRA}/credential-id"] = (f"JTI={claims.jti}",)
    if pod is not None:
        extra |= {f"{_EXTRA}/pod-name": (pod.name,), f"{_EXTRA}/pod-uid": (pod.uid,)}
    if node is not None:
        extra |= {f"{_EXTRA}/node-name": (node.name,), f"{_EXTRA}/node-uid": (node.uid,)}
    return extra


def _algorithm_of(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return "ES256" if isinstance(key, ec.EllipticCurvePublicKey) else "RS256"


def _key_id(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    """Return the key id as Kubernetes makes it: base64url of the SHA-256 of the public key in DER."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
