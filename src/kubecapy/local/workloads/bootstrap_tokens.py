"""Sign `cluster-info` by every bootstrap token that may, and remove tokens that have expired.

Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import parse_time
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.local.workloads.kinds import CONFIG_MAPS, SECRETS, key_of
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result

TOKEN_TYPE = "bootstrap.kubernetes.io/token"  # noqa: S105 - a type of Secrets
TOKEN_NAMESPACE = "kube-system"  # noqa: S105 - a namespace
CLUSTER_INFO_KEY = ObjectKey("kube-public", "cluster-info")
SIGNATURE_PREFIX = "jws-kubeconfig-"
KUBECONFIG = "kubeconfig"


class TokenReconciler:
    """Keeps the signatures; every change of a token or of cluster-info leads to the one key of cluster-info."""

    def __init__(
        self, client: Client, secrets: Informer[JsonObject], config_maps: Informer[JsonObject], clock: Clock
    ) -> None:
        """Read from the informers of kube-system's Secrets and kube-public's ConfigMaps."""
        self._client = client
        self._secrets = secrets
        self._config_maps = config_maps
        self._clock = clock

    async def reconcile(self, key: ObjectKey) -> Result:  # noqa: ARG002 - there is but one
        """Remove expired tokens, write the signatures that differ, come back when the next token expires."""
        now = self._clock.now()
        tokens = [secret for secret in self._secrets.list(TOKEN_NAMESPACE) if secret.get("type") == TOKEN_TYPE]
        expired = [secret for secret in tokens if _is_expired(secret, now)]
        for secret in expired:
            await self._client.delete(SECRETS, key_of(secret), uid=secret["metadata"]["uid"])
        living = [secret for secret in tokens if secret not in expired]
        cluster_info = self._config_maps.get(CLUSTER_INFO_KEY)
        if cluster_info is not None:
            patch = plan_signatures(cluster_info.get("data") or {}, living)
            if patch:
                await self._client.patch(CONFIG_MAPS, CLUSTER_INFO_KEY, {"data": patch})
        ends = [end for secret in living if (end := expiration_of(secret)) is not None]
        if not ends:
            return DONE
        return Result(requeue_after_seconds=max((min(ends) - now).total_seconds(), 1.0))


def plan_signatures(data: Mapping[str, str], tokens: Iterable[JsonObject]) -> dict[str, str | None]:
    """Return the keys of cluster-info to set, or with None to remove; pure."""
    content = data.get(KUBECONFIG, "")
    wanted: dict[str, str] = {}
    for secret in tokens:
        token_id, token_secret = _text(secret, "token-id"), _text(secret, "token-secret")
        if content and token_id and token_secret and _text(secret, "usage-bootstrap-signing") == "true":
            wanted[f"{SIGNATURE_PREFIX}{token_id}"] = detached_signature(content, token_id, token_secret)
    present = {key: value for key, value in data.items() if key.startswith(SIGNATURE_PREFIX)}
    changes: dict[str, str | None] = {key: value for key, value in wanted.items() if present.get(key) != value}
    return {**changes, **dict.fromkeys(present.keys() - wanted.keys())}


def detached_signature(content: str, token_id: str, token_secret: str) -> str:
    """Return the JWS of `content` by a token, without its payload (RFC 7515, appendix F), HS256."""
    header = _base64url(json.dumps({"alg": "HS256", "kid": token_id}, separators=(",", ":")).encode())
    signed = f"{header}.{_base64url(content.encode())}".encode()
    mac = hmac.digest(token_secret.encode(), signed, hashlib.sha256)
    return f"{header}..{_base64url(mac)}"


def expiration_of(secret: JsonObject) -> datetime | None:
    """Return when a token ends; None where it does not, or says nothing readable."""
    text = _text(secret, "expiration")
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None


def _is_expired(secret: JsonObject, now: datetime) -> bool:
    end = expiration_of(secret)
    return end is not None and end <= now


def _text(secret: JsonObject, key: str) -> str:
    encoded = (secret.get("data") or {}).get(key, "")
    return base64.b64decode(encoded).decode(errors="replace")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
