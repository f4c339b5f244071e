"""Word wrong fields as the API server does; source: k8s.io/apimachinery pkg/util/validation/field."""

from collections.abc import Sequence
from typing import Any, Final

from kubecapy.apimachinery.fields import FieldError, FieldErrorType
from kubecapy.apimachinery.go_text import go_quote, go_value

NO_PATH: Final = "<nil>"
"""How the path of a whole object is written."""
OMITTED: Final = object()
"""Stands for a value that a message does not show."""


def required(path: str, detail: str = "") -> FieldError:
    """Return the error for a field that must be there."""
    return FieldError(path, "FieldValueRequired", _sentence("Required value", detail))


def invalid(path: str, value: Any, detail: str) -> FieldError:  # Any: the JSON value that is wrong
    """Return the error for a value that breaks a rule."""
    return _about_value(path, "FieldValueInvalid", "Invalid value", value, detail)


def type_invalid(path: str, value: Any, detail: str) -> FieldError:  # Any: the JSON value that is wrong
    """Return the error for a value of another type or format than its schema's."""
    return _about_value(path, "FieldValueTypeInvalid", "Invalid value", value, detail)


def duplicate(path: str, value: Any, detail: str = "") -> FieldError:  # Any: the JSON value that is there twice
    """Return the error for a value that stands in its collection already."""
    return _about_value(path, "FieldValueDuplicate", "Duplicate value", value, detail)


def forbidden(path: str, detail: str) -> FieldError:
    """Return the error for a field that must not be there, or must not change."""
    return FieldError(path, "FieldValueForbidden", _sentence("Forbidden", detail))


def not_supported(path: str, value: Any, supported: Sequence[str]) -> FieldError:  # Any: the JSON value that is wrong
    """Return the error for a value outside a closed set."""
    listed = ", ".join(go_quote(choice) for choice in supported)
    return _about_value(
        path, "FieldValueNotSupported", "Unsupported value", value, f"supported values: {listed}" if listed else ""
    )


def too_long(path: str, limit: int) -> FieldError:
    """Return the error for a string over its greatest length."""
    return FieldError(path, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")


def too_many(path: str, count: int, limit: int) -> FieldError:
    """Return the error for too many items or properties."""
    return FieldError(path, "FieldValueTooMany", f"Too many: {count}: must have at most {limit} items")


def internal_error(path: str, detail: str) -> FieldError:
    """Return the error for what is wrong though no input is."""
    return FieldError(path, "InternalError", _sentence("Internal error", detail))


def below(path: str, error: FieldError) -> FieldError:
    """Return `error`, whose path begins at some value, with the path of that value before it."""
    if not path:
        return error
    place = path if error.path == NO_PATH else f"{path}{'' if error.path.startswith('[') else '.'}{error.path}"
    return FieldError(place, error.type, error.detail)


def _about_value(path: str, type_: FieldErrorType, word: str, value: Any, detail: str) -> FieldError:
    shown = word if value is OMITTED else f"{word}: {go_value(value)}"
    return FieldError(path, type_, _sentence(shown, detail))


def _sentence(word: str, detail: str) -> str:
    return f"{word}: {detail}" if detail else word
