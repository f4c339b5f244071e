"""Look at the objects of all files together: what no server can say of one of them alone.

Everything here is a warning: an object that is missing in the files may be in the cluster already.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import (
    CLUSTER_NAME_LABEL,
    CLUSTERS,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
)
from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.selectors import label_selector_from_object
from kubecapy.clusterctl.inputs.checks.findings import Finding, about, describe, kind_of

DEFAULT_NAMESPACE = "default"
_SETS = (MACHINE_SETS.gvk, MACHINE_DEPLOYMENTS.gvk)


class _Labelled(msgspec.Struct, frozen=True):
    """A Machine, or what makes Machines, and the labels that they have."""

    manifest: Manifest
    labels_path: str
    labels: Mapping[str, str]
    is_control_plane: bool

    @property
    def namespace(self) -> str:
        """Where the Machines live."""
        return _namespace(self.manifest.object)


def check_relations(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Yield what is odd about the objects of `manifests` together; each of them is right in itself."""
    yield from _check_doubles(manifests)
    clusters = [_key(manifest.object) for manifest in manifests if kind_of(manifest.object) == CLUSTERS.gvk]
    machines = [found for manifest in manifests if (found := _labelled(manifest)) is not None]
    if clusters:
        for machine in machines:
            yield from _check_membership(machine, clusters)
        yield from _check_control_planes(manifests, machines)
    yield from _check_selectors(manifests)


def _check_doubles(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Warn of a second object of one kind and name: applied, it replaces the first; created, it is refused."""
    first: dict[tuple[str, str, str, str], Manifest] = {}
    for manifest in manifests:
        gvk, (namespace, name) = kind_of(manifest.object), _key(manifest.object)
        if not name:
            continue
        known = first.setdefault((gvk.group, gvk.kind, namespace, name), manifest)
        if known is not manifest:
            message = f"{describe(manifest.object)} is there already, at {known.place_of('metadata.name')}"
            yield about(manifest, "metadata.name", message, "warning")


def _check_membership(machine: _Labelled, clusters: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    named = machine.labels.get(CLUSTER_NAME_LABEL, "")
    beside = sorted(name for namespace, name in clusters if namespace == machine.namespace)
    if named and named not in beside:
        place = "is not in the files" if beside else f'is not in namespace "{machine.namespace}" of the files'
        path = f"{machine.labels_path}.{CLUSTER_NAME_LABEL}"
        yield about(machine.manifest, path, f'Cluster "{named}" {place}', "warning")
    if not named and len(beside) != 1:
        those = f"several Clusters: {', '.join(beside)}" if beside else "no Cluster"
        message = f'label {CLUSTER_NAME_LABEL} is missing, and namespace "{machine.namespace}" of the files has {those}'
        yield about(machine.manifest, machine.labels_path, message, "warning")


def _check_control_planes(manifests: Sequence[Manifest], machines: Sequence[_Labelled]) -> Iterator[Finding]:
    for manifest in manifests:
        if kind_of(manifest.object) != CLUSTERS.gvk:
            continue
        namespace, name = _key(manifest.object)
        own = [machine for machine in machines if machine.namespace == namespace and _may_belong(machine, name)]
        single = sum(1 for machine in own if kind_of(machine.manifest.object) == MACHINES.gvk)
        if single and not any(machine.is_control_plane for machine in own):
            message = f"none of its {single} Machines is a control plane: none has spec.versions.controlPlane"
            yield about(manifest, "", message, "warning")


def _may_belong(machine: _Labelled, cluster: str) -> bool:
    return machine.labels.get(CLUSTER_NAME_LABEL, cluster) == cluster


def _check_selectors(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Warn of sets that select each other's Machines: neither knows how many are its own."""
    by_place: dict[tuple[GroupVersionKind, str], list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        if kind_of(manifest.object) in _SETS:
            by_place[kind_of(manifest.object), _namespace(manifest.object)].append(manifest)
    for group in by_place.values():
        for manifest in group:
            selector = label_selector_from_object(manifest.object["spec"]["selector"])
            taken = [other for other in group if other is not manifest and selector.matches(_template_labels(other))]
            if taken:
                names = ", ".join(f"{describe(other.object)} ({other})" for other in taken)
                message = f"selects the Machines of {names} too; give each its own labels"
                yield about(manifest, "spec.selector", message, "warning")


def _labelled(manifest: Manifest) -> _Labelled | None:
    gvk, obj = kind_of(manifest.object), manifest.object
    if gvk == MACHINES.gvk:
        labels = obj["metadata"].get("labels") or {}
        return _Labelled(manifest, "metadata.labels", labels, _is_control_plane(obj["spec"]))
    if gvk in _SETS:
        template = obj["spec"]["template"]
        labels = _template_labels(manifest)
        return _Labelled(manifest, "spec.template.metadata.labels", labels, _is_control_plane(template["spec"]))
    return None


def _template_labels(manifest: Manifest) -> Mapping[str, str]:
    labels: Mapping[str, str] = (manifest.object["spec"]["template"].get("metadata") or {}).get("labels") or {}
    return labels


def _is_control_plane(spec: JsonObject) -> bool:
    return bool((spec.get("versions") or {}).get("controlPlane"))


def _key(obj: JsonObject) -> tuple[str, str]:
    return _namespace(obj), str(obj["metadata"].get("name") or "")


def _namespace(obj: JsonObject) -> str:
    return str(obj["metadata"].get("namespace") or DEFAULT_NAMESPACE)
