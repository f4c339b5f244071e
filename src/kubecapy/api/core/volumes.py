"""Describe the volumes of pods that this project uses.

Source: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.apimachinery.meta import Value


class KeyToPath(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Puts one key at a path below the volume."""

    key: str
    path: str
    mode: int | None = None


class SecretVolumeSource(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Files out of a Secret."""

    secret_name: str = ""
    items: tuple[KeyToPath, ...] = ()
    """Keys to show; all where empty."""
    default_mode: int | None = None
    optional: bool | None = None


class ConfigMapVolumeSource(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Files out of a ConfigMap."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    """Keys to show; all where empty."""
    default_mode: int | None = None
    optional: bool | None = None


class HostPathVolumeSource(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A path of the host."""

    path: str
    type: str = ""


class Volume(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Files that containers mount; one source is set."""

    name: str
    secret: SecretVolumeSource | None = None
    config_map: ConfigMapVolumeSource | None = None
    empty_dir: Mapping[str, Any] | None = None
    host_path: HostPathVolumeSource | None = None
    projected: Mapping[str, Any] | None = None
    downward_api: Mapping[str, Any] | None = msgspec.field(name="downwardAPI", default=None)


class VolumeMount(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where a container sees a volume."""

    name: str
    mount_path: str
    read_only: bool | None = None
    sub_path: str = ""
