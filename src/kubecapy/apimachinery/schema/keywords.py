"""Compile the keywords that look at one value alone: enumeration, pattern, format and limits."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.formats import FORMATS, INTEGER_RANGES
from kubecapy.apimachinery.schema.identity import same
from kubecapy.apimachinery.schema.patterns import compile_pattern

Constraint = Callable[[Any, str], FieldError | None]
"""Returns what is wrong with a value at a path; None where nothing is, or where the value is of another type."""


def compile_keywords(keywords: Mapping[str, Any]) -> tuple[Constraint, ...]:
    """Return one constraint for each of `keywords` that restricts anything."""
    compilers: Mapping[str, Callable[[Any], Constraint | None]] = {
        "enum": _enumeration,
        "pattern": _pattern,
        "format": _format,
        "minLength": _min_length,
        "maxLength": _max_length,
        "minItems": _min_items,
        "maxItems": _max_items,
        "minProperties": _min_properties,
        "maxProperties": _max_properties,
        "minimum": lambda limit: _minimum(limit, exclusive=keywords.get("exclusiveMinimum") is True),
        "maximum": lambda limit: _maximum(limit, exclusive=keywords.get("exclusiveMaximum") is True),
        "multipleOf": _multiple_of,
    }
    compiled = (compilers[name](argument) for name, argument in keywords.items() if name in compilers)
    return tuple(constraint for constraint in compiled if constraint is not None)


def is_number(value: Any) -> bool:
    """Return whether a JSON value is a number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _enumeration(choices: list[Any]) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        if any(same(value, choice) for choice in choices):
            return None
        return wording.unsupported(path, value, choices)

    return check


def _pattern(text: str) -> Constraint:
    search = compile_pattern(text).search

    def check(value: Any, path: str) -> FieldError | None:
        if not isinstance(value, str) or search(value):
            return None
        return wording.invalid_value(path, value, f"should match '{text}'")

    return check


def _format(name: str) -> Constraint | None:
    if name in INTEGER_RANGES:
        return _integer_range(name)
    holds = FORMATS.get(name)
    if holds is None:
        return None

    def check(value: Any, path: str) -> FieldError | None:
        if not isinstance(value, str) or holds(value):
            return None
        return wording.wrong_type(path, name, value)

    return check


def _integer_range(name: str) -> Constraint:
    least, greatest = INTEGER_RANGES[name]

    def check(value: Any, path: str) -> FieldError | None:
        if not is_number(value) or least <= value <= greatest:
            return None
        return wording.refused(path, value, f"Checked value must be of type integer with format {name}")

    return check


def _min_length(limit: int) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        if not isinstance(value, str) or len(value) >= limit:
            return None
        return wording.invalid_value(path, value, f"should be at least {limit} chars long")

    return check


def _max_length(limit: int) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        return wording.too_long(path, limit) if isinstance(value, str) and len(value) > limit else None

    return check


def _min_items(limit: int) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        if not isinstance(value, list) or len(value) >= limit:
            return None
        return wording.invalid_value(path, len(value), f"should have at least {limit} items")

    return check


def _max_items(limit: int) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        return wording.too_many(path, len(value), limit) if isinstance(value, list) and len(value) > limit else None

    return check


def _min_properties(limit: int) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        if not isinstance(value, dict) or len(value) >= limit:
            return None
        return wording.invalid_value(path, len(value), f"should have at least {limit} properties")

    return check


def _max_properties(limit: int) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        return wording.too_many(path, len(value), limit) if isinstance(value, dict) and len(value) > limit else None

    return check


def _minimum(limit: float, *, exclusive: bool) -> Constraint:
    expectation = f"should be greater than {limit}" if exclusive else f"should be greater than or equal to {limit}"

    def check(value: Any, path: str) -> FieldError | None:
        if not is_number(value) or value > limit or (value == limit and not exclusive):
            return None
        return wording.invalid_value(path, value, expectation)

    return check


def _maximum(limit: float, *, exclusive: bool) -> Constraint:
    expectation = f"should be less than {limit}" if exclusive else f"should be less than or equal to {limit}"

    def check(value: Any, path: str) -> FieldError | None:
        if not is_number(value) or value < limit or (value == limit and not exclusive):
            return None
        return wording.invalid_value(path, value, expectation)

    return check


def _multiple_of(factor: float) -> Constraint:
    def check(value: Any, path: str) -> FieldError | None:
        if not is_number(value) or _is_multiple(value, factor):
            return None
        return wording.invalid_value(path, value, f"should be a multiple of {factor}")

    return check


def _is_multiple(value: float, factor: float) -> bool:
    if isinstance(value, int) and isinstance(factor, int):
        return value % factor == 0
    quotient = value / factor
    return math.isclose(quotient, round(quotient), rel_tol=1e-12)
