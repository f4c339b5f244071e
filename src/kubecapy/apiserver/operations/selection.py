"""Decide which objects a list or a watch is about."""

from collections.abc import Mapping

import msgspec

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apimachinery.json_codec import decode
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apimachinery.selectors import FieldSelector, LabelSelector, parse_field_selector, parse_label_selector
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.storage.records import Record

_NAME, _NAMESPACE = "metadata.name", "metadata.namespace"


class _Labels(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labeled(msgspec.Struct):
    """The little of an object that label selectors see; decoding no more is ten times faster."""

    metadata: _Labels


class Selection(msgspec.Struct, frozen=True):
    """A namespace and selectors; an empty namespace means all of them."""

    kind: ServedKind
    namespace: str = ""
    labels: LabelSelector = LabelSelector()
    fields: FieldSelector = FieldSelector()

    @property
    def selects_all(self) -> bool:
        """Whether there are no selectors, so that only the namespace counts."""
        return self.labels.is_empty and self.fields.is_empty

    @property
    def name(self) -> str:
        """The one name that can match; empty where several can."""
        return next((value for path, op, value in self.fields.requirements if path == _NAME and op == "="), "")

    def matches(self, record: Record) -> bool:
        """Return whether the object of `record` is meant."""
        if self.namespace and record.key.namespace != self.namespace:
            return False
        if self.selects_all:
            return True
        return self.fields.matches(self._fields(record)) and (
            self.labels.is_empty or self.labels.matches(decode(record.data, _Labeled).metadata.labels or {})
        )

    def _fields(self, record: Record) -> Mapping[str, str]:
        values = {_NAME: record.key.name, _NAMESPACE: record.key.namespace}
        asked = [path for path, _, _ in self.fields.requirements if path not in values]
        if asked:
            obj = record.decode()
            values |= {path: self.kind.fields[path](obj) for path in asked}
        return values


def parse_selection(kind: ServedKind, namespace: str, labels: str, fields: str) -> Selection:
    """Return the selection of query parameters.

    Raises:
        BadRequest: a selector cannot be read, or names a field that the kind does not select by.
    """
    try:
        selection = Selection(kind, namespace, parse_label_selector(labels), parse_field_selector(fields))
    except ValueError as error:
        raise BadRequest(str(error)) from error
    for path, _, _ in selection.fields.requirements:
        if path not in kind.fields and path not in _general_fields(kind):
            raise BadRequest(_not_selectable(kind, path))
    return selection


def _general_fields(kind: ServedKind) -> tuple[str, ...]:
    """Return the fields that a kind can be selected by without naming any; both, for built-in kinds that name none."""
    return (_NAME, _NAMESPACE) if kind.namespaced or not (kind.fields or kind.is_custom) else (_NAME,)


def _not_selectable(kind: ServedKind, path: str) -> str:
    if kind.fields or kind.is_custom:
        return f"field label not supported: {path}"
    return f'{go_quote(path)} is not a known field selector: only "{_NAME}", "{_NAMESPACE}"'


def key_of_selection(selection: Selection) -> ObjectKey | None:
    """Return the one key that can match; None where several can."""
    if not selection.name or (selection.kind.namespaced and not selection.namespace):
        return None
    return ObjectKey(selection.namespace, selection.name)
