"""Read the files that a cluster is created from.

Source of the rules: Cluster API v0.1.10, cmd/clusterctl; a bare `items:` list is accepted as the tool of 2019-03 did.
A control plane is a Machine whose `spec.versions.controlPlane` is set; every other Machine is a worker.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from kubecapy.api.cluster.v1alpha1 import API_VERSION, GROUP
from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.objects.manifest_files import read_manifests

DEFAULT_NAMESPACE = "default"


class InputFiles(msgspec.Struct, frozen=True):
    """Paths as the person gave them."""

    cluster: Path
    machines: Path
    components: Path
    addons: Path | None = None
    bootstrap_only: Path | None = None


class Inputs(msgspec.Struct, frozen=True):
    """Everything that a cluster is created from; nothing was asked of any server yet."""

    cluster: Manifest
    machines: tuple[Manifest, ...]
    """In the order of the file; at least one is a control plane."""
    components: tuple[JsonObject, ...]
    addons: tuple[JsonObject, ...]
    bootstrap_only: tuple[JsonObject, ...]
    ignored: tuple[str, ...]
    """One sentence for each object of the machines file that is not used."""

    @property
    def key(self) -> ObjectKey:
        """Namespace and name of the Cluster."""
        metadata = self.cluster.object["metadata"]
        return ObjectKey(metadata.get("namespace") or DEFAULT_NAMESPACE, metadata["name"])


def read_inputs(files: InputFiles) -> Inputs:
    """Read and take apart every file.

    Raises:
        ClusterctlError: a file cannot be read, the Cluster or a control plane is missing, or a Machine names another
            namespace than its Cluster.
        DecodeError: a file is no YAML, or an object lacks its kind; the message names file and line.
    """
    cluster = find_cluster(read_manifests(files.cluster), files.cluster)
    found = read_manifests(files.machines)
    machines = find_machines(found, files.machines)
    namespace = cluster.object["metadata"].get("namespace") or DEFAULT_NAMESPACE
    for machine in machines:
        _refuse_other_namespace(machine, namespace)
    return Inputs(
        cluster,
        tuple(machines),
        _objects(files.components),
        _objects(files.addons),
        _objects(files.bootstrap_only),
        tuple(_ignored(found)),
    )


def find_cluster(manifests: Sequence[Manifest], path: Path) -> Manifest:
    """Return the first Cluster of `manifests`, which came from `path`."""
    for manifest in manifests:
        if _is(manifest, "Cluster"):
            _require_name(manifest, allow_generated=False)
            return manifest
    raise ClusterctlError(f"{path} holds no Cluster of {API_VERSION}; expected one object with kind: Cluster")


def find_machines(manifests: Sequence[Manifest], path: Path) -> list[Manifest]:
    """Return the Machines of `manifests`, which came from `path`; at least one is a control plane."""
    machines = [manifest for manifest in manifests if _is(manifest, "Machine")]
    for machine in machines:
        _require_name(machine, allow_generated=True)
    control_planes = sum(1 for machine in machines if is_control_plane_manifest(machine))
    if not control_planes:
        raise ClusterctlError(
            f"{path}: expected one or more control plane machines, got: {control_planes}; "
            "set spec.versions.controlPlane on one of its Machines"
        )
    return machines


def is_control_plane_manifest(manifest: Manifest) -> bool:
    """Return whether the Machine of `manifest` is a control plane."""
    spec = manifest.object.get("spec") or {}
    return isinstance(spec, dict) and bool((spec.get("versions") or {}).get("controlPlane"))


def _is(manifest: Manifest, kind: str) -> bool:
    return (manifest.object["apiVersion"], manifest.object["kind"]) == (API_VERSION, kind)


def _require_name(manifest: Manifest, *, allow_generated: bool) -> None:
    metadata = manifest.object.get("metadata")
    named = isinstance(metadata, dict) and (metadata.get("name") or (allow_generated and metadata.get("generateName")))
    if not named:
        expected = "metadata.name or metadata.generateName" if allow_generated else "metadata.name"
        raise ClusterctlError(f"{manifest}: the {manifest.object['kind']} has no name; set {expected}")


def _refuse_other_namespace(machine: Manifest, namespace: str) -> None:
    own = machine.object["metadata"].get("namespace") or namespace
    if own != namespace:
        raise ClusterctlError(
            f'{machine}: metadata.namespace is "{own}", but the Cluster lives in "{namespace}"; '
            "a Machine lives beside its Cluster"
        )


def _ignored(manifests: Sequence[Manifest]) -> list[str]:
    """Say what looks like a wish and is none here; Clusters and foreign kinds may stand in one unified file."""
    return [
        f"{manifest}: the {manifest.object['kind']} is ignored: only Machines are created from this file"
        for manifest in manifests
        if manifest.object["apiVersion"].startswith(f"{GROUP}/")
        and manifest.object["kind"] not in ("Machine", "Cluster")
    ]


def _objects(path: Path | None) -> tuple[JsonObject, ...]:
    return tuple(manifest.object for manifest in read_manifests(path)) if path else ()
