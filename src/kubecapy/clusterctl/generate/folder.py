"""Write the folder of manifests: cluster.yaml, machines.yaml and provider-components.yaml.

Source of the names and of what is overwritten: generate-yaml.sh of the OpenStack provider, 2019-04: the first two
files are a person's to edit and never overwritten; the third only with `--force-overwrite`.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from kubecapy.api.cluster.v1alpha1 import API_VERSION
from kubecapy.apimachinery.codec import dump_yaml
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.contract.provider import ProviderManifests
from kubecapy.local.private_files import write_file, write_private

CLUSTER_FILE = "cluster.yaml"
MACHINES_FILE = "machines.yaml"
COMPONENTS_FILE = "provider-components.yaml"


class WrittenFolder(msgspec.Struct, frozen=True):
    """What a call did in the folder."""

    written: Sequence[Path]
    kept: Sequence[Path]
    """Files that were there and stayed as they were."""


def refuse_overwriting(folder: Path, *, overwrite: bool) -> None:
    """Check that the components file may be written, before anything is made.

    Raises:
        ClusterctlError: it exists and `overwrite` is not set, or `folder` is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise ClusterctlError(f"{folder} is no folder; name another with --output-dir")
    components = folder / COMPONENTS_FILE
    if components.exists() and not overwrite:
        raise ClusterctlError(f"{components} exists; pass --force-overwrite to replace it or name another --output-dir")


def write_folder(folder: Path, manifests: ProviderManifests, components: Sequence[JsonObject]) -> WrittenFolder:
    """Write the three files; the components file, which holds credentials, is readable by its owner only.

    Raises:
        ClusterctlError: the folder cannot be written.
    """
    written: list[Path] = []
    kept: list[Path] = []
    machines = {"apiVersion": API_VERSION, "kind": "MachineList", "items": list(manifests.machines)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in ((CLUSTER_FILE, manifests.cluster), (MACHINES_FILE, machines)):
            path = folder / name
            if path.exists():
                kept.append(path)
                continue
            write_file(path, dump_yaml(document).encode())
            written.append(path)
        path = folder / COMPONENTS_FILE
        write_private(path, "---\n".join(dump_yaml(component) for component in components).encode())
        written.append(path)
    except OSError as error:
        raise ClusterctlError(f"cannot write {error.filename or folder}: {error.strerror}") from error
    return WrittenFolder(written, kept)
