"""Copy one cloud's credentials out of a person's clouds.yaml into the Secrets that the controllers read."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.contract.provider import GenerateRequest
from kubecapy.providers.openstack.cloud.entries import CloudsFileError
from kubecapy.providers.openstack.cloud.identity import (
    CA_FILE_NAME,
    CloudIdentity,
    CloudsFile,
    read_identity,
)
from kubecapy.providers.openstack.services.projects import CLOUDS_FILE_NAME

CONFIG_SECRET = "cloud-config"  # noqa: S105 - the name of a Secret
SELECTOR_SECRET = "cloud-selector"  # noqa: S105 - the name of a Secret
SELECTOR_KEY = "OS_CLOUD"


def credentials_secrets(request: GenerateRequest, namespace: str) -> Sequence[JsonObject]:
    """Return the Secrets `cloud-config` and `cloud-selector`.

    Only the chosen cloud is copied. Its CA, inline or in a file, becomes the key `cacert`; the copied entry names it
    relative to itself, so that it is found wherever the Secret is mounted.

    Raises:
        InvalidConfiguration: the file has no such cloud, or the entry lacks a field; a sentence names it.
    """
    identity = _read(request)
    entry = dict(identity.entry.reveal())
    data: dict[str, bytes] = {}
    if identity.ca:
        entry["cacert"] = CA_FILE_NAME
        data[CA_FILE_NAME] = identity.ca.encode()
    data[CLOUDS_FILE_NAME] = dump_yaml({"clouds": {identity.name: entry}}).encode()
    return (
        _secret(CONFIG_SECRET, namespace, data),
        _secret(SELECTOR_SECRET, namespace, {SELECTOR_KEY: identity.name.encode()}),
    )


def _read(request: GenerateRequest) -> CloudIdentity:
    file = CloudsFile("the file", request.configuration, Path(request.configuration_directory))
    try:
        return read_identity(file, request.cloud)
    except CloudsFileError as error:
        raise InvalidConfiguration(str(error)) from error


def _secret(name: str, namespace: str, data: dict[str, bytes]) -> JsonObject:
    encoded: dict[str, Any] = {key: base64.b64encode(value).decode() for key, value in sorted(data.items())}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "data": encoded,
    }
