"""Build the discovery documents: aggregated for kubectl of today, plain for everybody else.

Sources: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api; k8s.io/api apidiscovery/v2.
"""

from collections.abc import Callable, Iterable

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apiserver.discovery.versions import by_priority
from kubecapy.apiserver.published import Document, publish
from kubecapy.apiserver.registry.kinds import ServedKind, Subresource
from kubecapy.apiserver.registry.registry import Registry

_CUSTOM_ORDER = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


class Discovery:
    """Discovery documents of a registry, encoded once for each of its generations."""

    def __init__(self, registry: Registry) -> None:
        """Describe the kinds of `registry`."""
        self._registry = registry
        self._generation = -1
        self._cache: dict[str, Document] = {}

    def paths(self) -> list[str]:
        """Return the paths of all groups and versions."""
        groups = [f"/apis/{group}" for group in self._group_names() if group]
        versions = {
            f"/apis/{kind.gvk.api_version}" if kind.group else f"/api/{kind.version}" for kind in self._registry
        }
        return [*groups, *versions]

    def aggregated(self, *, core: bool) -> Document:
        """Return the APIGroupDiscoveryList of the core group, or of all named groups."""
        return self._cached(f"aggregated/{core}", lambda: self._aggregate(core=core))

    def core_versions(self) -> Document:
        """Return the plain document of `/api`."""
        return self._cached("api", lambda: {"kind": "APIVersions", "versions": ["v1"]})

    def groups(self) -> Document:
        """Return the plain document of `/apis`."""
        return self._cached("apis", self._groups)

    def group(self, group: str) -> Document | None:
        """Return the plain document of `/apis/<group>`; None where the group is not served."""
        if not group or group not in self._group_names():
            return None
        head = {"kind": "APIGroup", "apiVersion": "v1"}
        return self._cached(f"apis/{group}", lambda: head | self._group(group))

    def resources(self, group: str, version: str) -> Document | None:
        """Return the plain APIResourceList of a group and version; None where it is not served."""
        if not self._registry.has_version(group, version):
            return None
        return self._cached(f"resources/{group}/{version}", lambda: self._resources(group, version))

    def _cached(self, name: str, build: Callable[[], JsonObject]) -> Document:
        if self._generation != self._registry.generation:
            self._cache.clear()
            self._generation = self._registry.generation
        if name not in self._cache:
            self._cache[name] = publish(build())
        return self._cache[name]

    def _group_names(self) -> list[str]:
        return list(dict.fromkeys(kind.group for kind in self._registry))

    def _versions(self, group: str) -> list[str]:
        return by_priority({kind.version for kind in self._registry if kind.group == group})

    def _kinds(self, group: str, version: str) -> Iterable[ServedKind]:
        """Return the kinds of a group and version in the order of their plurals."""
        kinds = (kind for kind in self._registry if (kind.group, kind.version) == (group, version))
        return sorted(kinds, key=lambda kind: kind.plural)

    def _groups(self) -> JsonObject:
        groups = [self._group(group) for group in self._group_names() if group]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def _group(self, group: str) -> JsonObject:
        versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in self._versions(group)]
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def _resources(self, group: str, version: str) -> JsonObject:
        resources = []
        for kind in self._kinds(group, version):
            resources.append(_plain_resource(kind))
            resources += [_plain_subresource(kind, subresource) for subresource in _parts(kind)]
        group_version = f"{group}/{version}" if group else version
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": group_version,
            "resources": resources,
        }

    def _aggregate(self, *, core: bool) -> JsonObject:
        names = [name for name in self._group_names() if bool(name) != core]
        items = [self._aggregated_group(name) for name in names]
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items,
        }

    def _aggregated_group(self, group: str) -> JsonObject:
        metadata: JsonObject = {"name": group} if group else {}
        versions = [
            {
                "version": version,
                "resources": [_aggregated_resource(kind) for kind in self._kinds(group, version)],
                "freshness": "Current",
            }
            for version in self._versions(group)
        ]
        return {"metadata": metadata, "versions": versions}


def _plain_resource(kind: ServedKind) -> JsonObject:
    resource: JsonObject = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": _verbs(kind),
    }
    return resource | _names(kind)


def _plain_subresource(kind: ServedKind, subresource: Subresource) -> JsonObject:
    resource: JsonObject = {
        "name": f"{kind.plural}/{subresource.name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": subresource.kind.kind,
        "verbs": list(subresource.verbs),
    }
    if (subresource.kind.group, subresource.kind.version) != (kind.group, kind.version):
        resource |= {"group": subresource.kind.group, "version": subresource.kind.version}
    return resource


def _aggregated_resource(kind: ServedKind) -> JsonObject:
    resource: JsonObject = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind, kind.gvk),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": _verbs(kind),
    }
    if kind.subresources:
        resource["subresources"] = [
            {"subresource": entry.name, "responseKind": _response_kind(kind, entry.kind), "verbs": list(entry.verbs)}
            for entry in _parts(kind)
        ]
    return resource | _names(kind)


def _names(kind: ServedKind) -> JsonObject:
    names: JsonObject = {}
    if kind.short_names:
        names["shortNames"] = list(kind.short_names)
    if kind.categories:
        names["categories"] = list(kind.categories)
    return names


def _verbs(kind: ServedKind) -> list[str]:
    """Return the verbs in kube-apiserver's order, which is another one for custom kinds."""
    return sorted(kind.verbs, key=_CUSTOM_ORDER.index) if kind.is_custom else list(kind.verbs)


def _parts(kind: ServedKind) -> list[Subresource]:
    """Return the subresources of a kind in the order of their names."""
    return sorted(kind.subresources, key=lambda subresource: subresource.name)


def _response_kind(kind: ServedKind, gvk: GroupVersionKind) -> JsonObject:
    """Return what requests for a resource answer with; built-in ones leave out what the document says around them."""
    is_own = (gvk.group, gvk.version) == (kind.group, kind.version)
    if is_own and not kind.is_custom:
        return {"group": "", "version": "", "kind": gvk.kind}
    return {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
