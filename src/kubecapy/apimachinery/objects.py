"""Read the metadata of objects, whether they are Structs of a known kind or JSON objects of an unknown one."""

from typing import Any

from kubecapy.apimachinery.json_codec import convert
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta


def metadata_of(obj: Any) -> ObjectMeta:  # Any: a Struct with metadata, or a JSON object
    """Return the metadata of `obj`; empty where a JSON object has none.

    Raises:
        DecodeError: the metadata of a JSON object is malformed.
    """
    if isinstance(obj, dict):
        return convert(obj.get("metadata") or {}, ObjectMeta)
    meta: ObjectMeta = obj.metadata
    return meta


def object_key(obj: Any) -> ObjectKey:  # Any: a Struct with metadata, or a JSON object
    """Return the key of `obj`, without decoding more of a JSON object than that."""
    if isinstance(obj, dict):
        meta = obj.get("metadata") or {}
        return ObjectKey(meta.get("namespace", ""), meta.get("name", ""))
    return ObjectKey(obj.metadata.namespace, obj.metadata.name)


def revision_of(obj: Any) -> str:  # Any: a Struct with metadata, or a JSON object
    """Return the resourceVersion of `obj`; empty where it was never stored."""
    if isinstance(obj, dict):
        return str((obj.get("metadata") or {}).get("resourceVersion", ""))
    return str(obj.metadata.resource_version)
