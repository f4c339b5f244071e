"""Check values against `allOf`, `anyOf`, `oneOf` and `not`.

The API server tells of these without a place, and beside it what the branch that came furthest found wrong.

Source: k8s.io/kube-openapi/pkg/validation/validate/schema_props.go.
"""

from collections.abc import Callable, Iterator
from typing import Any

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apimachinery.schema import wording
from kubecapy.apimachinery.schema.props import JSONSchemaProps

_Check = Callable[[Any, Any, str, list[FieldError]], int]
_Outcome = tuple[int, list[FieldError]]
"""How many checks a branch passed, and what it found wrong."""


def compile_logic(props: JSONSchemaProps, compile_branch: Callable[[JSONSchemaProps], _Check]) -> Iterator[_Check]:
    """Yield one check for each logical operator of a place; `compile_branch` compiles their operands."""
    if props.any_of:
        yield _any_of([compile_branch(branch) for branch in props.any_of])
    if props.one_of:
        yield _one_of([compile_branch(branch) for branch in props.one_of])
    if props.all_of:
        yield _all_of([compile_branch(branch) for branch in props.all_of])
    if props.negated is not None:
        yield _not(compile_branch(props.negated))


def _any_of(branches: list[_Check]) -> _Check:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        failures: list[_Outcome] = []
        for branch in branches:
            outcome = _try(branch, value, old, path)
            if not outcome[1]:
                return outcome[0]
            failures.append(outcome)
        errors.append(wording.general(f"{go_quote(path)} must validate at least one schema (anyOf)"))
        return _report_furthest(failures, errors)

    return check


def _one_of(branches: list[_Check]) -> _Check:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        outcomes = [_try(branch, value, old, path) for branch in branches]
        valid = [outcome for outcome in outcomes if not outcome[1]]
        if len(valid) == 1:
            return valid[0][0]
        found = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
        errors.append(wording.general(f"{go_quote(path)} must validate one and only one schema (oneOf). {found}"))
        # Beside alternatives, what a later branch found wrong is not told of.
        return 0 if valid else _report_furthest(outcomes, errors)

    return check


def _all_of(branches: list[_Check]) -> _Check:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        outcomes = [_try(branch, value, old, path) for branch in branches]
        for _, found in outcomes:
            errors.extend(found)
        valid = sum(not found for _, found in outcomes)
        if valid != len(outcomes):
            words = "must validate all the schemas (allOf)"
            errors.append(wording.general(f"{go_quote(path)} {words}{'' if valid else '. None validated'}"))
        return sum(count for count, _ in outcomes)

    return check


def _not(branch: _Check) -> _Check:
    def check(value: Any, old: Any, path: str, errors: list[FieldError]) -> int:
        if not _try(branch, value, old, path)[1]:
            errors.append(wording.general(f"{go_quote(path)} must not validate the schema (not)"))
        return 0

    return check


def _try(branch: _Check, value: Any, old: Any, path: str) -> _Outcome:
    errors: list[FieldError] = []
    return branch(value, old, path, errors), errors


def _report_furthest(failures: list[_Outcome], errors: list[FieldError]) -> int:
    count, found = max(failures, key=lambda outcome: outcome[0])
    errors.extend(found)
    return count
