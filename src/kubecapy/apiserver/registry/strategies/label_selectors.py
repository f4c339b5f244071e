"""Read label selectors that a client wrote into an object."""

from typing import Any

from kubecapy.apimachinery.codec import DecodeError, convert
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.selectors import LabelSelector, label_selector_from_object


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
