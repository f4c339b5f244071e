"""Plan the files in a pod's volumes."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.pods.containment import below
from kubecapy.local.pods.downward import pod_field
from kubecapy.local.pods.failures import PlanError
from kubecapy.local.pods.scope import PodScope
from kubecapy.local.pods.sources import SourceKind

_FILE_MODE = 0o644
_PRIVATE_MODE = 0o600
_KINDS = frozenset({"configMap", "downwardAPI", "emptyDir", "hostPath", "projected", "secret"})


class PlannedFile(msgspec.Struct, frozen=True):
    """A file to write before the processes start."""

    path: Path
    content: bytes
    mode: int

    def __repr__(self) -> str:
        """Show no content."""
        return f"PlannedFile({self.path}, {self.mode:o})"


def volume_files(volume: JsonObject, scope: PodScope) -> Iterator[PlannedFile]:
    """Yield the files in one volume.

    Raises:
        PlanError: it refers to something that is not there, is of an unknown kind, or a path leads out of it.
    """
    if not _KINDS & set(volume):
        kind = next((key for key in volume if key != "name"), "nothing")
        raise PlanError("InvalidVolume", f'volume "{volume["name"]}" of kind {kind} is not simulated')
    folder = scope.place.volume_folder(volume["name"])
    for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
        yield from _source_files(source, folder, scope)


def service_account_files(scope: PodScope) -> Iterator[PlannedFile]:
    """Yield what is mounted for the service account; nothing where no token is."""
    account = scope.sources.service_account
    if account is None:
        return
    folder = scope.place.service_account_folder
    yield PlannedFile(folder / "token", account.token.encode(), _PRIVATE_MODE)
    yield PlannedFile(folder / "ca.crt", account.ca, _FILE_MODE)
    yield PlannedFile(folder / "namespace", account.namespace.encode(), _FILE_MODE)


def _source_files(source: JsonObject, folder: Path, scope: PodScope) -> Iterator[PlannedFile]:
    account = scope.sources.service_account
    if "secret" in source:
        yield from _keyed_files("secret", source["secret"], folder, scope)
    elif "configMap" in source:
        yield from _keyed_files("configmap", source["configMap"], folder, scope)
    elif "downwardAPI" in source:
        for item in source["downwardAPI"].get("items") or ():
            content = pod_field(scope.pod, item["fieldRef"]["fieldPath"])
            yield PlannedFile(below(folder, item["path"]), content.encode(), _FILE_MODE)
    elif "serviceAccountToken" in source and account is not None:
        path = source["serviceAccountToken"].get("path", "token")
        yield PlannedFile(below(folder, path), account.token.encode(), _PRIVATE_MODE)


def _keyed_files(kind: SourceKind, source: JsonObject, folder: Path, scope: PodScope) -> Iterator[PlannedFile]:
    data = scope.sources.find(kind, source)
    if data is None:
        return
    # Kubernetes' default is 0644 inside a container; here the files lie on the person's own disk.
    default_mode = source.get("defaultMode", _PRIVATE_MODE if kind == "secret" else _FILE_MODE)
    for item in source.get("items") or [{"key": key, "path": key} for key in sorted(data)]:
        if item["key"] not in data:
            message = f"references non-existent {kind} key: {item['key']}"
            raise PlanError("CreateContainerConfigError", message)
        yield PlannedFile(below(folder, item["path"]), data[item["key"]], item.get("mode", default_mode))
