"""Fill in defaults; a subtree that holds none is never walked.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting.
"""

import copy
from collections.abc import Callable
from typing import Any

from kubecapy.apimachinery.schema.nodes import Node, walk

Fill = Callable[[Any], Any]
"""Returns a value with defaults; the value itself where nothing is missing."""


def compile_defaults(node: Node) -> Fill:
    """Return the function that completes values at `node`; inputs stay untouched.

    A default applies where a field is absent, and where it is null but may not be. Objects that are absent and have
    no default are not made up.
    """
    if not any(child.has_default for child in walk(node)):
        return lambda value: value
    fill_object, fill_list = _compile_object(node), _compile_list(node)

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return fill_object(value)
        return fill_list(value) if isinstance(value, list) else value

    return fill


def _compile_object(node: Node) -> Fill:
    defaults = {name: (child.default, child.nullable) for name, child in node.properties.items() if child.has_default}
    fills = {name: compile_defaults(child) for name, child in node.properties.items()}
    additional = compile_defaults(node.additional) if node.additional is not None else None

    def fill(value: dict[str, Any]) -> Any:
        filled = dict(value)
        for name, (default, nullable) in defaults.items():
            if name not in filled or (filled[name] is None and not nullable):
                filled[name] = copy.deepcopy(default)
        for name, member in filled.items():
            member_fill = fills.get(name, additional)
            if member_fill is not None:
                filled[name] = member_fill(member)
        return filled

    return fill


def _compile_list(node: Node) -> Fill:
    if node.items is None:
        return lambda value: value
    fill_item = compile_defaults(node.items)
    return lambda value: [fill_item(item) for item in value]
