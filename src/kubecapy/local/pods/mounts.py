"""Find the folders behind a container's mount points."""

import re
from collections.abc import Mapping
from pathlib import Path

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.pods.containment import below
from kubecapy.local.pods.failures import PlanError
from kubecapy.local.pods.scope import PodScope

SERVICE_ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def host_folders(scope: PodScope) -> Mapping[str, Path]:
    """Return the folder of each `hostPath` volume, by the volume's name.

    Raises:
        PlanError: there is no host whose paths could be meant.
    """
    found: dict[str, Path] = {}
    for volume in scope.pod["spec"].get("volumes") or ():
        if "hostPath" not in volume:
            continue
        if scope.place.guest_root is None:
            raise PlanError("InvalidVolume", f'volume "{volume["name"]}" is a hostPath, but there is no host')
        parts = [part for part in volume["hostPath"]["path"].split("/") if part not in ("", ".", "..")]
        found[volume["name"]] = scope.place.guest_root.joinpath(*parts)
    return found


def mounts_of(container: JsonObject, scope: PodScope) -> Mapping[str, Path]:
    """Return the folder of each mount point.

    Raises:
        PlanError: there is no host whose paths could be meant, or a `subPath` leads out of its volume.
    """
    hosts = host_folders(scope)
    found: dict[str, Path] = {}
    if scope.sources.service_account is not None:
        found[SERVICE_ACCOUNT_MOUNT] = scope.place.service_account_folder
    for mount in container.get("volumeMounts") or ():
        base = hosts.get(mount["name"], scope.place.volume_folder(mount["name"]))
        found[mount["mountPath"].rstrip("/") or "/"] = below(base, mount.get("subPath", ""))
    return found


def rewrite(text: str, mounts: Mapping[str, Path]) -> str:
    """Return `text` with every mount point that stands in it as a path replaced by its folder, longest first."""
    if not mounts:
        return text
    choices = "|".join(re.escape(path) for path in sorted(mounts, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])(?:{choices})(?=/|$|[\s:,;\"'])", lambda found: str(mounts[found.group()]), text)
