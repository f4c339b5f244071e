"""Compile a place of a schema to a check of values.

A check is a closure: the schema is read once, so that checking an object costs no more than a walk over it. Each class
of JSON values has its own list of parts, empty where nothing restricts it.

What was stored wrong before may stay on an update, as long as it does not change ("ratcheting"): a schema that became
stricter does not lock its objects.

Source: k8s.io/kube-openapi/pkg/validation/validate, and pkg/apiserver/validation/ratcheting.go of
k8s.io/apiextensions-apiserver.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Final

from kubecapy.apimachinery.field_errors import too_many
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.choices import compile_choice
from kubecapy.apimachinery.schema.correlation import (
    ABSENT,
    Pairing,
    compile_comparison,
    compile_pairing,
    member_before,
)
from kubecapy.apimachinery.schema.formats import find_format, is_recognized
from kubecapy.apimachinery.schema.logic import compile_logic
from kubecapy.apimachinery.schema.numbers import compile_number
from kubecapy.apimachinery.schema.props import JSONSchemaProps
from kubecapy.apimachinery.schema.texts import compile_text, compile_text_format
from kubecapy.apimachinery.schema.types import compile_type, expected_types

Check = Callable[[Any, Any, str, list[FieldError]], int]
"""Appends to the list what is wrong with a value (new, old or ABSENT, path, errors).

Returns how many checks it passed: where no branch of an `anyOf` holds, the one that came furthest is told of.
"""

_KINDS: Final = (type(None), bool, int, float, str, list, dict)
_TYPE_META: Final = ("apiVersion", "kind")


def compile_check(props: JSONSchemaProps, shape: JSONSchemaProps | None = None, *, is_root: bool = False) -> Check:
    """Return the check of values at a place: type, members, limits and logical operators.

    Args:
        props: The place, or an operand of a logical operator at it.
        shape: The place itself, where `props` is an operand: it says how values find their old selves.
        is_root: The values are whole objects, whose apiVersion and kind are never what they were.
    """
    shape = shape if shape is not None else props
    table = {kind: tuple(_compile_parts(props, shape, kind, is_root=is_root)) for kind in _KINDS}
    counts = {kind: _own_count(props, kind) for kind in _KINDS}
    # Compiled when the first wrong value comes: most places never see one.
    comparison = cache(partial(compile_comparison, shape))

    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        kind = value.__class__
        count = counts[kind]
        before = len(errors)
        for part in table[kind]:
            count += part(value, old, path, errors)
        if len(errors) > before and old is not ABSENT and comparison()(value, old):
            del errors[before:]
        return count

    return check


def _own_count(props: JSONSchemaProps, kind: type) -> int:
    """Return what a value of a class passes by itself: each part that looks at it, and the whole."""
    if kind is type(None):
        return 0
    has_type = bool(expected_types(props)) or bool(props.format and is_recognized(props))
    has_format = kind is str and is_recognized(props) and find_format(props.format) is not None
    # The parts are: type, logic (which also counts itself), enumeration, format, and the one for its class.
    return has_type + 2 + 1 + has_format + (kind is not bool) + (kind in (int, float, list)) + 1


def _compile_parts(props: JSONSchemaProps, shape: JSONSchemaProps, kind: type, *, is_root: bool) -> Iterator[Check]:
    has_type = compile_type(props, kind)
    if has_type is not None:
        yield has_type
    if kind is not type(None):
        yield from compile_logic(props, lambda operand: compile_check(operand, shape))
    if kind is str:
        yield from _compile_string(props)
    if kind in (int, float):
        yield from _compile_number(props)
    if kind is list:
        yield from _compile_list(props, shape)
    choice = compile_choice(props.enum)
    if choice is not None:
        yield _as_check(choice)
    if kind is dict:
        yield from _compile_object(props, shape, is_root=is_root)


def _compile_string(props: JSONSchemaProps) -> Iterator[Check]:
    text = compile_text(props)
    if text is not None:
        yield _as_check(text)
    format_ = compile_text_format(props) if is_recognized(props) else None
    if format_ is not None:
        yield _as_check(format_)


def _compile_number(props: JSONSchemaProps) -> Iterator[Check]:
    number = compile_number(props)
    if number is None:
        return

    def check(value: Any, _old: Any, path: str, errors: list[FieldError]) -> int:
        number(value, path, errors)
        return 0

    yield check


def _compile_list(props: JSONSchemaProps, shape: JSONSchemaProps) -> Iterator[Check]:
    if props.item is not None:
        yield _each_item(compile_check(props.item, shape.item), compile_pairing(shape))
    if props.min_items is not None:
        yield _as_check(_at_least(props.min_items, "items"))
    if props.max_items is not None:
        yield _as_check(_at_most(props.max_items))


def _each_item(item_check: Check, pair: Pairing) -> Check:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        count = 0
        if old is ABSENT:
            for index, item in enumerate(value):
                count += item_check(item, ABSENT, f"{path}[{index}]", errors)
            return count
        for index, (item, before) in enumerate(pair(value, old)):
            count += item_check(item, before, f"{path}[{index}]", errors)
        return count

    return check


def _compile_object(props: JSONSchemaProps, shape: JSONSchemaProps, *, is_root: bool) -> Iterator[Check]:
    if props.min_properties is not None:
        yield _as_check(_at_least(props.min_properties, "properties"))
    if props.max_properties is not None:
        yield _as_check(_at_most(props.max_properties))
    shapes = {name: shape.properties.get(name, shape.additional) for name in props.properties}
    checks = {name: compile_check(child, shapes[name]) for name, child in props.properties.items()}
    additional = compile_check(props.additional, shape.additional) if props.additional is not None else None
    if props.additional_properties is False:
        yield _refuse_others(frozenset(checks))
    if checks or additional is not None:
        unrelated = {name for name, found in shapes.items() if found is None}
        yield _each_member(checks, additional, unrelated | set(_TYPE_META if is_root else ()))
    if props.required:
        yield _require(props.required)


def _each_member(checks: dict[str, Check], additional: Check | None, unrelated: set[str]) -> Check:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        count = 0
        for name, member in value.items():
            member_check = checks.get(name)
            if member_check is not None:
                place = f"{path}.{name}" if path else name
            elif additional is not None:
                member_check, place = additional, f"{path}.{name}"
            else:
                continue
            before = ABSENT if old is ABSENT or name in unrelated else member_before(old, name)
            count += member_check(member, before, place, errors)
        return count

    return check


def _require(names: tuple[str, ...]) -> Check:
    def check(value: Any, _old: Any, path: str, errors: list[FieldError]) -> int:
        errors.extend(wording.missing(f"{path}.{name}") for name in names if name not in value)
        return 0

    return check


def _refuse_others(known: frozenset[str]) -> Check:
    def check(value: Any, _old: Any, path: str, errors: list[FieldError]) -> int:
        others = [name for name in value if name not in known]
        errors.extend(wording.about(path, name, f"{path}.{name} in body is a forbidden property") for name in others)
        return 0

    return check


def _at_least(limit: int, what: str) -> Callable[[Any, str], FieldError | None]:
    def check(value: Any, path: str) -> FieldError | None:
        if len(value) >= limit:
            return None
        return wording.broken(path, len(value), f"should have at least {limit} {what}")

    return check


def _at_most(limit: int) -> Callable[[Any, str], FieldError | None]:
    def check(value: Any, path: str) -> FieldError | None:
        return None if len(value) <= limit else too_many(wording.field_path(path), len(value), limit)

    return check


def _as_check(find: Callable[[Any, str], FieldError | None]) -> Check:
    def check(value: Any, _old: Any, path: str, errors: list[FieldError]) -> int:
        found = find(value, path)
        if found is not None:
            errors.append(found)
        return 0

    return check
