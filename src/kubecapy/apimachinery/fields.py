"""Say what is wrong with a field: values that are collected, not raised one by one.

Forms and words follow k8s.io/apimachinery field errors, so that kubectl users read what they know.
"""

import difflib
from collections.abc import Iterable
from typing import Literal

import msgspec

FieldErrorType = Literal[
    "FieldValueInvalid",
    "FieldValueRequired",
    "FieldValueNotSupported",
    "FieldValueForbidden",
    "FieldValueTypeInvalid",
    "FieldValueDuplicate",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueUnknown",
    "FieldValueNotFound",
    "InternalError",
]


class FieldError(msgspec.Struct, frozen=True, order=True):
    """One wrong field: its path from the object's root, the reason and a sentence."""

    path: str
    """Such as `spec.providerSpec.value.networks[0].uuid`."""
    type: FieldErrorType
    """The cause's reason on the wire."""
    detail: str
    """What was expected; lower-case start, no period."""

    def __str__(self) -> str:
        """Return `path: detail`."""
        return f"{self.path}: {self.detail}"


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` was probably meant to be; None where nothing comes near.

    Letter case alone never counts as a difference.
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def unknown_field(path: str, name: str, known: Iterable[str]) -> FieldError:
    """Return the error for a key `name` below `path` that nobody knows, with the nearest known name."""
    nearest = nearest_name(name, known)
    hint = f', did you mean "{nearest}"?' if nearest else ""
    return FieldError(f"{path}.{name}" if path else name, "FieldValueUnknown", f'unknown field "{name}"{hint}')
