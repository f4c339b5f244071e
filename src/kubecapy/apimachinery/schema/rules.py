"""Compile the `x-kubernetes-validations` of a schema to a walk that evaluates them.

A rule that names `oldSelf` is a transition rule: it is evaluated on updates alone, where an old value stands at the
same place. Items of list maps are matched by key, members of objects by name; other list items have no old value.

A rule that was broken before may stay so, as long as its value does not change; a transition rule is about the change
itself.

Source: pkg/apiserver/schema/cel/validation.go of k8s.io/apiextensions-apiserver;
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from kubecapy.apimachinery.cel.evaluation import Program
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.values import NO_OVERLOAD, NOTHING, some
from kubecapy.apimachinery.field_errors import NO_PATH, OMITTED, duplicate, forbidden, invalid, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.correlation import ABSENT, compile_comparison, compile_pairing, member_before
from kubecapy.apimachinery.schema.field_paths import FieldPathError, find_field
from kubecapy.apimachinery.schema.props import JSONSchemaProps, ValidationRule
from kubecapy.apimachinery.schema.rule_checks import Scope, scope_of
from kubecapy.apimachinery.schema.rule_values import View, compile_view

_LONGEST_MESSAGE: Final = 5 * 1024
"""Limit: a message expression that makes more bytes counts for nothing (pkg/apis/cel/config.go of k8s.io/apiserver)."""
Unchanged = Callable[[], bool]
"""Returns whether a value, or the nearest one around it that has an old self, is what it was: asked when needed."""
RuleCheck = Callable[[Any, Any, Unchanged, str, list[FieldError]], None]
"""Appends the broken rules of a value (new, old or ABSENT, whether what is around it is unchanged, path, errors)."""


CheckRules = Callable[[Any, Any, str, list[FieldError]], None]
"""Appends the broken rules of a whole value (new, old or ABSENT, path, errors)."""


def compile_rules(props: JSONSchemaProps, *, is_root: bool) -> CheckRules | None:
    """Return the walk that `rules_on_demand` promises."""
    walk = _compile(props, is_root=is_root)
    if walk is None:
        return None
    return lambda value, old, place, found: walk(value, old, _never, place, found)


class _Rule:
    """One compiled rule."""

    def __init__(self, source: ValidationRule, props: JSONSchemaProps, scope: Scope) -> None:
        """Compile `source`, which stands at `props`.

        Raises:
            CelError: the rule or its message expression does not compile.
        """
        self._source = source
        rule = scope.compile(source.rule, source)
        self._rule = Program(rule)
        message = source.message_expression
        self._message = Program(scope.compile(message, source)) if message else None
        self._step = _step_to(source.field_path, props)
        self._type = props.type
        self._shows_value = props.type not in ("object", "array")
        self.is_transition = "oldSelf" in rule.variables
        self.is_optional = source.optional_old_self is True
        """Whether `oldSelf` is an optional value, so that the rule is evaluated on creation too."""
        self.needs_old = self.is_transition and not self.is_optional

    def check(self, variables: Mapping[str, Any], value: Any, path: str) -> FieldError | None:
        """Return what is wrong with `value`, given what rules see of it; None where the rule holds.

        Raises:
            CelError: the rule cannot be evaluated.
        """
        holds = self._rule.evaluate(variables)
        return None if holds is True else self._error(value, path, self._describe(variables))

    def failed(self, path: str, error: CelError) -> FieldError:
        """Return the error for a rule that cannot be evaluated."""
        words = self._source.message.strip() or self._source.rule.strip()
        if str(error).startswith(NO_OVERLOAD):
            detail = f"'{error}': call arguments did not match a supported operator, function or macro signature"
            return invalid(path or NO_PATH, self._type, f"{detail} for rule: {words}")
        return invalid(path or NO_PATH, self._type, f"{error} evaluating rule: {words}")

    def _describe(self, variables: Mapping[str, Any]) -> str:
        if self._message is not None:
            with suppress(CelError):
                text = self._message.evaluate(variables).strip()
                if text and "\n" not in text and len(text.encode()) <= _LONGEST_MESSAGE:
                    return str(text)
        return self._source.message.strip() or f"failed rule: {self._source.rule.strip()}"

    def _error(self, value: Any, path: str, message: str) -> FieldError:
        place = f"{path}{self._step}".removeprefix(".") or NO_PATH
        shown = value if self._shows_value else OMITTED
        match self._source.reason:
            case "FieldValueForbidden":
                return forbidden(place, message)
            case "FieldValueRequired":
                return required(place, message)
            case "FieldValueDuplicate":
                return duplicate(place, shown)
            case _:
                return invalid(place, shown, message)


def _step_to(field_path: str, props: JSONSchemaProps) -> str:
    """Return what leads from the place of a rule to the field that it means; nothing where it means its own."""
    try:
        found, _ = find_field(field_path, props)
    except FieldPathError:
        return ""
    return f".{found}" if found and not found.startswith("[") else found


def _never() -> bool:
    return False


def _compile(props: JSONSchemaProps, *, is_root: bool) -> RuleCheck | None:
    rules = tuple(_compile_own(props, is_root=is_root)) if props.validations else ()
    members = _compile_members(props)
    items = _compile_items(props)
    if not rules and members is None and items is None:
        return None
    is_as_before = compile_comparison(props)
    view = compile_view(props) if rules else None

    def check(value: Any, old: Any, around: Unchanged, place: str, found: list[FieldError]) -> None:
        if value is None:
            return
        unchanged = around if old is ABSENT else partial(is_as_before, value, old)
        # An old null is there, but no rule is asked about it.
        old = ABSENT if old is None else old
        if rules:
            _check_own(rules, value, old, unchanged, place, found, view)
        if members is not None and isinstance(value, dict):
            members(value, old, unchanged, place, found)
        elif items is not None and isinstance(value, list):
            items(value, old, unchanged, place, found)

    return check


def _compile_own(props: JSONSchemaProps, *, is_root: bool) -> Iterator[_Rule]:
    scope = scope_of(props, is_root=is_root)
    if scope is None:
        return
    for source in props.validations:
        with suppress(CelError):
            yield _Rule(source, props, scope)


def _check_own(
    rules: tuple[_Rule, ...],
    value: Any,
    old: Any,
    unchanged: Unchanged,
    place: str,
    found: list[FieldError],
    view: View | None,
) -> None:
    due = [rule for rule in rules if old is not ABSENT or not rule.needs_old]
    if not due:
        return
    seen, seen_old = (value, old) if view is None else (view(value), old if old is ABSENT else view(old))
    plain = {"self": seen, "oldSelf": seen_old}
    optional = {"self": seen, "oldSelf": NOTHING if old is ABSENT else some(seen_old)}
    for rule in due:
        try:
            error = rule.check(optional if rule.is_optional else plain, value, place)
        except CelError as failure:
            found.append(rule.failed(place, failure))
        else:
            if error is not None and (rule.is_transition or not unchanged()):
                found.append(error)


def _compile_members(props: JSONSchemaProps) -> RuleCheck | None:
    compiled = {name: _compile(child, is_root=child.embedded_resource) for name, child in props.properties.items()}
    checks = {name: check for name, check in compiled.items() if check is not None}
    other = props.additional
    additional = _compile(other, is_root=other.embedded_resource) if other is not None else None
    if not checks and additional is None:
        return None

    def check(value: Any, old: Any, unchanged: Unchanged, place: str, found: list[FieldError]) -> None:
        for name, member in value.items():
            before = member_before(old, name)
            if additional is not None and name not in props.properties:
                additional(member, before, unchanged, f"{place}[{name}]", found)
            elif name in checks:
                checks[name](member, before, unchanged, f"{place}.{name}" if place else name, found)

    return check


def _compile_items(props: JSONSchemaProps) -> RuleCheck | None:
    item = props.item
    item_check = _compile(item, is_root=item.embedded_resource) if item is not None else None
    if item_check is None:
        return None
    pair = compile_pairing(props)

    def check(value: Any, old: Any, unchanged: Unchanged, place: str, found: list[FieldError]) -> None:
        for index, (item, before) in enumerate(pair(value, old)):
            item_check(item, before, unchanged, f"{place}[{index}]", found)

    return check
