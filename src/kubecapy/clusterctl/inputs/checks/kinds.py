"""Know kinds by what defines them: CustomResourceDefinitions, and the Go types of Kubernetes' own.

Limit: of Kubernetes' own kinds, the fields and their types are known, and not the rules between them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Protocol

from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.fields import FieldError, unknown_field
from kubecapy.apimachinery.go_types import WrongType, element_of, flat_fields, form_of, read_as, type_of_kind
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.schema import Schema
from kubecapy.apimachinery.schema.wording import NOT_CHECKED
from kubecapy.clusterctl.inputs.checks.definitions import DEFINITION, read_definition, schemas_of
from kubecapy.clusterctl.inputs.checks.findings import kind_of


class KnownKind(Protocol):
    """What is known of one kind."""

    def check(self, obj: JsonObject) -> Sequence[FieldError]:
        """Return what is wrong with the fields of `obj` but for its metadata."""
        ...


class KnownKinds:
    """Our kinds, those that other definitions define, and Kubernetes' own."""

    def __init__(self, definitions: Iterable[JsonObject]) -> None:
        """Take CustomResourceDefinitions, which count before our own; a wrong one defines nothing."""
        self._schemas = {**_our_schemas(), **schemas_of(definitions)}

    def find(self, gvk: GroupVersionKind) -> KnownKind | None:
        """Return what is known of a kind; None where nothing is."""
        if gvk in self._schemas:
            return _CustomKind(self._schemas[gvk])
        type_ = type_of_kind(gvk)
        return _BuiltInKind(gvk, type_) if type_ else None

    def is_custom(self, gvk: GroupVersionKind) -> bool:
        """Return whether a definition defines the kind."""
        return gvk in self._schemas

    def kinds_of_group(self, group: str) -> Sequence[GroupVersionKind]:
        """Return the kinds of a group that definitions define."""
        return sorted(gvk for gvk in self._schemas if gvk.group == group)


def known_kinds(objects: Iterable[JsonObject] = ()) -> KnownKinds:
    """Return our kinds, and those of the CustomResourceDefinitions among `objects`."""
    return KnownKinds(obj for obj in objects if kind_of(obj) == DEFINITION)


@cache
def _our_schemas() -> Mapping[GroupVersionKind, Schema]:
    """Compile our definitions, once in a process: some 0.2 s."""
    return schemas_of(custom_resource_definitions())


class _CustomKind:
    """A kind with a structural schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def check(self, obj: JsonObject) -> Sequence[FieldError]:
        pruned, _ = self._schema.prune(obj)
        wrong = self._schema.validate(self._schema.default(pruned))
        # Metadata has rules of its own, and what the last sentence says stands in the help of the command.
        unknown = [error for error in self._schema.find_unknown(obj) if not error.path.startswith("metadata.")]
        return [*unknown, *(error for error in wrong if error != NOT_CHECKED)]


class _BuiltInKind:
    """A kind of Kubernetes itself, by its Go type."""

    def __init__(self, gvk: GroupVersionKind, type_: str) -> None:
        self._gvk = gvk
        self._type = type_

    def check(self, obj: JsonObject) -> Sequence[FieldError]:
        errors = self._check_type(obj)
        if self._gvk == DEFINITION:
            errors += [error for kind in read_definition(obj) for error in kind.errors]
        return errors

    def _check_type(self, obj: JsonObject) -> list[FieldError]:
        try:
            unknown = read_as(obj, self._type).unknown
        except WrongType as error:
            return [FieldError(".".join(error.fields), "FieldValueTypeInvalid", str(error))]
        return [self._unknown(path) for path in unknown if not path.startswith("metadata.")]

    def _unknown(self, path: str) -> FieldError:
        parent, _, name = path.rpartition(".")
        return unknown_field(parent, name, _names_at(self._type, parent))


def _names_at(type_: str, path: str) -> Sequence[str]:
    """Return the names of the fields at `path` of a type; none where the path leads through a map."""
    for name in path.split(".") if path else ():
        fields = _fields_in(type_)
        plain = name.partition("[")[0]
        if plain not in fields:
            return ()
        type_ = fields[plain]
    return tuple(_fields_in(type_))


def _fields_in(type_: str) -> Mapping[str, str]:
    """Return the types of the fields, by name, of the struct that pointers and lists of `type_` lead to."""
    while form_of(type_) in ("pointer", "list"):
        type_ = element_of(type_)
    if form_of(type_) != "struct":
        return {}
    return {name: field.type for name, field in flat_fields(type_).items()}
