"""Read what a request to the API in memory asks for: selectors, patches, paths."""

import json
from collections.abc import Callable
from typing import Any

from kubecapy.apimachinery.errors import BadRequest, Invalid, NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.patches import PatchError, apply_json_patch, apply_merge_patch, apply_strategic_merge_patch
from kubecapy.apimachinery.resources import GroupVersionKind, Resource
from kubecapy.apimachinery.selectors import parse_field_selector, parse_label_selector
from kubecapy.client.interfaces import PatchBody, PatchType


def selection(namespace: str, labels: str, fields: str) -> Callable[[JsonObject], bool]:
    """Return whether an object is selected, as a function; BadRequest where a selector is malformed."""
    try:
        label_selector, field_selector = parse_label_selector(labels), parse_field_selector(fields)
    except ValueError as error:
        raise BadRequest(str(error)) from error

    def selects(obj: JsonObject) -> bool:
        meta = obj["metadata"]
        if namespace not in ("", meta.get("namespace", "")):
            return False
        return label_selector.matches(meta.get("labels", {})) and (
            field_selector.is_empty or field_selector.matches(fields_of(obj))
        )

    return selects


def patched(old: JsonObject, patch: PatchBody, patch_type: PatchType, gvk: GroupVersionKind) -> JsonObject:
    """Return `old` with `patch` applied; Invalid where it does not fit."""
    try:
        if isinstance(patch, list):
            return apply_json_patch(old, patch)
        if patch_type == "strategic":
            return apply_strategic_merge_patch(old, patch, gvk)
        return apply_merge_patch(old, patch)
    except PatchError as error:
        raise Invalid(str(error)) from error


def address_of(path: str) -> tuple[Resource[JsonObject], ObjectKey]:
    """Return kind and key of the path of an object."""
    parts = path.strip("/").split("/")
    group, version, *rest = ("", *parts[1:]) if parts[0] == "api" else parts[1:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, *rest = rest[1:]
    if len(rest) != 2:
        raise NotFound("the server could not find the requested resource")
    return Resource(group, version, "", rest[0], dict, namespaced=bool(namespace)), ObjectKey(namespace, rest[1])


def fields_of(obj: JsonObject) -> dict[str, str]:
    """Return every scalar of `obj` by its path, for field selectors."""
    flat: dict[str, str] = {}
    pending: list[tuple[str, Any]] = [("", obj)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending.extend((f"{path}.{key}" if path else key, item) for key, item in value.items())
        elif not isinstance(value, list):
            flat[path] = value if isinstance(value, str) else json.dumps(value)
    return flat
