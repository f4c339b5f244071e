"""Compile a node of a schema to a check of values.

A check is a closure that appends what it finds; the schema is read once, so that a check of an object costs no more
than a walk over the object.

What was stored wrong before may stay on an update, as long as it does not change ("ratcheting"): a schema that became
stricter does not lock its objects. Source:
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-ratcheting.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.identity import same
from kubecapy.apimachinery.schema.keywords import Constraint, compile_keywords
from kubecapy.apimachinery.schema.lists import ABSENT, Pairing, compile_list_type, compile_pairing
from kubecapy.apimachinery.schema.nodes import Node

Check = Callable[[Any, Any, str, list[FieldError]], None]
"""Appends to the list what is wrong with a value (new, old or ABSENT, path, errors)."""


def compile_check(node: Node) -> Check:
    """Return the check of values at `node`: type, members, limits and logical operators.

    A value of the wrong type is reported once and not looked into.
    """
    has_type = _compile_type(node)
    parts: tuple[Check, ...] = (
        *_compile_members(node),
        *_compile_items(node),
        *_compile_constraints(node),
        *_compile_logic(node),
    )
    nullable = node.nullable or (not node.type and not node.int_or_string)
    expected = "integer,string" if node.int_or_string else node.type

    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> None:
        if value is None and nullable:
            return
        before = len(errors)
        if has_type(value):
            for part in parts:
                part(value, old, path, errors)
        else:
            errors.append(wording.wrong_type(path, expected, wording.type_name(value)))
        if len(errors) > before and old is not ABSENT and same(value, old):
            del errors[before:]

    return check


def join(path: str, name: str) -> str:
    """Return the path of member `name` of the object at `path`."""
    return f"{path}.{name}" if path else name


def is_integer(value: Any) -> bool:
    """Return whether a JSON number is whole; `1.0` is, as JSON Schema has it."""
    if value.__class__ is int:
        return True
    return isinstance(value, float) and value.is_integer()


def _compile_type(node: Node) -> Callable[[Any], bool]:
    if node.int_or_string:
        return lambda value: is_integer(value) or isinstance(value, str)
    types: Mapping[str, Callable[[Any], bool]] = {
        "": lambda _value: True,
        "object": lambda value: isinstance(value, dict),
        "array": lambda value: isinstance(value, list),
        "string": lambda value: isinstance(value, str),
        "boolean": lambda value: isinstance(value, bool),
        "integer": is_integer,
        "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    }
    return types[node.type]


def _compile_members(node: Node) -> list[Check]:
    checks = {name: compile_check(child) for name, child in node.properties.items()}
    additional = compile_check(node.additional) if node.additional is not None else None
    required = node.required
    if not checks and additional is None and not required:
        return []

    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> None:
        if not isinstance(value, dict):
            return
        errors.extend(wording.required(join(path, name)) for name in required if name not in value)
        before = old if isinstance(old, dict) else {}
        for name, member in value.items():
            member_check = checks.get(name, additional)
            if member_check is not None:
                member_check(member, before.get(name, ABSENT), f"{path}.{name}" if path else name, errors)

    return [check]


def _compile_items(node: Node) -> list[Check]:
    checks: list[Check] = []
    if node.items is not None:
        checks.append(_each_item(compile_check(node.items), compile_pairing(node)))
    unique = compile_list_type(node)
    if unique is not None:
        checks.append(_without_old(unique))
    return checks


def _each_item(item_check: Check, pair: Pairing) -> Check:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> None:
        if not isinstance(value, list):
            return
        for index, (item, old_item) in enumerate(pair(value, old)):
            item_check(item, old_item, f"{path}[{index}]", errors)

    return check


def _without_old(check_value: Callable[[Any, str, list[FieldError]], None]) -> Check:
    return lambda value, _old, path, errors: check_value(value, path, errors)


def _compile_constraints(node: Node) -> list[Check]:
    constraints: tuple[Constraint, ...] = compile_keywords(node.validations)
    if not constraints:
        return []

    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        for constraint in constraints:
            found = constraint(value, path)
            if found is not None:
                errors.append(found)

    return [_without_old(check)]


def _compile_logic(node: Node) -> list[Check]:
    checks: list[Check] = [compile_check(branch) for branch in node.all_of]
    if node.any_of:
        checks.append(_compile_any_of(tuple(compile_check(branch) for branch in node.any_of)))
    if node.one_of:
        checks.append(_compile_one_of(tuple(compile_check(branch) for branch in node.one_of)))
    if node.forbidden is not None:
        checks.append(_compile_not(compile_check(node.forbidden)))
    return checks


def _accepted(check: Check, value: Any, path: str) -> bool:
    errors: list[FieldError] = []
    check(value, ABSENT, path, errors)
    return not errors


def _compile_any_of(branches: tuple[Check, ...]) -> Check:
    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if not any(_accepted(branch, value, path) for branch in branches):
            message = f'"{path}" must validate at least one schema (anyOf)'
            errors.append(wording.refused(path, wording.type_name(value), message))

    return _without_old(check)


def _compile_one_of(branches: tuple[Check, ...]) -> Check:
    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        count = sum(_accepted(branch, value, path) for branch in branches)
        if count != 1:
            found = "none" if count == 0 else str(count)
            message = f'"{path}" must validate one and only one schema (oneOf). Found {found} valid'
            errors.append(wording.refused(path, wording.type_name(value), message))

    return _without_old(check)


def _compile_not(branch: Check) -> Check:
    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if _accepted(branch, value, path):
            message = f'"{path}" must not validate the schema (not)'
            errors.append(wording.refused(path, wording.type_name(value), message))

    return _without_old(check)
