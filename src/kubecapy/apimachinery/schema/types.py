"""Check the type of values.

A string format makes the type that it stands beside irrelevant for lists, and is itself named where a value is neither
string nor list: so does the API server.

Source: k8s.io/kube-openapi/pkg/validation/validate/type.go.
"""

from collections.abc import Callable
from typing import Any, Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.formats import is_recognized
from kubecapy.apimachinery.schema.numbers import is_integer
from kubecapy.apimachinery.schema.props import JSONSchemaProps

TypeCheck = Callable[[Any, Any, str, list[FieldError]], int]
"""Appends the error where a value has the wrong type; returns 1 where it has not (see `validation.Check`)."""

_NAMES: Final = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_NATIVE_FORMATS: Final = {int: "int64", float: "float64"}


def expected_types(props: JSONSchemaProps) -> tuple[str, ...]:
    """Return the names of the types that may stand at a place; empty where any may."""
    if props.int_or_string:
        return ("integer", "string")
    return (props.type,) if props.type else ()


def compile_type(props: JSONSchemaProps, kind: type) -> TypeCheck | None:
    """Return the check of the type of values of one class; None where there is nothing to check."""
    expected = expected_types(props)
    format_ = props.format if is_recognized(props) else ""
    if not expected and not format_:
        return _passed if kind is type(None) else None
    if kind is type(None):
        return _passed if props.nullable or not expected else _refused(",".join(expected), "null")
    if kind is float and "integer" in expected and "number" not in expected:
        return _whole_or(_verdict(expected, format_, kind))
    return _verdict(expected, format_, kind)


def _verdict(expected: tuple[str, ...], format_: str, kind: type) -> TypeCheck:
    name = _NAMES[kind]
    fits = name in expected or (name == "integer" and "number" in expected)
    is_text = kind in (str, list)
    native = _NATIVE_FORMATS.get(kind, "")
    if format_ and not is_text and not fits and native != format_:
        return _refused(format_, native)
    if format_ and is_text and not {"number", "integer"} & set(expected):
        return _passed
    return _passed if fits else _refused(",".join(expected), name)


def _passed(_value: Any, _old: Any, _path: str, _errors: list[FieldError]) -> int:
    return 1


def _refused(expected: str, found: str) -> TypeCheck:
    def check(_value: Any, _old: Any, path: str, errors: list[FieldError]) -> int:
        errors.append(wording.wrong_type(path, expected, found))
        return 0

    return check


def _whole_or(otherwise: TypeCheck) -> TypeCheck:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        return 1 if is_integer(value) else otherwise(value, old, path, errors)

    return check
