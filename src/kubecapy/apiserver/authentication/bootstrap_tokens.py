"""Check bootstrap tokens, with which a new host asks to join.

Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.times import parse_time
from kubecapy.apiserver.authentication.credentials import AUTHENTICATED, CredentialError
from kubecapy.apiserver.interfaces import ObjectReader, UserInfo
from kubecapy.clock import Clock

SECRET_TYPE: Final = "bootstrap.kubernetes.io/token"  # noqa: S105 -- the name of a type
BOOTSTRAPPERS: Final = "system:bootstrappers"
_TOKEN: Final = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
_EXTRA_GROUP: Final = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]")


class BootstrapTokens:
    """Accepts tokens `id.secret` that a Secret `bootstrap-token-<id>` in kube-system knows."""

    def __init__(self, reader: ObjectReader, clock: Clock) -> None:
        """Look tokens up through `reader` and judge their expiration by `clock`."""
        self._reader = reader
        self._clock = clock

    def is_well_formed(self, token: str) -> bool:
        """Return whether `token` has the form of a bootstrap token."""
        return _TOKEN.fullmatch(token) is not None

    def user_of(self, token: str) -> UserInfo:
        """Return the user `system:bootstrap:<id>` with the token's groups.

        Raises:
            CredentialError: no Secret knows the token, it is expired, or it is not meant for authentication.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise CredentialError("the token is no bootstrap token")
        token_id, secret = match.groups()
        data = self._read(token_id)
        # The comparison takes equally long wherever the first difference stands.
        if not hmac.compare_digest(data.get("token-secret", "").encode(), secret.encode()):
            raise CredentialError(f"bootstrap token {token_id} has another secret")
        self._refuse_unusable(token_id, data)
        return UserInfo(name=f"system:bootstrap:{token_id}", groups=_groups(token_id, data))

    def _read(self, token_id: str) -> dict[str, str]:
        found = self._reader.find("", "secrets", "kube-system", f"bootstrap-token-{token_id}")
        if found is None or found["metadata"].get("deletionTimestamp"):
            raise CredentialError(f"bootstrap token {token_id} is not known")
        if found.get("type") != SECRET_TYPE:
            raise CredentialError(f"Secret kube-system/bootstrap-token-{token_id} is not of type {SECRET_TYPE}")
        data = _decode(token_id, found)
        if data.get("token-id") != token_id:
            raise CredentialError(f"Secret kube-system/bootstrap-token-{token_id} holds another token-id")
        return data

    def _refuse_unusable(self, token_id: str, data: Mapping[str, str]) -> None:
        expiration = data.get("expiration")
        if expiration and self._is_past(token_id, expiration):
            raise CredentialError(f"bootstrap token {token_id} expired at {expiration}")
        if data.get("usage-bootstrap-authentication") != "true":
            raise CredentialError(f"bootstrap token {token_id} is not meant for authentication")

    def _is_past(self, token_id: str, expiration: str) -> bool:
        try:
            return parse_time(expiration) <= self._clock.now()
        except ValueError as error:
            raise CredentialError(f"bootstrap token {token_id} has an unreadable expiration") from error


def _decode(token_id: str, secret: JsonObject) -> dict[str, str]:
    data: Mapping[str, Any] = secret.get("data") or {}
    try:
        return {name: base64.b64decode(value).decode() for name, value in data.items()}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CredentialError(f"Secret kube-system/bootstrap-token-{token_id} is unreadable") from error


def _groups(token_id: str, data: Mapping[str, str]) -> tuple[str, ...]:
    extra = [group for group in data.get("auth-extra-groups", "").split(",") if group]
    for group in extra:
        if _EXTRA_GROUP.fullmatch(group) is None:
            raise CredentialError(
                f"bootstrap token {token_id} names group {group}, which does not begin with {BOOTSTRAPPERS}:"
            )
    return (BOOTSTRAPPERS, *sorted(set(extra)), AUTHENTICATED)
