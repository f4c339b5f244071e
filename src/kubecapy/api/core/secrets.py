"""Describe Secrets and ConfigMaps.

Source: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource

TYPE_OPAQUE: Final = "Opaque"
TYPE_TLS: Final = "kubernetes.io/tls"
TYPE_BOOTSTRAP: Final = "bootstrap.kubernetes.io/token"
TYPE_SERVICE_ACCOUNT: Final = "kubernetes.io/service-account-token"


class Secret(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keeps confidential bytes; never shown whole in a log, an error or an event."""

    api_version: str = always_written("v1")
    kind: str = always_written("Secret")
    metadata: ObjectMeta = ObjectMeta()
    type: str = ""
    """Who reads it; the server writes `Opaque` where it is empty."""
    data: Mapping[str, str] | None = None
    """Base64 text by key; `secret_data` decodes it."""
    string_data: Mapping[str, str] | None = None
    """Plain text by key; only written, the server moves it into `data`."""
    immutable: bool | None = None
    """True where `data` can no longer change."""

    def __repr__(self) -> str:
        """Return the address alone: the content stays secret."""
        return f"Secret({self.metadata.namespace}/{self.metadata.name})"


class ConfigMap(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keeps text."""

    api_version: str = always_written("v1")
    kind: str = always_written("ConfigMap")
    metadata: ObjectMeta = ObjectMeta()
    data: Mapping[str, str] | None = None
    """Text by key."""
    binary_data: Mapping[str, str] | None = None
    """Base64 text by key."""
    immutable: bool | None = None
    """True where the data can no longer change."""


SECRETS: Resource[Secret] = Resource("", "v1", "Secret", "secrets", Secret)
CONFIG_MAPS: Resource[ConfigMap] = Resource("", "v1", "ConfigMap", "configmaps", ConfigMap)


def secret_data(secret: Secret) -> dict[str, bytes]:
    """Return the decoded content of `secret` by key.

    Raises:
        ValueError: a value is not base64; the message names Secret and key, not the value.
    """
    return {key: _decoded(secret, key, text) for key, text in (secret.data or {}).items()}


def encode_secret_data(data: Mapping[str, bytes | str]) -> dict[str, str]:
    """Return `data` in the form of `Secret.data`; text is taken as UTF-8."""
    return {
        key: base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
        for key, value in data.items()
    }


def _decoded(secret: Secret, key: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        meta = secret.metadata
        raise ValueError(f"Secret {meta.namespace}/{meta.name}: data[{key}] is not base64") from error
