"""Hold a structural schema as a tree of nodes, one for each place of a value."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


class RuleSource(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of `x-kubernetes-validations`, as written."""

    rule: str
    message: str = ""
    message_expression: str = ""
    reason: str = "FieldValueInvalid"
    field_path: str = ""
    optional_old_self: bool | None = None


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a schema: the shape of a value and what it must satisfy."""

    path: str
    """Where in the schema the node stands."""
    type: str = ""
    """Such as `object`; empty where any type may stand, and inside logical operators."""
    nullable: bool = False
    properties: Mapping[str, "Node"] = {}
    additional: "Node | None" = None
    """What every value of a map must satisfy; None where the object is no map."""
    items: "Node | None" = None
    required: tuple[str, ...] = ()
    has_default: bool = False
    default: Any = None  # any JSON value
    preserve_unknown: bool = False
    embedded_resource: bool = False
    int_or_string: bool = False
    list_type: str = "atomic"
    list_map_keys: tuple[str, ...] = ()
    validations: Mapping[str, Any] = {}
    """Keywords about the value alone: enum, pattern, format and the limits."""
    all_of: tuple["Node", ...] = ()
    any_of: tuple["Node", ...] = ()
    one_of: tuple["Node", ...] = ()
    forbidden: "Node | None" = None
    """The operand of `not`."""
    rules: tuple[RuleSource, ...] = ()


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and every node of its shape below it; logical operators are left out."""
    yield node
    children = (*node.properties.values(), node.additional, node.items)
    for child in children:
        if child is not None:
            yield from walk(child)
