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

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apimachinery.json_codec import DecodeError, convert
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import parse_time
from kubecapy.apiserver.authentication.credentials import AUTHENTICATED, CredentialError, TokenError
from kubecapy.apiserver.interfaces import ObjectReader, UserInfo
from kubecapy.clock import Clock

_REMEMBERED: Final = 256
"""Tokens whose signature is verified once: that costs 100 us, and a client sends the same one each time."""
_REMOVAL_SECONDS: Final = 60
"""How long after its deletion began a bound object still counts (go-jose jwt.DefaultLeeway)."""
_EXTRA: Final = "authentication.kubernetes.io"


class BoundObject(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object by name and uid, as claims carry it."""

    name: str
    uid: str = ""
    """Empty for the node of a pod that names one which does not exist."""


class PrivateClaims(msgspec.Struct, frozen=True, omit_defaults=True):
    """What Kubernetes adds to a token, below `kubernetes.io`."""

    namespace: str
    serviceaccount: BoundObject
    pod: BoundObject | None = None
    secret: BoundObject | None = None
    node: BoundObject | None = None
    warnafter: int | None = None
    """When a token that lives longer than its client knows should have been renewed; for whoever reads logs."""


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
        # Heavy, and administrators come with certificates: a server's start does not wait for it.
        import jwt

        payload: dict[str, Any] = msgspec.to_builtins(claims)
        # The type of token is not told, as kube-apiserver does not tell it.
        headers = {"kid": self._key_id, "typ": None}
        return jwt.encode(payload, self._key, algorithm=self._algorithm, headers=headers)


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
            CredentialError: the signature or issuer is wrong.
            TokenError: the audience or time is wrong, or something that the token is bound to is gone.
        """
        claims = self._read(token)
        self._refuse_misplaced(claims, audiences)
        self._refuse_unbound(claims.private)
        return _user(claims)

    def _read_signed(self, token: str) -> Claims:
        # As in `TokenSigner.sign`.
        import jwt.types

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
            named = f"[{_quoted(claims.aud)}] is invalid for the target audiences [{_quoted(audiences)}]"
            raise TokenError(f"token audiences {named}")
        now = self._clock.now().timestamp()
        if now >= claims.exp:
            raise TokenError("service account token has expired")
        if now < claims.nbf:
            raise TokenError("service account token is not valid yet")

    def _refuse_unbound(self, claims: PrivateClaims) -> None:
        account = claims.serviceaccount
        found = self._find("serviceaccounts", claims.namespace, account)
        if found is None:
            raise TokenError(f"serviceaccounts {go_quote(account.name)} not found")
        uid = found["metadata"].get("uid", "")
        if uid != account.uid:
            raise TokenError(f"service account UID ({uid}) does not match claim ({account.uid})")
        bindings: tuple[tuple[str, str, BoundObject | None], ...] = (
            ("secret", claims.namespace, claims.secret),
            ("pod", claims.namespace, claims.pod),
            # A pod's token tells where the pod runs; it is not bound to that.
            ("node", "", claims.node if claims.pod is None else None),
        )
        for kind, namespace, bound in bindings:
            if bound is not None:
                self._refuse_other(kind, self._find(f"{kind}s", namespace, bound), bound)

    def _refuse_other(self, kind: str, found: JsonObject | None, bound: BoundObject) -> None:
        if found is None:
            raise TokenError("service account token has been invalidated")
        uid = found["metadata"].get("uid", "")
        if uid != bound.uid:
            raise TokenError(f"{kind} UID ({uid}) does not match service account {kind} ref claim ({bound.uid})")

    def _find(self, plural: str, namespace: str, bound: BoundObject) -> JsonObject | None:
        """Return the object; None where it is gone, or should be by now."""
        found = self._reader.find("", plural, namespace, bound.name)
        since = found["metadata"].get("deletionTimestamp") if found is not None else None
        if since and parse_time(since).timestamp() < self._clock.now().timestamp() - _REMOVAL_SECONDS:
            return None
        return found


def _quoted(texts: Sequence[str]) -> str:
    return " ".join(go_quote(text) for text in texts)


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
        extra[f"{_EXTRA}/node-name"] = (node.name,)
        if node.uid:
            extra[f"{_EXTRA}/node-uid"] = (node.uid,)
    return extra


def _algorithm_of(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return "ES256" if isinstance(key, ec.EllipticCurvePublicKey) else "RS256"


def _key_id(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    """Return the key id as Kubernetes makes it: base64url of the SHA-256 of the public key in DER."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
