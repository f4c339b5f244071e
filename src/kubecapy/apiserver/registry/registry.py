"""Find served kinds by address, and let definitions add and remove them while the server runs."""

from collections.abc import Iterable, Iterator, Sequence

from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.storage.records import ResourceId

Address = tuple[str, str, str]
"""Group, version and plural."""


class Registry:
    """All served kinds. `generation` grows with each change, so that what is derived from it can be cached."""

    def __init__(self, builtin: Iterable[ServedKind]) -> None:
        """Start with the built-in kinds."""
        self._builtin = tuple(builtin)
        self._custom: dict[str, tuple[ServedKind, ...]] = {}
        self._by_address: dict[Address, ServedKind] = {}
        self._by_resource: dict[ResourceId, ServedKind] = {}
        self._by_kind: dict[GroupVersionKind, ServedKind] = {}
        self._groups: frozenset[tuple[str, str]] = frozenset()
        self.generation = 0
        """Grows with each change."""
        self._index()

    def __iter__(self) -> Iterator[ServedKind]:
        """Yield every served kind, built-in ones first."""
        return iter(self._by_address.values())

    def find(self, group: str, version: str, plural: str) -> ServedKind | None:
        """Return the kind at an address; None where nothing is served there."""
        return self._by_address.get((group, version, plural))

    def find_by_kind(self, gvk: GroupVersionKind) -> ServedKind | None:
        """Return the kind of that name; None where it is not served."""
        return self._by_kind.get(gvk)

    def storage_kind(self, resource: ResourceId) -> ServedKind | None:
        """Return a kind in the version that its objects are stored in; None where it is not served."""
        return self._by_resource.get(resource)

    def stored_kinds(self) -> Iterable[ServedKind]:
        """Return every kind that is stored, in the version of its storage."""
        return self._by_resource.values()

    def has_version(self, group: str, version: str) -> bool:
        """Return whether any kind is served in that group and version."""
        return (group, version) in self._groups

    def has_builtin_group(self, group: str) -> bool:
        """Return whether `group` is one of the built-in groups."""
        return any(kind.group == group for kind in self._builtin)

    def add_builtin(self, kind: ServedKind) -> None:
        """Serve one more built-in kind, whose rules need the registry itself."""
        self._builtin = (*self._builtin, kind)
        self._index()

    def set_custom(self, definition: str, kinds: Sequence[ServedKind]) -> None:
        """Serve `kinds` for the definition of that name instead of what it served before."""
        self._custom[definition] = tuple(kinds)
        self._index()

    def remove_custom(self, definition: str) -> None:
        """Serve nothing for the definition of that name any more."""
        self._custom.pop(definition, None)
        self._index()

    def _index(self) -> None:
        kinds = [*self._builtin, *(kind for name in sorted(self._custom) for kind in self._custom[name])]
        self._by_address = {(kind.group, kind.version, kind.plural): kind for kind in kinds}
        self._by_kind = {kind.gvk: kind for kind in kinds}
        self._by_resource = {
            kind.resource: kind for kind in kinds if kind.storage_version in ("", kind.version) and not kind.is_virtual
        }
        self._groups = frozenset((kind.group, kind.version) for kind in kinds)
        self.generation += 1
