"""Read and check label selectors that a client wrote into an object.

Source: k8s.io/apimachinery pkg/apis/meta/v1/validation (ValidateLabelSelector).
"""

from collections.abc import Iterator
from typing import Any

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.json_codec import DecodeError, convert
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.names import label_value_errors, qualified_name_errors
from kubecapy.apimachinery.selectors import LabelSelector, label_selector_from_object
from kubecapy.apiserver.registry.access import read_list, read_object, read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import forbidden, invalid, required


class _Expression(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    key: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class _Selector(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The wire form of metav1.LabelSelector."""

    match_labels: dict[str, str] | None = None
    match_expressions: tuple[_Expression, ...] | None = None


def read_label_selector(selector: Any) -> LabelSelector:  # Any: what the client wrote
    """Return the selector that `selector` means.

    Raises:
        ValueError: it has the wrong form, or an expression of it means nothing.
    """
    if not isinstance(selector, dict):
        raise DecodeError("", "expected an object")
    convert(selector, _Selector)
    checked: JsonObject = selector
    return label_selector_from_object(checked)


def validate_label_selector(selector: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the selector at `path`."""
    for key, value in read_object(selector, "matchLabels").items():
        yield from (invalid(f"{path}.matchLabels", key, wrong) for wrong in qualified_name_errors(key))
        yield from (invalid(f"{path}.matchLabels", value, wrong) for wrong in label_value_errors(value))
    for index, expression in enumerate(read_objects(selector, "matchExpressions")):
        yield from _expression_errors(expression, f"{path}.matchExpressions[{index}]")


def _expression_errors(expression: JsonObject, path: str) -> Iterator[FieldError]:
    key, operator = read_text(expression, "key"), read_text(expression, "operator")
    values = read_list(expression, "values")
    match operator:
        case "In" | "NotIn" if not values:
            yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist" if values:
            yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case "In" | "NotIn" | "Exists" | "DoesNotExist":
            pass
        case _:
            yield invalid(f"{path}.operator", operator, "not a valid selector operator")
    yield from (invalid(f"{path}.key", key, wrong) for wrong in qualified_name_errors(key))
    for index, value in enumerate(values):
        yield from (invalid(f"{path}.values[{index}]", value, wrong) for wrong in label_value_errors(value))
