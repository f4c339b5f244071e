"""Check the rules of a definition: that they compile, and that what they say can be evaluated where they stand.

Sources: pkg/apiserver/schema/cel/compilation.go and pkg/apis/apiextensions/validation/validation.go of
k8s.io/apiextensions-apiserver.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.checker import Checked, Declared, check
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.literal_checks import find_bad_pattern
from kubecapy.apimachinery.cel.types import Type
from kubecapy.apimachinery.field_errors import internal_error, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.internal_form import show_rule
from kubecapy.apimachinery.schema.props import JSONSchemaProps, ValidationRule
from kubecapy.apimachinery.schema.rule_costs import Budget, repeats_below
from kubecapy.apimachinery.schema.shapes import Shape, objects_of, shape_of

_INSTANTIATED: Final = {types.BOOL: "program", types.STRING: "messageExpression"}
_NAME: Final = "selfType0"
"""What the type of `self` is called; the API server makes up a number each time, so that nobody relies on it."""


class Scope(msgspec.Struct, frozen=True):
    """What the rules of one place are compiled with."""

    shape: Shape
    declared: Declared
    declared_optional: Declared
    """The same for rules whose `oldSelf` is an optional value."""

    def compile(self, text: str, rule: ValidationRule) -> Checked:
        """Return the rule, or the message expression of it, that `text` is.

        Raises:
            CelError: it does not compile.
        """
        return check(text, self.declared_optional if rule.optional_old_self is True else self.declared)


def scope_of(props: JSONSchemaProps, *, is_root: bool) -> Scope | None:
    """Return what rules at a place are compiled with; None where rules see nothing of it."""
    shape = shape_of(props, _NAME, is_root=is_root)
    if shape is None:
        return None
    objects = objects_of(shape)
    plain = {"self": shape.type, "oldSelf": shape.type}
    optional = {"self": shape.type, "oldSelf": types.optional_of(shape.type)}
    return Scope(shape, Declared(plain, objects), Declared(optional, objects))


def check_rules(props: JSONSchemaProps, path: str) -> list[FieldError]:
    """Return what is wrong with the rules of a whole schema, which is right but for them."""
    budget = Budget()
    found = list(_check(props, _Surroundings(path, budget), is_root=True))
    return [*found, *budget.exceeded(path)]


class _Surroundings(msgspec.Struct, frozen=True):
    """What the places above one say about it."""

    path: str
    """Where it stands."""
    budget: Budget
    uncorrelated: str = ""
    """The highest place above whose old value cannot be matched to the new one; empty where all can."""
    repeats: int | None = 1
    """How often it can be there in one object; None where nothing limits it."""

    def below(self, step: str, props: JSONSchemaProps, *, correlates: bool) -> "_Surroundings":
        """Return what is said of a place right below, which `step` leads to from the place of `props`."""
        uncorrelated = self.uncorrelated or ("" if correlates else self.path)
        repeats = repeats_below(props, self.repeats)
        return _Surroundings(f"{self.path}.{step}", self.budget, uncorrelated, repeats)


def _check(props: JSONSchemaProps, around: _Surroundings, *, is_root: bool = False) -> Iterator[FieldError]:
    """Yield what is wrong at and below a place."""
    for child, child_around in _children(props, around):
        yield from _check(child, child_around, is_root=child.embedded_resource)
    if not props.validations:
        return
    scope = scope_of(props, is_root=is_root)
    if scope is None:
        reason = "unable to convert structural schema to CEL declarations"
        detail = f"internal error: failed to construct type information for x-kubernetes-validations rules: {reason}"
        yield internal_error(f"{around.path}.x-kubernetes-validations", detail)
        return
    for index, rule in enumerate(props.validations):
        yield from _check_rule(rule, scope, f"{around.path}.x-kubernetes-validations[{index}]", around)


def _children(props: JSONSchemaProps, around: _Surroundings) -> Iterator[tuple[JSONSchemaProps, _Surroundings]]:
    if props.additional is not None:
        yield props.additional, around.below("additionalProperties", props, correlates=True)
    for name, child in props.properties.items():
        yield child, around.below(f"properties[{name}]", props, correlates=props.map_type != "atomic")
    if props.item is not None:
        yield props.item, around.below("items", props, correlates=props.list_type == "map")


def _check_rule(rule: ValidationRule, scope: Scope, path: str, around: _Surroundings) -> Iterator[FieldError]:
    uses_old = False
    try:
        checked = scope.compile(rule.rule, rule)
    except CelError as error:
        yield invalid(f"{path}.rule", show_rule(rule), f"compilation failed: {error}")
    else:
        uses_old = "oldSelf" in checked.variables
        problem = _problem_of(checked, types.BOOL)
        if problem:
            yield invalid(f"{path}.rule", show_rule(rule), problem)
        else:
            yield from around.budget.spend(f"{path}.rule", checked, scope.shape, repeats=around.repeats)
            yield from _check_message(rule, scope, path, around.budget)
    if uses_old and around.uncorrelated:
        detail = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {around.uncorrelated}"
        yield invalid(f"{path}.rule", rule.rule, detail)
    if not uses_old and rule.optional_old_self is not None:
        detail = "may not be set if oldSelf is not used in rule"
        yield invalid(f"{path}.optionalOldSelf", rule.optional_old_self, detail)


def _check_message(rule: ValidationRule, scope: Scope, path: str, budget: Budget) -> Iterator[FieldError]:
    if not rule.message_expression:
        return
    place = f"{path}.messageExpression"
    try:
        checked = scope.compile(rule.message_expression, rule)
    except CelError as error:
        yield invalid(place, show_rule(rule), f"messageExpression compilation failed: {error}")
        return
    problem = _problem_of(checked, types.STRING)
    if problem:
        yield invalid(place, show_rule(rule), problem)
    else:
        yield from budget.spend(place, checked, scope.shape)


def _problem_of(checked: Checked, wanted: Type) -> str:
    """Return what is wrong with an expression whose types are right; empty where nothing is."""
    what = "cel expression" if wanted == types.BOOL else "messageExpression"
    if checked.type != wanted:
        return f"{what} must evaluate to a {wanted}"
    bad_pattern = find_bad_pattern(checked.tree)
    return f"{_INSTANTIATED[wanted]} instantiation failed: {bad_pattern}" if bad_pattern else ""
