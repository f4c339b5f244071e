"""Check numbers: their range, by type and format, and the limits of their schema.

Limits are read as the API server reads them, whose integers know no fraction: a limit of 1.5 is one of 1 for the
number 2, and for an integer it is an error of its own, whatever the number.

Source: k8s.io/kube-openapi/pkg/validation/validate, files values.go and validator.go.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_text import go_value
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.props import JSONSchemaProps

INTEGER_FORMATS: Final = frozenset({"int32", "int64"})
NUMBER_FORMATS: Final = frozenset({"float", "double"})
_GREATEST_FLOAT32: Final = 3.4028234663852886e38
_GREATEST_EXACT: Final = 2**53 - 1

NumberCheck = Callable[[Any, str, list[FieldError]], None]
"""Appends what is wrong with a number at a path."""
_Limit = Callable[[Any, str], Iterator[FieldError]]
"""Yields what is wrong with a number at a path."""


def compile_number(props: JSONSchemaProps) -> NumberCheck | None:
    """Return the check of numbers at a place; None where every number may stand."""
    # A value of two types, as int-or-string is, has no range.
    type_ = "" if props.int_or_string or props.type not in ("integer", "number") else props.type
    formats = INTEGER_FORMATS if type_ == "integer" else NUMBER_FORMATS
    range_ = _Range(type_, props.format if props.format in formats else "")
    limits = tuple(_compile_limits(props, range_))
    if not limits and not range_.restricts:
        return None

    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        found = range_.refuse(value, "Checked", path)
        if found is not None:
            errors.append(found)
        for limit in limits:
            errors.extend(limit(value, path))

    return check


class _Range:
    """What numbers of a type and format can hold."""

    def __init__(self, type_: str, format_: str) -> None:
        self._type = type_
        self._format = format_
        self.restricts = type_ == "integer" or format_ == "float"

    def refuse(self, value: float, what: str, path: str) -> FieldError | None:
        if self._holds(value):
            return None
        format_ = f"with format {self._format}" if self._format else "(default format)"
        return wording.general(f"{what} value must be of type {self._type} {format_} in {path}")

    def _holds(self, value: float) -> bool:
        if self._type == "integer":
            bits = 31 if self._format == "int32" else 63
            return _is_whole(value) and -(2**bits) <= value < 2**bits
        return self._format != "float" or abs(value) <= _GREATEST_FLOAT32


def is_integer(value: float) -> bool:
    """Return whether a JSON number counts as an integer; 1.0 does."""
    if value.__class__ is int:
        return True
    return math.isfinite(value) and value == math.trunc(value) and abs(value) <= _GREATEST_EXACT


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or (math.isfinite(value) and value.is_integer())


def _compile_limits(props: JSONSchemaProps, range_: _Range) -> Iterator[_Limit]:
    if props.multiple_of is not None:
        yield _limit(props.multiple_of, "MultipleOf", range_, _multiple_of)
    if props.minimum is not None:
        yield _limit(props.minimum, "Minimum boundary", range_, _minimum(exclusive=props.exclusive_minimum))
    if props.maximum is not None:
        yield _limit(props.maximum, "Maximum boundary", range_, _maximum(exclusive=props.exclusive_maximum))


def _limit(limit: float, what: str, range_: _Range, check: Callable[[Any, float, str], FieldError | None]) -> _Limit:
    def refuse(value: Any, path: str) -> Iterator[FieldError]:
        unfit = range_.refuse(limit, what, path)
        if unfit is not None:
            yield unfit
            found = check(float(value), float(limit), path)
        elif isinstance(value, int):
            found = check(value, math.trunc(limit), path)
        else:
            found = check(value, float(limit), path)
        if found is not None:
            yield found

    return refuse


def _minimum(*, exclusive: bool) -> Callable[[Any, float, str], FieldError | None]:
    words = "should be greater than" if exclusive else "should be greater than or equal to"

    def check(value: Any, limit: float, path: str) -> FieldError | None:
        if value > limit or (value == limit and not exclusive):
            return None
        return wording.broken(path, value, f"{words} {go_value(limit)}")

    return check


def _maximum(*, exclusive: bool) -> Callable[[Any, float, str], FieldError | None]:
    words = "should be less than" if exclusive else "should be less than or equal to"

    def check(value: Any, limit: float, path: str) -> FieldError | None:
        if value < limit or (value == limit and not exclusive):
            return None
        return wording.broken(path, value, f"{words} {go_value(limit)}")

    return check


def _multiple_of(value: Any, factor: float, path: str) -> FieldError | None:
    if factor <= 0:
        words = f"factor MultipleOf declared for {path} must be positive: {go_value(factor)}"
        return wording.about(path, factor, words)
    if isinstance(value, int) and isinstance(factor, int):
        is_multiple = value % factor == 0
    else:
        is_multiple = is_integer(1 / factor * value if factor < 1 else value / factor)
    return None if is_multiple else wording.broken(path, value, f"should be a multiple of {go_value(factor)}")
