"""Select objects by labels and fields, as query parameters and specs write it.

Sources: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors and
https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/; k8s.io/apimachinery pkg/labels,
pkg/fields.
"""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from kubecapy.apimachinery.label_selector_text import read_requirements
from kubecapy.apimachinery.meta import JsonObject

LabelOperator = Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
FieldOperator = Literal["=", "!="]

_FIELD_TERM = re.compile(r"(?:\\.|[^\\,]|\\$)+", re.DOTALL)
_FIELD_OPERATOR = re.compile(r"==|!=|=")
_ESCAPABLE = ("\\", ",", "=")
_OPERATORS: Mapping[str, LabelOperator] = {
    "in": "In",
    "notin": "NotIn",
    "=": "In",
    "==": "In",
    "!=": "NotIn",
    ">": "Gt",
    "<": "Lt",
    "exists": "Exists",
    "!": "DoesNotExist",
}
_OBJECT_OPERATORS: Mapping[str, LabelOperator] = {
    "In": "In",
    "NotIn": "NotIn",
    "Exists": "Exists",
    "DoesNotExist": "DoesNotExist",
}


class LabelRequirement(msgspec.Struct, frozen=True):
    """One demand on the labels of an object."""

    key: str
    operator: LabelOperator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether `labels` meet the demand; NotIn holds for absent labels too."""
        value = labels.get(self.key)
        match self.operator:
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Gt" | "Lt":
                return value is not None and _compares(value, self.operator, self.values[0])


class LabelSelector(msgspec.Struct, frozen=True):
    """Demands that all must hold; none at all selects everything."""

    requirements: tuple[LabelRequirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether an object with `labels` is selected."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    @property
    def is_empty(self) -> bool:
        """Whether everything is selected."""
        return not self.requirements


class FieldSelector(msgspec.Struct, frozen=True):
    """Demands on single fields that all must hold; none at all selects everything."""

    requirements: tuple[tuple[str, FieldOperator, str], ...] = ()
    """Path, operator and value of each demand."""

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Return whether an object is selected whose fields, by path, are `fields`; an absent path reads as empty."""
        return all((fields.get(path, "") == value) == (op == "=") for path, op, value in self.requirements)

    @property
    def is_empty(self) -> bool:
        """Whether everything is selected."""
        return not self.requirements


def parse_label_selector(text: str) -> LabelSelector:
    """Return the selector of `text`, such as `app=web,tier in (a, b),!old`; empty text selects everything.

    Raises:
        ValueError: `text` is no label selector; the message is the API server's.
    """
    read = read_requirements(text)
    return LabelSelector(tuple(LabelRequirement(key, _OPERATORS[operator], values) for key, operator, values in read))


def label_selector_from_object(selector: JsonObject) -> LabelSelector:
    """Return the selector of a `metav1.LabelSelector` with matchLabels and matchExpressions.

    Raises:
        ValueError: an expression has an unknown operator, or values that do not fit it.
    """
    equal = (LabelRequirement(key, "In", (value,)) for key, value in (selector.get("matchLabels") or {}).items())
    expressions = (_expression(expression) for expression in selector.get("matchExpressions") or ())
    return LabelSelector((*equal, *expressions))


def parse_field_selector(text: str) -> FieldSelector:
    """Return the selector of `text`, such as `metadata.name=m,status.phase!=Running`; a backslash quotes a character.

    Raises:
        ValueError: `text` is no field selector; the message is the API server's.
    """
    terms = (term for term in sorted(_FIELD_TERM.findall(text)) if term)
    return FieldSelector(tuple(_field_requirement(term, text) for term in terms))


def _compares(value: str, operator: LabelOperator, bound: str) -> bool:
    if not re.fullmatch(r"-?\d+", value):
        return False
    return int(value) > int(bound) if operator == "Gt" else int(value) < int(bound)


def _expression(expression: JsonObject) -> LabelRequirement:
    key, operator = expression.get("key", ""), str(expression.get("operator", ""))
    values = tuple(expression.get("values") or ())
    if operator not in _OBJECT_OPERATORS:
        raise ValueError(f'"{operator}" is not a valid label selector operator; use {", ".join(_OBJECT_OPERATORS)}')
    if operator in ("In", "NotIn") and not values:
        raise ValueError(f"values of {key}: must be specified when `operator` is 'In' or 'NotIn'")
    if operator in ("Exists", "DoesNotExist") and values:
        raise ValueError(f"values of {key}: may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    return LabelRequirement(key, _OBJECT_OPERATORS[operator], values)


def _field_requirement(term: str, selector: str) -> tuple[str, FieldOperator, str]:
    found = _FIELD_OPERATOR.search(term)
    if found is None:
        raise ValueError(f"invalid selector: '{selector}'; can't understand '{term}'")
    operator: FieldOperator = "!=" if found[0] == "!=" else "="
    return term[: found.start()], operator, _unescaped(term[found.end() :])


def _unescaped(value: str) -> str:
    """Return `value` without the backslashes before commas, equal signs and backslashes."""
    plain: list[str] = []
    characters = iter(value)
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            if escaped not in _ESCAPABLE:
                raise ValueError(f"invalid field selector: invalid escape sequence: \\{escaped}")
            plain.append(escaped)
        elif character in _ESCAPABLE:
            raise ValueError(f"invalid field selector: unescaped character in value: {ord(character)}")
        else:
            plain.append(character)
    return "".join(plain)
