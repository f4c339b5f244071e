"""The nodes of an expression; two nodes are equal only where they are the same one.

Source: proto/cel/expr/syntax.proto of cel-spec, with the names of operators that cel-go gives them.
"""

from collections.abc import Iterator

import msgspec

Value = bool | int | float | str | bytes | None
"""What a literal stands for; see `Uint` for the unsigned ones."""

ACCUMULATOR = "@result"
"""The variable in which folds collect; no expression can name it."""


class Uint(int):
    """An unsigned integer."""


class Literal(msgspec.Struct, frozen=True, eq=False):
    """A constant."""

    offset: int
    value: Value


class Ident(msgspec.Struct, frozen=True, eq=False):
    """A name that stands alone."""

    offset: int
    name: str


class Select(msgspec.Struct, frozen=True, eq=False):
    """`operand.field`, or with `is_test` the question whether it is there."""

    offset: int
    operand: "Node"
    field: str
    is_test: bool = False


class Call(msgspec.Struct, frozen=True, eq=False):
    """A function or an operator, called on a target where there is one.

    `_&&_` and `_||_` take two operands or more.
    """

    offset: int
    function: str
    target: "Node | None"
    arguments: "tuple[Node, ...]"


class ListNode(msgspec.Struct, frozen=True, eq=False):
    """`[a, ?b]`: a list of items, of which the optional ones are left out where they hold nothing."""

    offset: int
    items: "tuple[Node, ...]"
    optional: frozenset[int] = frozenset()


class Entry(msgspec.Struct, frozen=True, eq=False):
    """One entry of a map."""

    key: "Node"
    value: "Node"
    is_optional: bool = False


class MapNode(msgspec.Struct, frozen=True, eq=False):
    """`{key: value}`."""

    offset: int
    entries: tuple[Entry, ...]


class Message(msgspec.Struct, frozen=True, eq=False):
    """`Name{field: value}`: no rule may make one, but it can be written."""

    offset: int
    name: str
    values: "tuple[Node, ...]"


class Fold(msgspec.Struct, frozen=True, eq=False):
    """A loop over a list or a map that gathers a result; what macros such as `all` and `map` become."""

    offset: int
    over: "Node"
    variable: str
    second_variable: str
    """Empty where the loop has one variable."""
    accumulator: str
    initial: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Literal | Ident | Select | Call | ListNode | MapNode | Message | Fold


def is_deeper(tree: Node, limit: int) -> bool:
    """Return whether `tree` has more than `limit` levels; found without recursion."""
    level = [tree]
    for _ in range(limit):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


def children(node: Node) -> "tuple[Node, ...]":
    """Return what is right below a node, in the order of evaluation."""
    match node:
        case Select():
            return (node.operand,)
        case Call():
            return node.arguments if node.target is None else (node.target, *node.arguments)
        case ListNode():
            return node.items
        case MapNode():
            return tuple(part for entry in node.entries for part in (entry.key, entry.value))
        case Message():
            return node.values
        case Fold():
            return (node.over, node.initial, node.condition, node.step, node.result)
        case _:
            return ()


def walk(tree: Node) -> Iterator[Node]:
    """Yield `tree` and everything below it."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(children(node))
