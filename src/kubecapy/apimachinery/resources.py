"""Address a kind: its group, version, kind and plural, and the Python type that its objects decode to."""

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class GroupVersionKind(msgspec.Struct, frozen=True, order=True):
    """Type name and its address; the core group is the empty string."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """The `apiVersion` that objects of this kind carry: `v1` or `group/version`."""
        return f"{self.group}/{self.version}" if self.group else self.version


class Resource(msgspec.Struct, Generic[T], frozen=True):
    """How to reach objects of one kind over the API, and what they decode to."""

    group: str
    version: str
    kind: str
    plural: str
    type: Any
    """The Struct class of the kind, or `dict` for objects of unknown shape."""
    namespaced: bool = True

    @property
    def gvk(self) -> GroupVersionKind:
        """The kind's address."""
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return self.gvk.api_version

    @property
    def qualified_plural(self) -> str:
        """Plural and group as error messages name them: `machines.cluster.k8s.io`, `secrets`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, an object or a subresource; no trailing slash."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        tail = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}{scope}/{self.plural}{tail}"


def split_api_version(api_version: str) -> tuple[str, str]:
    """Return group and version of an `apiVersion`; the core group is the empty string."""
    group, _, version = api_version.rpartition("/")
    return group, version
