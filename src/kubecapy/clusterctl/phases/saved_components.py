"""Keep the provider components in the cluster that they run in, so that it can be deleted without the file.

The ConfigMap is the original's (`clusterctl` in `default`, key `provider-components`; Cluster API v0.1.10). Unlike
there it holds no credentials: Secrets are left out and only named, and are read from the cluster itself.
"""

from collections.abc import Sequence

from kubecapy.apimachinery.codec import dump_yaml, load_manifests
from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client, Reader
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.inputs.components import key_of_object, secrets_of, without_secrets
from kubecapy.clusterctl.move.inventory import with_kind
from kubecapy.clusterctl.objects.applying import Applier
from kubecapy.clusterctl.objects.raw_resources import RAW_CONFIG_MAPS, RAW_SECRETS

CONFIG_MAP = ObjectKey("default", "clusterctl")
COMPONENTS_KEY = "provider-components"
SECRETS_KEY = "provider-secrets"
"""Names of the Secrets that were left out, `namespace/name`, a line each."""

_KEPT_METADATA = ("name", "namespace", "labels")


async def save_components(client: Client, components: Sequence[JsonObject]) -> None:
    """Store `components` without their Secrets; safe to repeat."""
    documents = "---\n".join(dump_yaml(obj) for obj in without_secrets(components))
    names = "".join(f"{key_of_object(secret)}\n" for secret in secrets_of(components))
    await Applier(client).apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": CONFIG_MAP.name, "namespace": CONFIG_MAP.namespace},
            "data": {COMPONENTS_KEY: documents, SECRETS_KEY: names},
        }
    )


async def read_components(reader: Reader) -> list[JsonObject]:
    """Return the components that were stored, with their Secrets as the cluster holds them now.

    Raises:
        ClusterctlError: none were stored, or a Secret of theirs is gone.
    """
    config_map = await reader.find(RAW_CONFIG_MAPS, CONFIG_MAP)
    data = config_map.get("data", {}) if config_map else {}
    if COMPONENTS_KEY not in data:
        raise ClusterctlError(
            f"the cluster holds no provider components (ConfigMap {CONFIG_MAP}, key {COMPONENTS_KEY}); "
            "pass the file with --provider-components"
        )
    stored = [manifest.object for manifest in load_manifests(data[COMPONENTS_KEY], f"ConfigMap {CONFIG_MAP}")]
    return [*stored, *[await _read_secret(reader, name) for name in data.get(SECRETS_KEY, "").split()]]


async def refresh_secrets(reader: Reader, components: Sequence[JsonObject]) -> list[JsonObject]:
    """Return `components` with each Secret as the cluster holds it, where it does: credentials may have changed."""
    return [await _refreshed(reader, obj) if obj["kind"] == "Secret" else obj for obj in components]


async def _refreshed(reader: Reader, secret: JsonObject) -> JsonObject:
    live = await reader.find(RAW_SECRETS, key_of_object(secret))
    return _without_server_fields(live) if live else secret


async def _read_secret(reader: Reader, name: str) -> JsonObject:
    namespace, _, plain = name.partition("/")
    try:
        return _without_server_fields(await reader.get(RAW_SECRETS, ObjectKey(namespace, plain)))
    except NotFound as error:
        raise ClusterctlError(
            f"Secret {name} of the provider components is gone; pass the file with --provider-components"
        ) from error


def _without_server_fields(secret: JsonObject) -> JsonObject:
    metadata = {key: value for key, value in secret["metadata"].items() if key in _KEPT_METADATA}
    return {**with_kind(RAW_SECRETS, secret), "metadata": metadata}
