"""Keep Kubernetes objects that stand inside of custom resources whole: kind, apiVersion and metadata.

Such a place is marked `x-kubernetes-embedded-resource`. Its metadata is pruned to what metadata has, whatever the
schema says.

Source: pkg/apiserver/schema/objectmeta of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Callable, Iterator
from typing import Any

from kubecapy.apimachinery.field_errors import below, invalid, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_types import WrongType, read_as
from kubecapy.apimachinery.names import validate_dns1035_label
from kubecapy.apimachinery.schema.props import JSONSchemaProps, walk

MetadataCheck = Callable[[dict[str, Any]], list[FieldError]]
"""Returns what is wrong with the metadata of an object; paths begin with `metadata`."""
Coerce = Callable[[Any, str, list[str]], Any]
"""Returns a value with pruned metadata and appends the paths of unknown fields; raises MalformedMetadata."""
EmbeddedCheck = Callable[[Any, str, list[FieldError]], None]
"""Appends what is wrong with the objects in a value (at a path, to errors)."""


class MalformedMetadata(ValueError):
    """A field of an embedded object's metadata has the wrong type; `error` tells which."""

    def __init__(self, error: FieldError) -> None:
        """Keep the finding; the message is its sentence."""
        super().__init__(str(error))
        self.error = error


def compile_coerce(props: JSONSchemaProps) -> Coerce | None:
    """Return the function that prunes metadata at and below a place; None where no object is embedded."""
    if not any(child.embedded_resource for child in walk(props)):
        return None
    members = {name: compile_coerce(child) for name, child in props.properties.items()}
    additional = compile_coerce(props.additional) if props.additional is not None else None
    items = compile_coerce(props.item) if props.item is not None else None

    def coerce(value: Any, path: str, unknown: list[str]) -> Any:
        if isinstance(value, dict):
            kept = _coerce_resource(value, path, unknown) if props.embedded_resource else dict(value)
            for name, member in kept.items():
                is_named = name in members
                inner = members[name] if is_named else additional
                if inner is not None:
                    kept[name] = inner(member, _member_path(path, name, is_named=is_named), unknown)
            return kept
        if isinstance(value, list) and items is not None:
            return [items(item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
        return value

    return coerce


def compile_embedded(props: JSONSchemaProps, check_metadata: MetadataCheck) -> EmbeddedCheck | None:
    """Return the check of embedded objects at and below a place; None where there are none."""
    if not any(child.embedded_resource for child in walk(props)):
        return None
    members = {name: compile_embedded(child, check_metadata) for name, child in props.properties.items()}
    additional = compile_embedded(props.additional, check_metadata) if props.additional is not None else None
    items = compile_embedded(props.item, check_metadata) if props.item is not None else None

    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if isinstance(value, dict):
            if props.embedded_resource:
                errors.extend(_check_resource(value, path, check_metadata))
            for name, member in value.items():
                is_named = name in members
                inner = members[name] if is_named else additional
                if inner is not None:
                    inner(member, _member_path(path, name, is_named=is_named), errors)
        elif isinstance(value, list) and items is not None:
            for index, item in enumerate(value):
                items(item, f"{path}[{index}]", errors)

    return check


def coerce_resource(value: Any, path: str) -> Any:
    """Return an object with pruned metadata; what is no object stays as it is.

    Raises:
        MalformedMetadata: apiVersion or kind is no text, or a field of the metadata has the wrong type.
    """
    return _coerce_resource(value, path, []) if isinstance(value, dict) else value


def check_resource(value: Any, path: str, check_metadata: MetadataCheck) -> list[FieldError]:
    """Return what is wrong with an object: apiVersion, kind and metadata."""
    return list(_check_resource(value, path, check_metadata)) if isinstance(value, dict) else []


def _coerce_resource(value: dict[str, Any], path: str, unknown: list[str]) -> dict[str, Any]:
    kept = dict(value)
    for name in ("apiVersion", "kind"):
        if name in kept and not isinstance(kept[name], str):
            raise MalformedMetadata(invalid(_member_path(path, name), kept[name], "must be a string"))
    if "metadata" in kept:
        kept["metadata"] = _coerce_metadata(kept["metadata"], _member_path(path, "metadata"), unknown)
    return kept


def _coerce_metadata(metadata: Any, path: str, unknown: list[str]) -> Any:
    try:
        read = read_as(metadata, "meta/v1.ObjectMeta")
    except WrongType as error:
        raise MalformedMetadata(invalid(path, metadata, str(error))) from error
    unknown.extend(f"{path}.{place}" for place in read.unknown)
    return {name: value for name, value in read.value.items() if value is not None}


def _check_resource(value: dict[str, Any], path: str, check_metadata: MetadataCheck) -> Iterator[FieldError]:
    for name in ("apiVersion", "kind"):
        if name not in value:
            yield required(_member_path(path, name))
    if "apiVersion" in value:
        yield from _check_api_version(value["apiVersion"], _member_path(path, "apiVersion"))
    if "kind" in value:
        yield from _check_kind(value["kind"], _member_path(path, "kind"))
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        # A name need not be there; whether it is allowed is all that is asked.
        yield from (below(path, error) for error in check_metadata({"name": "fakename", **metadata}))


def _check_api_version(value: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield invalid(path, value, "must be a string")
    elif not value:
        yield invalid(path, value, "must not be empty")
    elif value.count("/") > 1:
        yield invalid(path, value, f"unexpected GroupVersion string: {value}")


def _check_kind(value: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield invalid(path, value, "must be a string")
    elif not value:
        yield invalid(path, value, "must not be empty")
    elif wrong := validate_dns1035_label(value.lower()):
        yield invalid(path, value, f"may have mixed case, but should otherwise match: {wrong}")


def _member_path(path: str, name: str, *, is_named: bool = True) -> str:
    if not is_named:
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name
