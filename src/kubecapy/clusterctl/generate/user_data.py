"""Put the user-data templates of the machines into Secrets that a person can edit."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Literal

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.bootstrap.templates import user_data_templates

USER_DATA_KEY = "userData"


def user_data_secrets(operating_system: Literal["ubuntu", "centos"], namespace: str) -> Sequence[JsonObject]:
    """Return the Secrets `master-user-data` and `worker-user-data` for machines with that operating system."""
    return [
        _secret(f"{role}-user-data", namespace, template)
        for role, template in user_data_templates(operating_system).items()
    ]


def _secret(name: str, namespace: str, template: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": name, "namespace": namespace},
        "data": {USER_DATA_KEY: b64encode(template.encode()).decode()},
    }
