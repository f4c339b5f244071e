"""Read manifest files: every Kubernetes object of a text, with the place where it stands."""

from collections.abc import Iterator
from typing import Any

import msgspec

from kubecapy.apimachinery.json_codec import DecodeError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.yaml_codec import YamlError, scan_documents
from kubecapy.apimachinery.yaml_lines import FieldLines


class Manifest(msgspec.Struct, frozen=True):
    """One object as a person wrote it."""

    object: JsonObject
    """The decoded object; has `apiVersion` and `kind`."""
    source: str
    """Where the text came from, such as a file name."""
    lines: FieldLines
    """Where its fields stand in that text."""

    def __str__(self) -> str:
        """Return `source:line`, where the object begins."""
        return f"{self.source}:{self.lines.line}"

    def place_of(self, path: str) -> str:
        """Return `source:line` of the field at `path`, or of what it is missing in."""
        return f"{self.source}:{self.lines.find(path)}"


class Flaw(msgspec.Struct, frozen=True):
    """A part of a text that is no object."""

    source: str
    line: int
    """Counted from 1."""
    message: str
    """Why, and what was expected."""

    def __str__(self) -> str:
        """Return `source:line: message`."""
        return f"{self.source}:{self.line}: {self.message}"


def load_manifests(text: str, source: str) -> list[Manifest]:
    """Return the objects of the YAML or JSON `text` in their order; empty documents are skipped.

    A `List`, an `XList` and a bare `items:` list without a kind, as the machines.yaml of Cluster API v1alpha1 is
    written, stand for their entries. An entry of an `XList` that names no kind is an `X`.

    Raises:
        DecodeError: the text is not YAML, or an object is no mapping or lacks its kind or apiVersion; the message
            names `source` and line.
    """
    manifests = []
    for found in scan_manifests(text, source):
        if isinstance(found, Flaw):
            raise DecodeError("", str(found))
        manifests.append(found)
    return manifests


def scan_manifests(text: str, source: str) -> Iterator[Manifest | Flaw]:
    """Yield what `load_manifests` returns, and in its place whatever keeps a part of `text` from being an object."""
    for document in scan_documents(text):
        if isinstance(document, YamlError):
            yield Flaw(source, document.line, document.sentence)
        elif document.value is not None:
            yield from _objects(document.value, source, document.lines)


def _objects(value: Any, source: str, lines: FieldLines) -> Iterator[Manifest | Flaw]:
    if not isinstance(value, dict):
        yield Flaw(source, lines.line, "expected a Kubernetes object, a mapping with apiVersion and kind")
    elif _is_list(value):
        entries = lines.items()
        for index, item in enumerate(value["items"]):
            # A merge key may replace the list that stands in the text.
            item_lines = entries[index] if index < len(entries) else lines
            yield from _objects(_with_kind_of_list(item, value), source, item_lines)
    elif missing := next((field for field in _EXAMPLES if not _is_text(value.get(field))), None):
        yield Flaw(source, lines.line, f"the object has no {missing}; add it, as in `{_EXAMPLES[missing]}`")
    else:
        yield Manifest(value, source, lines)


def _is_list(value: JsonObject) -> bool:
    kind = value.get("kind")
    is_list_kind = kind is None or (isinstance(kind, str) and kind.endswith("List"))
    return is_list_kind and isinstance(value.get("items"), list)


def _with_kind_of_list(item: Any, parent: JsonObject) -> Any:
    """Return `item` with the kind that a typed list implies: an API server leaves it out of a list's entries."""
    kind = str(parent.get("kind", "")).removesuffix("List")
    if not kind or not isinstance(item, dict) or "kind" in item:
        return item
    return {"apiVersion": parent.get("apiVersion"), "kind": kind, **item}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_EXAMPLES = {"apiVersion": 'apiVersion: "cluster.k8s.io/v1alpha1"', "kind": "kind: Machine"}
"""Field that every object has, and how it is written."""
