"""Read manifest files: every Kubernetes object of a text, with the place where it stands."""

from collections.abc import Iterator
from typing import Any

import msgspec

from kubecapy.apimachinery.json_codec import DecodeError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.yaml_codec import Document, load_documents


class Manifest(msgspec.Struct, frozen=True):
    """One object as a person wrote it."""

    object: JsonObject
    """The decoded object; has `apiVersion` and `kind`."""
    source: str
    """Where the text came from, such as a file name."""
    line: int
    """Line of `source` where the object begins, counted from 1."""

    def __str__(self) -> str:
        """Return `source:line`."""
        return f"{self.source}:{self.line}"


def load_manifests(text: str, source: str) -> list[Manifest]:
    """Return the objects of the YAML or JSON `text` in their order; empty documents are skipped.

    A `List`, an `XList` and a bare `items:` list without a kind, as the machines.yaml of Cluster API v1alpha1 is
    written, stand for their entries. An entry of an `XList` that names no kind is an `X`.

    Raises:
        DecodeError: the text is not YAML, or an object is no mapping or lacks its kind or apiVersion; the message
            names `source` and line.
    """
    try:
        documents = load_documents(text)
    except DecodeError as error:
        raise DecodeError("", f"{source}: {error}") from error
    return [manifest for document in documents for manifest in _flatten(document, source)]


def _flatten(document: Document, source: str) -> Iterator[Manifest]:
    if document.value is None:
        return
    yield from _objects(document.value, Place(source, document.line), document.item_lines)


class Place(msgspec.Struct, frozen=True):
    """A line of a text."""

    source: str
    line: int

    def refusal(self, message: str) -> DecodeError:
        """Return the error that says `message` about this place."""
        return DecodeError("", f"{self.source}:{self.line}: {message}")


def _objects(value: Any, place: Place, item_lines: tuple[int, ...]) -> Iterator[Manifest]:
    if not isinstance(value, dict):
        raise place.refusal("expected a Kubernetes object, a mapping with apiVersion and kind")
    if not _is_list(value):
        _require_text(value, "apiVersion", place)
        _require_text(value, "kind", place)
        yield Manifest(value, place.source, place.line)
        return
    for index, item in enumerate(value["items"]):
        line = item_lines[index] if index < len(item_lines) else place.line
        yield from _objects(_with_kind_of_list(item, value), Place(place.source, line), ())


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


def _require_text(value: JsonObject, field: str, place: Place) -> None:
    found = value.get(field)
    if not isinstance(found, str) or not found:
        raise place.refusal(f"the object has no {field}; add it, as in `{_EXAMPLES[field]}`")


_EXAMPLES = {"apiVersion": 'apiVersion: "cluster.k8s.io/v1alpha1"', "kind": "kind: Machine"}
