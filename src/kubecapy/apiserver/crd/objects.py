"""Check custom objects by the schema and the subresources of their version.

Source: pkg/registry/customresource of k8s.io/apiextensions-apiserver: validator.go, strategy.go, status_strategy.go.
"""

from collections.abc import Iterator
from typing import Any, Final

from kubecapy.apimachinery.field_errors import invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_text import go_print
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.schema.correlation import ABSENT
from kubecapy.apimachinery.schema.schema import Schema
from kubecapy.apiserver.crd.types import ScalePaths

_GREATEST_REPLICAS: Final = 2**31 - 1
_GO_TYPES: Final = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    type(None): "<nil>",
}


class ObjectChecks:
    """Checks objects of one version."""

    def __init__(self, schema: Schema, scale: ScalePaths | None) -> None:
        """Check by `schema`, and where objects can be scaled, what they say of replicas."""
        self._schema = schema
        self._scale = scale

    def validate(self, obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
        """Return what is wrong with `obj`, a new object or an update of `old`."""
        before = ABSENT if old is None else old
        errors = self._schema.check_values(obj, before)
        if self._scale is not None:
            errors += _check_replicas(obj, self._scale.spec_replicas_path)
            errors += _check_scale_status(obj, self._scale)
        errors += self._schema.check_embedded(obj)
        errors += self._schema.check_rest(obj, before, errors)
        return errors

    def validate_status(self, obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
        """Return what is wrong with `obj`, whose status alone may differ from that of `old`."""
        before = old if old is not None else {}
        errors = self._schema.check_status_values(obj, before)
        if self._scale is not None:
            errors += _check_scale_status(obj, self._scale)
        errors += self._schema.check_rest(obj, before, errors)
        return errors


def _check_scale_status(obj: JsonObject, scale: ScalePaths) -> Iterator[FieldError]:
    yield from _check_replicas(obj, scale.status_replicas_path)
    if scale.label_selector_path is not None:
        selector, wrong = _find(obj, scale.label_selector_path, str, "")
        if wrong:
            yield invalid(scale.label_selector_path, selector, wrong)


def _check_replicas(obj: JsonObject, path: str) -> Iterator[FieldError]:
    replicas, wrong = _find(obj, path, int, 0)
    if wrong:
        yield invalid(path, replicas, wrong)
    elif replicas < 0:
        yield invalid(path, replicas, "should be a non-negative integer")
    elif replicas > _GREATEST_REPLICAS:
        yield invalid(path, replicas, f"should be less than or equal to {_GREATEST_REPLICAS}")


def _find(obj: JsonObject, path: str, wanted: type, default: Any) -> tuple[Any, str]:
    """Return the value at a dotted path, `default` where there is none, and what is wrong with it."""
    steps = path.removeprefix(".").split(".")
    value: Any = obj
    for index, step in enumerate(steps):
        if not isinstance(value, dict):
            return default, _accessor_error(steps[:index], value, "map[string]interface{}")
        if step not in value:
            return default, ""
        value = value[step]
    # True is an int in Python, and none in JSON.
    if type(value) is not wanted:
        return default, _accessor_error(steps, value, _GO_TYPES[wanted])
    return value, ""


def _accessor_error(steps: list[str], value: Any, wanted: str) -> str:
    shown = go_print(value)
    return f".{'.'.join(steps)} accessor error: {shown} is of the type {_GO_TYPES[type(value)]}, expected {wanted}"
