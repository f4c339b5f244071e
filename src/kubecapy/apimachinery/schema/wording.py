"""Word what is wrong with values of custom resources.

Paths in messages begin with a dot where a value stands in a map at the very root: the API server joins them so.

Source: k8s.io/kube-openapi/pkg/validation/errors and pkg/apiserver/validation of k8s.io/apiextensions-apiserver.
"""

from collections.abc import Sequence
from typing import Any, Final

from kubecapy.apimachinery.field_errors import NO_PATH, invalid, not_supported, required, type_invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_text import go_json, go_quote

NOT_CHECKED: Final = invalid(
    NO_PATH,
    None,
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)
"""Stands beside errors that kept the rules from being evaluated."""


def wrong_type(path: str, expected: str, found: str) -> FieldError:
    """Return the error for a value of another type or format; `found` is a type's name or the offending text."""
    detail = f"{path} in body must be of type {expected}: {go_quote(found)}"
    return type_invalid(field_path(path), found, detail)


def missing(path: str) -> FieldError:
    """Return the error for a missing field."""
    return required(field_path(path))


def broken(path: str, value: Any, expectation: str) -> FieldError:
    """Return the error for a value that breaks a limit; `expectation` is such as `should be at least 3 chars long`."""
    return invalid(field_path(path), value, f"{path} in body {expectation}")


def unsupported(path: str, value: Any, choices: Sequence[Any]) -> FieldError:
    """Return the error for a value outside its enumeration."""
    shown = [choice if isinstance(choice, str) else go_json(choice) for choice in choices]
    return not_supported(field_path(path), value, shown)


def general(message: str) -> FieldError:
    """Return an error that the API server cannot tell the place of: the message alone names it."""
    return invalid(NO_PATH, "", message)


def field_path(path: str) -> str:
    """Return the field path for the path of a message."""
    return path.removeprefix(".") or NO_PATH


def about(path: str, value: Any, message: str) -> FieldError:
    """Return the error for a value, with a message that names its place itself."""
    return invalid(field_path(path), value, message)
