"""Check the rules of a definition: that they compile, and that what they say can be evaluated where they stand.

Sources: pkg/apiserver/schema/cel/compilation.go and pkg/apis/apiextensions/validation/validation.go of
k8s.io/apiextensions-apiserver.
"""

from collections.abc import Iterator

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.checker import Checked, Declared, check
from kubecapy.apimachinery.cel.issues import CelError
from kubecapy.apimachinery.cel.literal_checks import find_bad_pattern
from kubecapy.apimachinery.field_errors import internal_error, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.schema.internal_form import show_rule
from kubecapy.apimachinery.schema.props import JSONSchemaProps, ValidationRule
from kubecapy.apimachinery.schema.shapes import Shape, objects_of, shape_of

_NAME: str = "selfType0"
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
    return list(_check(props, path, "", is_root=True))


def _check(props: JSONSchemaProps, path: str, uncorrelated: str, *, is_root: bool = False) -> Iterator[FieldError]:
    """Yield what is wrong at and below a place.

    Args:
        props: The schema there.
        path: Where it stands.
        uncorrelated: The nearest place above whose old value cannot be matched to the new one; empty where all can.
        is_root: Whether it is a whole object.
    """
    for place, child, broken in _children(props, path):
        yield from _check(child, place, uncorrelated or broken, is_root=child.embedded_resource)
    if not props.validations:
        return
    scope = scope_of(props, is_root=is_root)
    if scope is None:
        reason = "unable to convert structural schema to CEL declarations"
        detail = f"internal error: failed to construct type information for x-kubernetes-validations rules: {reason}"
        yield internal_error(f"{path}.x-kubernetes-validations", detail)
        return
    for index, rule in enumerate(props.validations):
        yield from _check_rule(rule, scope, f"{path}.x-kubernetes-validations[{index}]", uncorrelated)


def _children(props: JSONSchemaProps, path: str) -> Iterator[tuple[str, JSONSchemaProps, str]]:
    """Yield what is below a place, and the place itself where its old value says nothing of theirs."""
    if props.additional is not None:
        yield f"{path}.additionalProperties", props.additional, ""
    for name, child in props.properties.items():
        yield f"{path}.properties[{name}]", child, path if props.map_type == "atomic" else ""
    if props.item is not None:
        yield f"{path}.items", props.item, "" if props.list_type == "map" else path


def _check_rule(rule: ValidationRule, scope: Scope, path: str, uncorrelated: str) -> Iterator[FieldError]:
    uses_old = False
    try:
        checked = scope.compile(rule.rule, rule)
    except CelError as error:
        yield invalid(f"{path}.rule", show_rule(rule), f"compilation failed: {error}")
    else:
        uses_old = "oldSelf" in checked.variables
        bad_pattern = find_bad_pattern(checked.tree)
        if checked.type != types.BOOL:
            yield invalid(f"{path}.rule", show_rule(rule), "cel expression must evaluate to a bool")
        elif bad_pattern:
            yield invalid(f"{path}.rule", show_rule(rule), f"program instantiation failed: {bad_pattern}")
        else:
            yield from _check_message(rule, scope, path)
    if uses_old and uncorrelated:
        detail = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"
        yield invalid(f"{path}.rule", rule.rule, detail)
    if not uses_old and rule.optional_old_self is not None:
        detail = "may not be set if oldSelf is not used in rule"
        yield invalid(f"{path}.optionalOldSelf", rule.optional_old_self, detail)


def _check_message(rule: ValidationRule, scope: Scope, path: str) -> Iterator[FieldError]:
    if not rule.message_expression:
        return
    place = f"{path}.messageExpression"
    try:
        checked = scope.compile(rule.message_expression, rule)
    except CelError as error:
        yield invalid(place, show_rule(rule), f"messageExpression compilation failed: {error}")
    else:
        if checked.type != types.STRING:
            yield invalid(place, show_rule(rule), "messageExpression must evaluate to a string")
        elif bad_pattern := find_bad_pattern(checked.tree):
            yield invalid(place, show_rule(rule), f"messageExpression instantiation failed: {bad_pattern}")
