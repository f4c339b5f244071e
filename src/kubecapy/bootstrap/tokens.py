"""Make bootstrap tokens: short-lived passwords with which one host joins its cluster.

One machine has at most one live token: its id is derived from the machine's name, so that it is found again, while
its secret part is random.

Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Final

import msgspec

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.times import format_time
from kubecapy.telemetry.secrets import Secret

TOKEN_NAMESPACE: Final = "kube-system"  # noqa: S105 - a namespace
JOIN_GROUP: Final = "system:bootstrappers:kubeadm:default-node-token"
"""The group whose certificate requests kubeadm's clusters approve."""

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b")


class BootstrapToken(msgspec.Struct, frozen=True):
    """A token: a public id of 6 characters and a secret part of 16, both of `0-9a-z`."""

    id: str
    secret: Secret[str]

    def reveal(self) -> str:
        """Return `id.secret` as kubeadm takes it."""
        return f"{self.id}.{self.secret.reveal()}"


def token_id(cluster_name: str, machine: ObjectKey) -> str:
    """Return the id of the token of `machine`: the same each time, and after a move to another management cluster."""
    digest = hashlib.sha256(f"{cluster_name}\0{machine.namespace}\0{machine.name}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    return _in_alphabet(number, 6)


def make_token(identifier: str, random: Random) -> BootstrapToken:
    """Return a token of that id with a secret part drawn from `random`, in production a `random.SystemRandom`."""
    return BootstrapToken(identifier, Secret("".join(random.choices(_ALPHABET, k=16))))


def token_secret_name(identifier: str) -> str:
    """Return the name of the Secret in `kube-system` that makes the token valid."""
    return f"bootstrap-token-{identifier}"


def token_secret_data(token: BootstrapToken, expires: datetime, owner: str) -> dict[str, bytes]:
    """Return the data of the Secret that lets `token` sign, authenticate and join until `expires`.

    Args:
        token: the token.
        expires: when the cluster's token cleaner may remove it; aware.
        owner: for people, such as `Machine default/node-1`.
    """
    texts = {
        "token-id": token.id,
        "token-secret": token.secret.reveal(),
        "expiration": format_time(expires),
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": JOIN_GROUP,
        "description": f"bootstrap token of {owner}, made by kubecapy",
    }
    return {key: text.encode() for key, text in texts.items()}


def token_from_secret_data(data: Mapping[str, bytes]) -> BootstrapToken | None:
    """Return the token that the data of a Secret holds; None where a part is missing."""
    identifier, secret = data.get("token-id"), data.get("token-secret")
    if not identifier or not secret:
        return None
    return BootstrapToken(identifier.decode(), Secret(secret.decode()))


def without_tokens(text: str) -> str:
    """Return `text` with the secret part of everything that looks like a token replaced by stars."""
    return _TOKEN.sub(lambda found: f"{found[0][:6]}.****************", text)


def _in_alphabet(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(digits)
