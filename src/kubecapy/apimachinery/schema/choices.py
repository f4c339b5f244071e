"""Check that a value is one of an enumeration.

The API server converts a number to the kind of the choice before it compares: 1.5 is 1 among integers. Null is never a
choice.

Source: basicCommonValidator of k8s.io/kube-openapi/pkg/validation/validate/validator.go.
"""

import math
from collections.abc import Callable
from typing import Any

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.identity import same


def compile_choice(choices: tuple[Any, ...]) -> Callable[[Any, str], FieldError | None] | None:
    """Return the check of an enumeration; None where there is none."""
    if not choices:
        return None

    def check(value: Any, path: str) -> FieldError | None:
        if value is not None and any(same(_as(choice, value), choice) for choice in choices if choice is not None):
            return None
        return wording.unsupported(path, value, choices)

    return check


def _as(choice: Any, value: Any) -> Any:
    if choice.__class__ is int and value.__class__ is float:
        return math.trunc(value) if math.isfinite(value) else value
    if choice.__class__ is float and value.__class__ is int:
        return float(value)
    return value
