"""Word field errors as the API server does.

Source: k8s.io/kube-openapi/pkg/validation/errors and k8s.io/apimachinery/pkg/util/validation/field, v0.32.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.fields import FieldError

NOT_CHECKED: Final = FieldError(
    "<nil>",
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)
"""Stands beside errors that kept the rules from being evaluated."""


def type_name(value: Any) -> str:
    """Return the OpenAPI name of the type of a JSON `value`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def quote(value: Any) -> str:
    """Return `value` as an error message shows it: strings in quotes, everything else as JSON."""
    return msgspec.json.encode(value).decode()


def wrong_type(path: str, expected: str, found: str) -> FieldError:
    """Return the error for a value of another type or format; `found` is a type's name or the offending text."""
    detail = f"Invalid value: {quote(found)}: {_subject(path)} must be of type {expected}: {quote(found)}"
    return FieldError(path, "FieldValueTypeInvalid", detail)


def required(path: str) -> FieldError:
    """Return the error for a missing field."""
    return FieldError(path, "FieldValueRequired", "Required value")


def invalid_value(path: str, value: Any, expectation: str) -> FieldError:
    """Return the error for a value that breaks a limit; `expectation` is such as `should be at least 3 chars long`."""
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {quote(value)}: {_subject(path)} {expectation}")


def refused(path: str, value: Any, message: str) -> FieldError:
    """Return the error for a value that something else than a keyword refuses; `message` is the whole reason."""
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {quote(value)}: {message}")


def unsupported(path: str, value: Any, supported: Sequence[Any]) -> FieldError:
    """Return the error for a value outside its enumeration."""
    listed = ", ".join(quote(choice if isinstance(choice, str) else quote(choice)) for choice in supported)
    return FieldError(path, "FieldValueNotSupported", f"Unsupported value: {quote(value)}: supported values: {listed}")


def duplicate(path: str, value: Any) -> FieldError:
    """Return the error for a repeated entry of a set or key of a list map."""
    return FieldError(path, "FieldValueDuplicate", f"Duplicate value: {quote(value)}")


def too_long(path: str, limit: int) -> FieldError:
    """Return the error for a string over its greatest length."""
    return FieldError(path, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")


def too_many(path: str, count: int, limit: int) -> FieldError:
    """Return the error for too many items or properties."""
    return FieldError(path, "FieldValueTooMany", f"Too many: {count}: must have at most {limit} items")


def _subject(path: str) -> str:
    return f"{path} in body"
