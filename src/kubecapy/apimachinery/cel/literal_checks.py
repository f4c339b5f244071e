"""Find constants of an expression that cannot be what they are used as: durations, times, regular expressions, lists.

Source: cel/validator.go of cel-go.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from kubecapy.apimachinery.cel.format_checks import check_format
from kubecapy.apimachinery.cel.issues import Issue
from kubecapy.apimachinery.cel.tree import Call, ListNode, Literal, MapNode, Node, children, walk
from kubecapy.apimachinery.cel.types import Kind, Type, unwrap
from kubecapy.apimachinery.cel_functions.moments import read_duration, read_timestamp
from kubecapy.apimachinery.patterns import PatternError, compile_pattern

_READERS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {"duration": read_duration, "timestamp": read_timestamp, "matches": compile_pattern}
)
_WITH_PATTERN: Final = frozenset({"matches", "find", "findAll"})


def check_literals(tree: Node, types: Mapping[Node, Type]) -> list[Issue]:
    """Return what is wrong with the constants of an expression whose types are right."""
    calls = [node for node in walk(tree) if isinstance(node, Call)]
    issues = [issue for node in calls for issue in _check_call(node)]
    issues += _check_mixtures(tree, types)
    return [*issues, *(issue for node in calls for issue in check_format(node, types))]


def find_bad_pattern(tree: Node) -> str:
    """Return why the first constant pattern that is no regular expression is none; empty where there is no such."""
    for node in walk(tree):
        if isinstance(node, Call) and node.function in _WITH_PATTERN:
            subject = 0 if node.target is not None else 1
            pattern = node.arguments[subject] if len(node.arguments) > subject else None
            if isinstance(pattern, Literal) and isinstance(pattern.value, str):
                try:
                    compile_pattern(pattern.value)
                except PatternError as error:
                    return f"error parsing regexp: {error}"
    return ""


def _check_call(node: Call) -> Iterator[Issue]:
    read = _READERS.get(node.function)
    # As cel-go does it, the first argument counts: of matches(text, pattern), that is the text.
    first = node.arguments[0] if node.arguments else None
    if read is None or not isinstance(first, Literal) or not isinstance(first.value, str):
        return
    try:
        read(first.value)
    except ValueError:
        yield Issue(first.offset, f"invalid {node.function} argument")


def _check_mixtures(tree: Node, types: Mapping[Node, Type]) -> Iterator[Issue]:
    """Yield each item of a list or map that has not the type of the first one; what `format` prints may be mixed."""
    pending = [tree]
    while pending:
        node = pending.pop()
        match node:
            case Call(function="format"):
                continue
            case ListNode():
                held = enumerate(map(types.__getitem__, node.items))
                found = [unwrap(one) if place in node.optional else one for place, one in held]
                yield from _unlike(node.items, found, only_first=True)
            case MapNode():
                keys = [entry.key for entry in node.entries]
                values = [entry.value for entry in node.entries]
                yield from _unlike(keys, [types[key] for key in keys])
                kinds = [unwrap(types[e.value]) if e.is_optional else types[e.value] for e in node.entries]
                yield from _unlike(values, kinds)
        pending += reversed(children(node))


def _unlike(nodes: "tuple[Node, ...] | list[Node]", found: list[Type], *, only_first: bool = False) -> Iterator[Issue]:
    for node, one in zip(nodes, found, strict=True):
        if not _is_same(one, found[0]):
            yield Issue(node.offset, f"expected type '{found[0]}' but found '{one}'")
            if only_first:
                return


def _is_same(one: Type, other: Type) -> bool:
    if one.kind is Kind.PARAMETER and other.kind is Kind.PARAMETER:
        return True
    same = (one.kind, one.name, len(one.parameters)) == (other.kind, other.name, len(other.parameters))
    return same and all(map(_is_same, one.parameters, other.parameters))
