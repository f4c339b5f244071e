"""Word wrong fields as the API server does; sources: k8s.io/apimachinery pkg/util/validation/field."""

from typing import Any

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read


def required(path: str, detail: str = "") -> FieldError:
    """Return the error for a field that must be there."""
    return FieldError(path, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def invalid(path: str, value: Any, detail: str) -> FieldError:  # Any: the JSON value that is wrong
    """Return the error for a value that breaks a rule."""
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {encode(value).decode()}: {detail}")


def forbidden(path: str, detail: str) -> FieldError:
    """Return the error for a field that must not be there, or must not change."""
    return FieldError(path, "FieldValueForbidden", f"Forbidden: {detail}")


def not_supported(path: str, value: str, supported: tuple[str, ...]) -> FieldError:
    """Return the error for a value outside a closed set."""
    listed = ", ".join(f'"{choice}"' for choice in supported)
    return FieldError(path, "FieldValueNotSupported", f'Unsupported value: "{value}": supported values: {listed}')


def unchanged(obj: JsonObject, old: JsonObject | None, *path: str) -> list[FieldError]:
    """Return the error for a field that differs from the stored one, though it may not change."""
    if old is None or read(obj, *path) == read(old, *path):
        return []
    return [invalid(".".join(path), read(obj, *path), "field is immutable")]
