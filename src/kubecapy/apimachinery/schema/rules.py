"""Compile the `x-kubernetes-validations` of a schema to a walk that evaluates them.

A rule that names `oldSelf` is a transition rule: it is evaluated on updates alone, where an old value stands at the
same place. Items of list maps are matched by key, members of objects by name; other list items have no old value.

A rule that was broken before may stay so, as long as its value does not change; a transition rule is about the change
itself.

Source: pkg/apiserver/schema/cel/validation.go of k8s.io/apiextensions-apiserver;
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from kubecapy.apimachinery.cel import CelError, Expression, Scope, no_value, optional_value
from kubecapy.apimachinery.field_errors import NO_PATH, OMITTED, duplicate, forbidden, invalid, required
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.correlation import ABSENT, compile_comparison, compile_pairing, member_before
from kubecapy.apimachinery.schema.field_paths import FieldPathError, find_field
from kubecapy.apimachinery.schema.internal_form import show_rule
from kubecapy.apimachinery.schema.props import JSONSchemaProps, ValidationRule
from kubecapy.apimachinery.schema.rule_values import View, compile_view

Unchanged = Callable[[], bool]
"""Returns whether a value, or the nearest one around it that has an old self, is what it was: asked when needed."""
RuleCheck = Callable[[Any, Any, Unchanged, str, list[FieldError]], None]
"""Appends the broken rules of a value (new, old or ABSENT, whether what is around it is unchanged, path, errors)."""
CheckRules = Callable[[Any, Any, str, list[FieldError]], None]
"""Appends the broken rules of a whole value (new, old or ABSENT, path, errors)."""


def compile_rules(props: JSONSchemaProps, errors: list[FieldError], path: str = "") -> CheckRules | None:
    """Return the walk that evaluates the rules at and below a place; None where there are none.

    Rules that do not compile are appended to `errors`, at `path`.
    """
    walk = _compile(props, errors, path)
    if walk is None:
        return None
    return lambda value, old, place, found: walk(value, old, _never, place, found)


class _Rule:
    """One compiled rule."""

    def __init__(self, source: ValidationRule, props: JSONSchemaProps) -> None:
        """Compile `source`, which stands at `props`.

        Raises:
            CelError: the rule or its message expression does not compile.
        """
        names = ("self", "oldSelf")
        self._source = source
        self._rule = Expression(source.rule, names)
        self._message = Expression(source.message_expression, names) if source.message_expression else None
        self._step = _step_to(source.field_path, props)
        self._shows_value = props.type not in ("object", "array")
        self.functions = self._rule.functions | (self._message.functions if self._message else {})
        """What the scope that the rule is checked in must offer."""
        self.is_transition = "oldSelf" in self._rule.variables
        self.is_optional = source.optional_old_self is True
        """Whether `oldSelf` is an optional value, so that the rule is evaluated on creation too."""
        self.needs_old = self.is_transition and not self.is_optional

    def check(self, scope: Scope, value: Any, path: str) -> FieldError | None:
        """Return what is wrong with `value`, already in `scope`; None where the rule holds.

        Raises:
            CelError: the rule cannot be evaluated.
        """
        holds = self._rule.evaluate(scope)
        return None if holds is True else self._error(value, path, self._describe(scope))

    def failed(self, value: Any, path: str, error: CelError) -> FieldError:
        """Return the error for a rule that cannot be evaluated."""
        words = self._source.message.strip() or self._source.rule.strip()
        return invalid(path or NO_PATH, type_of(value), f"{error} evaluating rule: {words}")

    def _describe(self, scope: Scope) -> str:
        if self._message is not None:
            try:
                text = self._message.evaluate(scope)
            except CelError:
                text = None
            if isinstance(text, str) and text.strip() and "\n" not in text.strip():
                return text.strip()
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


def type_of(value: Any) -> str:
    """Return the OpenAPI name of the type of a JSON value."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _step_to(field_path: str, props: JSONSchemaProps) -> str:
    """Return what leads from the place of a rule to the field that it means; nothing where it means its own."""
    try:
        found, _ = find_field(field_path, props)
    except FieldPathError:
        return ""
    return f".{found}" if found and not found.startswith("[") else found


def _never() -> bool:
    return False


def _compile(props: JSONSchemaProps, errors: list[FieldError], path: str) -> RuleCheck | None:
    rules = tuple(_compile_own(props, errors, path))
    members = _compile_members(props, errors, path)
    items = _compile_items(props, errors, path)
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


def _compile_own(props: JSONSchemaProps, errors: list[FieldError], path: str) -> Iterator[_Rule]:
    for index, source in enumerate(props.validations):
        try:
            yield _Rule(source, props)
        except CelError as error:
            errors.append(invalid(f"{path}.x-kubernetes-validations[{index}].rule", show_rule(source), str(error)))


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
    functions = {name: function for rule in due for name, function in rule.functions.items()}
    seen, seen_old = (value, old) if view is None else (view(value), old if old is ABSENT else view(old))
    scopes = {
        optional: _scope(seen, seen_old, functions, optional=optional) for optional in {r.is_optional for r in due}
    }
    for rule in due:
        try:
            error = rule.check(scopes[rule.is_optional], value, place)
        except CelError as failure:
            found.append(rule.failed(value, place, failure))
        else:
            if error is not None and (rule.is_transition or not unchanged()):
                found.append(error)


def _scope(value: Any, old: Any, functions: Mapping[str, Callable[..., Any]], *, optional: bool) -> Scope:
    """Return the scope of rules; with `optional` the old value is an optional one, and there on creation too."""
    if optional:
        return Scope({"self": value, "oldSelf": no_value() if old is ABSENT else optional_value(old)}, functions)
    return Scope({"self": value} if old is ABSENT else {"self": value, "oldSelf": old}, functions)


def _compile_members(props: JSONSchemaProps, errors: list[FieldError], path: str) -> RuleCheck | None:
    compiled = {name: _compile(child, errors, f"{path}.properties[{name}]") for name, child in props.properties.items()}
    checks = {name: check for name, check in compiled.items() if check is not None}
    other = props.additional
    additional = _compile(other, errors, f"{path}.additionalProperties") if other is not None else None
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


def _compile_items(props: JSONSchemaProps, errors: list[FieldError], path: str) -> RuleCheck | None:
    item_check = _compile(props.item, errors, f"{path}.items") if props.item is not None else None
    if item_check is None:
        return None
    pair = compile_pairing(props)

    def check(value: Any, old: Any, unchanged: Unchanged, place: str, found: list[FieldError]) -> None:
        for index, (item, before) in enumerate(pair(value, old)):
            item_check(item, before, unchanged, f"{place}[{index}]", found)

    return check
