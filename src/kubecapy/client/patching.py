"""Write what changed between two values of one object, and nothing else.

A decoded object may have lost fields that a newer server knows, so it is never written back whole. Caveat: a merge
patch replaces lists whole; entries of a changed list lose fields that their type does not know.
"""

from typing import Any, TypeVar

import msgspec

from kubecapy.apimachinery.codec import encode, to_json_object
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.patches import diff_merge_patch
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Writer

T = TypeVar("T")


def object_patch(before: T, after: T) -> JsonObject:
    """Return the merge patch of everything but the status; `{}` when nothing changed."""
    return _without_status(_difference(before, after))


def status_patch(before: T, after: T) -> JsonObject:
    """Return the merge patch of the status, for the status subresource; `{}` when nothing changed."""
    return _status_alone(_difference(before, after))


class PatchHelper:
    """Writes the difference of two values of one object.

    Promises: at most one patch of the status and one of the rest are sent, nothing when the values are equal. A
    patch that touches a list carries the resourceVersion of `before`, so that nobody else's entry is overwritten.
    """

    def __init__(self, client: Writer) -> None:
        """Write through `client`."""
        self._client = client

    async def patch(self, resource: Resource[T], before: T, after: T) -> T:
        """Write what changed from `before` to `after`, and return the stored object; `after` when they are equal.

        Order: the status goes first, since the rest may remove the last finalizer and with it the object.

        Raises:
            Conflict: a list changed here, and the object changed elsewhere: read again, decide again.
            NotFound: the object is gone.
        """
        difference = _difference(before, after)
        if not difference:
            return after
        status, rest = _status_alone(difference), _without_status(difference)
        old = to_json_object(before)
        meta = old["metadata"]
        key = ObjectKey(meta.get("namespace", ""), meta["name"])
        is_conditional = _touches_list(old, status) or _touches_list(old, rest)
        revision = str(meta.get("resourceVersion", "")) if is_conditional else ""
        stored = after
        if status:
            stored = await self._client.patch(resource, key, _at(revision, status), subresource="status")
            revision = _revision_of(stored) if revision else ""
        if rest:
            stored = await self._client.patch(resource, key, _at(revision, rest))
        return stored


def _status_alone(patch: JsonObject) -> JsonObject:
    return {"status": patch["status"]} if "status" in patch else {}


def _without_status(patch: JsonObject) -> JsonObject:
    return {section: change for section, change in patch.items() if section != "status"}


def _difference(before: Any, after: Any) -> JsonObject:  # Any: Structs of one kind, or JSON objects
    # Most passes change nothing, and bytes compare in no time. A Python comparison would take True for 1.
    if encode(before) == encode(after):
        return {}
    patch = diff_merge_patch(_written(before), _written(after))
    return {section: change for section, change in patch.items() if change != {}}


def _written(obj: Any) -> JsonObject:  # Any: a Struct, or a JSON object
    """Return `obj` as JSON in which no section is left out for being empty.

    A patch that removes a section removes what its type does not know with it.
    """
    written = to_json_object(obj)
    return _with_sections(written, obj) if isinstance(obj, msgspec.Struct) else written


def _with_sections(written: JsonObject, value: msgspec.Struct) -> JsonObject:
    for name, key in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
        section = getattr(value, name)
        if isinstance(section, msgspec.Struct):
            written[key] = _with_sections(written.get(key, {}), section)
    return written


def _touches_list(old: Any, patch: Any) -> bool:  # Any: JSON values
    """Return whether `patch` sets a list, or removes one from `old`: an empty list is left out when it is written."""
    if isinstance(patch, dict):
        known = old if isinstance(old, dict) else {}
        return any(_touches_list(known.get(key), value) for key, value in patch.items())
    return _holds_list(old) if patch is None else isinstance(patch, list)


def _holds_list(value: Any) -> bool:  # Any: a JSON value
    if isinstance(value, dict):
        return any(_holds_list(item) for item in value.values())
    return isinstance(value, list)


def _at(revision: str, patch: JsonObject) -> JsonObject:
    """Return `patch`, conditional on `revision` unless that is empty."""
    if not revision:
        return patch
    return {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": revision}}


def _revision_of(stored: Any) -> str:  # Any: a Struct with metadata, or a JSON object
    if isinstance(stored, dict):
        return str(stored["metadata"]["resourceVersion"])
    return str(stored.metadata.resource_version)
