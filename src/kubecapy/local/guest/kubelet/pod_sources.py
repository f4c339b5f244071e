"""Fetch what a pod refers to: Secrets, ConfigMaps and a token for its service account."""

import base64
from collections.abc import Mapping, Sequence

import msgspec

from kubecapy.apimachinery.codec import decode
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client
from kubecapy.local.pods import PodSources, ServiceAccountFiles, references_of

TOKEN_SECONDS = 3607
"""As kubelets ask for: https://kubernetes.io/docs/concepts/security/service-accounts/."""
SECRETS: Resource[JsonObject] = Resource("", "v1", "Secret", "secrets", dict)
CONFIG_MAPS: Resource[JsonObject] = Resource("", "v1", "ConfigMap", "configmaps", dict)


class IssuedToken(msgspec.Struct, frozen=True):
    """A token and how long it lasts."""

    files: ServiceAccountFiles
    seconds: float


async def fetch_sources(client: Client, pod: JsonObject, account: ServiceAccountFiles | None) -> PodSources:
    """Return what `pod` refers to; what is absent is left out, for the plan to judge.

    Raises:
        StatusError, Unreachable: the API server refuses or cannot be reached.
    """
    secrets, config_maps = references_of(pod)
    namespace = pod["metadata"]["namespace"]
    return PodSources(
        secrets=await _data(client, SECRETS, namespace, secrets, encoded=True),
        config_maps=await _data(client, CONFIG_MAPS, namespace, config_maps, encoded=False),
        service_account=account,
    )


async def request_token(client: Client, pod: JsonObject, ca: bytes) -> IssuedToken | None:
    """Return a token for the pod's service account, bound to the pod; None where the pod wants none."""
    if pod["spec"].get("automountServiceAccountToken") is False:
        return None
    metadata = pod["metadata"]
    namespace, account = metadata["namespace"], pod["spec"].get("serviceAccountName") or "default"
    bound = {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"], "uid": metadata["uid"]}
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": TOKEN_SECONDS, "boundObjectRef": bound},
    }
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    reply = decode(await client.request("POST", path, body=body), dict)
    return IssuedToken(ServiceAccountFiles(reply["status"]["token"], ca, namespace), float(TOKEN_SECONDS))


async def _data(
    client: Client, resource: Resource[JsonObject], namespace: str, names: Sequence[str], *, encoded: bool
) -> Mapping[str, Mapping[str, bytes]]:
    found: dict[str, Mapping[str, bytes]] = {}
    for name in names:
        obj = await client.find(resource, ObjectKey(namespace, name))
        if obj is not None:
            data = obj.get("data") or {}
            found[name] = {
                key: base64.b64decode(value) if encoded else str(value).encode() for key, value in data.items()
            }
    return found
