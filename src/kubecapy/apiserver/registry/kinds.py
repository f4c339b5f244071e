"""Describe a served kind as data: its address, verbs, columns, selectable fields and write rules."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_types import type_of_kind
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import NameRule
from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apimachinery.schema import Schema
from kubecapy.apiserver.storage.records import ResourceId

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
STATUS_VERBS = ("get", "patch", "update")

ColumnType = Literal["string", "integer", "number", "boolean", "date"]
Cell = Callable[[JsonObject, datetime], Any]
"""Returns the JSON scalar that a table shows for an object at a time."""
Field = Callable[[JsonObject], str]
"""Returns the text that a field selector compares."""
Complete = Callable[[JsonObject], None]
"""Completes an object in place; the object belongs to the request that writes it."""
Validate = Callable[[JsonObject, JsonObject | None], list[FieldError]]
"""Returns what is wrong with an object, given its stored state (None on create)."""


class Column(msgspec.Struct, frozen=True):
    """One column of a kind's table."""

    name: str
    cell: Cell
    description: str = ""
    type: ColumnType = "string"
    format: str = ""
    priority: int = 0
    """0 is always shown, 1 only with `-o wide`."""


class Subresource(msgspec.Struct, frozen=True):
    """A part or an action of an object, reached below its path."""

    name: str
    kind: GroupVersionKind
    """What its requests and replies carry."""
    verbs: tuple[str, ...] = STATUS_VERBS


class ScalePaths(msgspec.Struct, frozen=True):
    """Where a kind keeps what `scale` shows: paths of keys from the object's root."""

    spec_replicas: tuple[str, ...] = ("spec", "replicas")
    status_replicas: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ("spec", "selector")
    """A label selector object, or its text; empty where the kind has none."""


def _nothing(_obj: JsonObject) -> None:
    """Complete nothing."""


def _keep_nothing(_obj: JsonObject, _old: JsonObject) -> None:
    """Keep nothing."""


def _no_errors(_obj: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    return []


def _no_warnings(_obj: JsonObject, _old: JsonObject | None) -> list[str]:
    return []


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """How objects of a kind are written, beyond what holds for all kinds."""

    name_rule: NameRule = "subdomain"
    has_status: bool = False
    """Whether writes of the object leave its status alone, and writes of the status all else."""
    is_made_with_status: bool = False
    """Whether a new object keeps the status that it was sent with, as that of a kubelet's node."""
    has_generation: bool = False
    """Whether `metadata.generation` counts the changes of what a person wishes."""
    needs_resource_version: bool = False
    """Whether an update must say which state it is based on."""
    creates_on_update: bool = False
    """Whether an update of an absent object makes it."""
    prepare_create: Complete = _nothing
    """Completes a new object."""
    keep: Callable[[JsonObject, JsonObject], None] = _keep_nothing
    """Gives a changed object, in place, what of the stored one only the server's own parts may change."""
    default: Complete = _nothing
    """Fills absent fields of a new or changed object."""
    validate: Validate = _no_errors
    """Checks an object before it is stored."""
    validate_status: Validate | None = None
    """Checks an object of which the status alone was written; None where `validate` does."""
    warn: Callable[[JsonObject, JsonObject | None], list[str]] = _no_warnings
    """Returns what the sender of an accepted object should know, given its stored state (None on create)."""
    status_takes_metadata: bool = False
    """Whether writes of the status take the metadata too, as those of definitions do."""
    grace_seconds: Callable[[JsonObject, int | None], int] | None = None
    """Returns how long a deleted object stays, given the seconds asked for; None where kinds go at once."""
    is_undeletable: Callable[[JsonObject], str] | None = None
    """Returns why an object may not be deleted, empty where it may."""
    is_held: Callable[[JsonObject], bool] = lambda _obj: False
    """Returns whether something beyond `metadata.finalizers` keeps a deleted object."""
    is_deleted_gracefully: bool = True
    """Whether the start of a deletion sets a grace period and counts as a change of what a person wishes."""
    has_dependents: bool = True
    """Whether a deletion may wait for dependents, or orphan them; kinds without always go in the background."""
    returns_deleted: bool = False
    """Whether the reply to a deletion is the object even where it is gone."""
    prepare_delete: Complete = _nothing
    """Changes an object whose deletion begins but has to wait."""
    companions: Callable[[JsonObject], Sequence[tuple[ResourceId, JsonObject]]] = lambda _obj: ()
    """Returns what is created together with an object."""


class ServedKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind in one version, as clients reach it."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    list_kind: str = ""
    """Empty means the kind with `List` behind it."""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()
    columns: tuple[Column, ...] = ()
    """Without the leading name, unless `names_itself`."""
    names_itself: bool = False
    """Whether `columns` say where the name stands, instead of it leading."""
    fields: Mapping[str, Field] = msgspec.field(default_factory=dict)
    """Selectable fields beyond metadata.name and metadata.namespace."""
    strategy: Strategy = Strategy()
    scale: ScalePaths | None = None
    description: str = ""
    openapi: JsonObject = msgspec.field(default_factory=dict)
    """The schema as OpenAPI publishes it."""
    schema: Schema | None = None
    """The schema that writes are checked with; None where only the strategy checks them."""
    storage_version: str = ""
    """The version that objects are stored in; empty means `version`."""
    stored_versions: tuple[str, ...] = ()
    """Every version that objects may be stored in still; empty means the one above."""
    storage_schema: Schema | None = None
    """The schema of that version, where it is another one."""
    is_custom: bool = False
    """Whether a CustomResourceDefinition made it."""
    is_terminating: bool = False
    """Whether its definition is being deleted, so that nothing new can be created."""
    warning: str = ""
    """What every client of this version is told; empty where it is not deprecated."""
    is_virtual: bool = False
    """Whether it is created for an answer and never stored, as reviews are."""

    @property
    def resource(self) -> ResourceId:
        """The collection that its objects are stored in."""
        return ResourceId(self.group, self.plural)

    @property
    def gvk(self) -> GroupVersionKind:
        """The kind's address."""
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def go_type(self) -> str:
        """The Go type that its objects are in kube-apiserver; custom kinds have none."""
        return "" if self.is_custom else type_of_kind(self.gvk)

    @property
    def api_version(self) -> str:
        """The `apiVersion` that its objects carry."""
        return self.gvk.api_version

    @property
    def collection_kind(self) -> str:
        """The kind of its lists."""
        return self.list_kind or f"{self.kind}List"

    @property
    def qualified_plural(self) -> str:
        """Plural and group as error messages name them."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def find_subresource(self, name: str) -> Subresource | None:
        """Return the subresource called `name`; None where the kind has none."""
        return next((subresource for subresource in self.subresources if subresource.name == name), None)


def status_of(group: str, version: str, kind: str) -> Subresource:
    """Return the status subresource of a kind."""
    return Subresource("status", GroupVersionKind(group, version, kind))


def scale_subresource() -> Subresource:
    """Return the scale subresource, which speaks autoscaling/v1 for every kind."""
    return Subresource("scale", GroupVersionKind("autoscaling", "v1", "Scale"))
