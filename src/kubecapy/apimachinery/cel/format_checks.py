"""Hold the clauses of a constant text against the types of what `format` is given to fill them.

Source: ext/formatting.go of cel-go.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from kubecapy.apimachinery.cel.issues import Issue
from kubecapy.apimachinery.cel.tree import Call, ListNode, Literal, MapNode, Node
from kubecapy.apimachinery.cel.types import Kind, Type

CLAUSE: Final = re.compile(r"%(?:(?P<percent>%)|(?:\.(?P<precision>[0-9]*))?(?P<letter>.)?)", re.DOTALL)
"""A place of a text that is filled, or a percent sign."""
_WHOLE: Final = frozenset({"int", "uint"})
_BROKEN: Final = frozenset({"double", "string"})
_TEXTS: Final = frozenset({"string", "bytes", "bool", "double", "int", "uint", "list", "map", "type", "null_type"})
_TIMES: Final = frozenset({"google.protobuf.Timestamp", "google.protobuf.Duration"})
_BOTH: Final = "strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
WANTED: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "s": (_TEXTS | _TIMES, f"string clause can only be used on {_BOTH}"),
    "d": (_WHOLE, "decimal clause can only be used on integers"),
    "f": (_BROKEN, "fixed-point clause can only be used on doubles"),
    "e": (_BROKEN, "scientific clause can only be used on doubles"),
    "b": (_WHOLE | {"bool"}, "only integers and bools can be formatted as binary"),
    "x": (_WHOLE | {"string", "bytes"}, "only integers, byte buffers, and strings can be formatted as hex"),
    "X": (_WHOLE | {"string", "bytes"}, "only integers, byte buffers, and strings can be formatted as hex"),
    "o": (_WHOLE, "octal clause can only be used on integers"),
}
"""The types that each clause takes, and what is said of others."""


def unrecognized(letter: str | None) -> str:
    """Return what is said of a clause that has no such letter, or none."""
    return f'unrecognized formatting clause "{letter}"' if letter else "could not find end of precision specifier"


def check_format(node: Call, types: Mapping[Node, Type]) -> Iterator[Issue]:
    """Yield what is wrong with a call of `format` on a constant text with a list that is written out."""
    text, given = node.target, node.arguments[0] if len(node.arguments) == 1 else None
    if node.function != "format" or not isinstance(text, Literal) or not isinstance(given, ListNode):
        return
    clauses = [found for found in CLAUSE.finditer(str(text.value)) if not found["percent"]]
    for place, clause in enumerate(clauses):
        issue = _check_clause(clause, place, node, given, types)
        if issue is not None:
            yield issue
            return
    if len(given.items) > len(clauses):
        counts = f"(expected {len(clauses)}, got {len(given.items)})"
        yield Issue(node.offset, f"too many arguments supplied to string.format {counts}")


def _check_clause(
    clause: re.Match[str], place: int, node: Call, given: ListNode, types: Mapping[Node, Type]
) -> Issue | None:
    letter = clause["letter"]
    if letter is None and clause["precision"] is None:
        return Issue(node.offset, "unexpected end of string")
    if place >= len(given.items):
        return Issue(node.offset, f"index {place} out of range")
    if letter not in WANTED:
        problem = unrecognized(letter)
        return Issue(node.offset, f"could not parse formatting clause: {problem}")
    bad = _find_unfit(given.items[place], letter, types)
    if bad is None:
        return None
    return Issue(bad.offset, f"error during formatting: {WANTED[letter][1]}, was given {types[bad].name}")


def _find_unfit(item: Node, letter: str, types: Mapping[Node, Type]) -> Node | None:
    """Return the part of an item that a clause does not take; None where it takes all of it."""
    found = types[item]
    if found.kind is not Kind.DYN and found.name not in WANTED[letter][0]:
        return item
    match item:
        case ListNode() if letter == "s":
            parts = item.items
        case MapNode() if letter == "s":
            parts = tuple(part for entry in item.entries for part in (entry.key, entry.value))
        case _:
            return None
    return next((bad for part in parts if (bad := _find_unfit(part, letter, types)) is not None), None)
