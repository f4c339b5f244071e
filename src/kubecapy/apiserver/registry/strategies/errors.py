"""Word wrong fields of stored objects."""

from kubecapy.apimachinery.field_errors import forbidden, invalid, not_supported, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read

__all__ = ["forbidden", "invalid", "not_supported", "required", "unchanged"]


def unchanged(obj: JsonObject, old: JsonObject | None, *path: str) -> list[FieldError]:
    """Return the error for a field that differs from the stored one, though it may not change."""
    if old is None or read(obj, *path) == read(old, *path):
        return []
    return [invalid(".".join(path), read(obj, *path), "field is immutable")]
