"""Compile the `x-kubernetes-validations` of a schema to a walk that evaluates them.

A rule that names `oldSelf` is a transition rule: it is evaluated on updates alone, where an old value stands at the
same place. Items of list maps are matched by key, members of objects by name; other list items have no old value.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from kubecapy.apimachinery.cel import CelError, Expression, Scope, no_value, optional_value
from kubecapy.apimachinery.fields import FieldError, FieldErrorType
from kubecapy.apimachinery.schema.identity import same
from kubecapy.apimachinery.schema.lists import ABSENT, compile_pairing
from kubecapy.apimachinery.schema.nodes import Node, RuleSource
from kubecapy.apimachinery.schema.wording import quote, refused, type_name

RuleCheck = Callable[[Any, Any, str, list[FieldError]], None]
"""Appends the broken rules of a value (new, old or ABSENT, path)."""

_REASONS: Final[Mapping[str, str]] = {
    "FieldValueInvalid": "Invalid value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
}
_WITHOUT_VALUE: Final = frozenset({"FieldValueRequired", "FieldValueForbidden"})


class Rule:
    """One compiled rule."""

    def __init__(self, source: RuleSource) -> None:
        """Compile `source`.

        Raises:
            CelError: the rule or its message expression does not compile, or its reason is unknown.
        """
        names = ("self", "oldSelf")
        self.source = source
        self._rule = Expression(source.rule, names)
        self._message = Expression(source.message_expression, names) if source.message_expression else None
        self.functions = self._rule.functions | (self._message.functions if self._message else {})
        """What the scope that the rule is checked in must offer."""
        self.is_transition = "oldSelf" in self._rule.variables
        self.is_optional = source.optional_old_self is True
        """Whether `oldSelf` is an optional value, so that the rule is evaluated on creation too."""
        self.needs_old = self.is_transition and not self.is_optional
        if source.reason not in _REASONS:
            raise CelError(f"unknown reason {source.reason}, expected one of {', '.join(_REASONS)}")

    def check(self, scope: Scope, value: Any, path: str) -> FieldError | None:
        """Return what is wrong with `value`, already in `scope`; None where the rule holds."""
        try:
            holds = self._rule.evaluate(scope)
        except CelError as error:
            rule = self.source.message or self.source.rule.strip()
            return refused(path, type_name(value), f"{error} evaluating rule: {rule}")
        return None if holds is True else self._error(path, value, self._describe(scope))

    def _describe(self, scope: Scope) -> str:
        if self._message is not None:
            try:
                text = self._message.evaluate(scope)
            except CelError:
                text = None
            if isinstance(text, str) and text.strip() and "\n" not in text:
                return text
        return self.source.message or f"failed rule: {self.source.rule.strip()}"

    def _error(self, path: str, value: Any, message: str) -> FieldError:
        reason = cast("FieldErrorType", self.source.reason)  # the constructor checked it against the table
        word = _REASONS[self.source.reason]
        shown = "" if isinstance(value, dict | list) or reason in _WITHOUT_VALUE else f"{quote(value)}: "
        return FieldError(path + self.source.field_path, reason, f"{word}: {shown}{message}")


def compile_rules(node: Node, errors: list[FieldError]) -> RuleCheck | None:
    """Return the walk that evaluates the rules at and below `node`; None where there are none.

    Rules that do not compile are appended to `errors`.
    """
    rules = tuple(_compile_own(node, errors))
    members = _compile_members(node, errors)
    items = compile_rules(node.items, errors) if node.items is not None else None
    pair = compile_pairing(node)
    if not rules and not members and items is None:
        return None

    def check(value: Any, old: Any, path: str, found: list[FieldError]) -> None:
        if value is None:
            return
        _check_own(rules, value, old, path, found)
        if isinstance(value, dict) and members:
            members(value, old, path, found)
        if isinstance(value, list) and items is not None:
            for index, (item, old_item) in enumerate(pair(value, old)):
                items(item, old_item, f"{path}[{index}]", found)

    return check


def _compile_own(node: Node, errors: list[FieldError]) -> Iterator[Rule]:
    for index, source in enumerate(node.rules):
        try:
            yield Rule(source)
        except CelError as error:
            place = f"{node.path}.x-kubernetes-validations[{index}].rule"
            errors.append(FieldError(place, "FieldValueInvalid", f"Invalid value: {quote(source.rule)}: {error}"))


def _check_own(rules: tuple[Rule, ...], value: Any, old: Any, path: str, found: list[FieldError]) -> None:
    due = [rule for rule in rules if old is not ABSENT or not rule.needs_old]
    if not due:
        return
    functions = {name: function for rule in due for name, function in rule.functions.items()}
    scopes = {optional: _scope(value, old, functions, optional=optional) for optional in {r.is_optional for r in due}}
    broken = [(rule, rule.check(scopes[rule.is_optional], value, path)) for rule in due]
    # What was stored before the rule came may stay; a transition rule is about the change itself.
    stays = old is not ABSENT and any(error is not None for _, error in broken) and same(value, old)
    found.extend(error for rule, error in broken if error is not None and (rule.is_transition or not stays))


def _scope(value: Any, old: Any, functions: Mapping[str, Callable[..., Any]], *, optional: bool) -> Scope:
    """Return the scope of rules; with `optional` the old value is an optional one, and there on creation too."""
    if optional:
        return Scope({"self": value, "oldSelf": no_value() if old is ABSENT else optional_value(old)}, functions)
    return Scope({"self": value} if old is ABSENT else {"self": value, "oldSelf": old}, functions)


def _compile_members(node: Node, errors: list[FieldError]) -> RuleCheck | None:
    compiled = {name: compile_rules(child, errors) for name, child in node.properties.items()}
    checks = {name: check for name, check in compiled.items() if check is not None}
    additional = compile_rules(node.additional, errors) if node.additional is not None else None
    if not checks and additional is None:
        return None

    def check(value: Any, old: Any, path: str, found: list[FieldError]) -> None:
        before = old if isinstance(old, dict) else {}
        for name, member in value.items():
            member_check = checks.get(name, additional)
            if member_check is not None:
                member_check(member, before.get(name, ABSENT), f"{path}.{name}" if path else name, found)

    return check
