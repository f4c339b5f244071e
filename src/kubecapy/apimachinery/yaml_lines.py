"""Say on which line of a YAML text a field stands, given its path as errors name it."""

from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MERGE_KEY = "<<"


class FieldLines:
    """The lines of one value: of the value itself, and of everything in it."""

    def __init__(self, node: Node) -> None:
        """Look into `node`, which was composed from the text."""
        self._node = node

    @property
    def line(self) -> int:
        """First line of the value, counted from 1."""
        return line_of(self._node)

    def find(self, path: str) -> int:
        """Return the line of the field at `path`, such as `spec.networks[0].uuid`: that of its key, where it has one.

        Where the path leads to nothing it is the line of the last field on the way that is there, for that is where
        the rest is missing. Letter case is disregarded where a key matches only so.
        """
        node, line, rest = self._node, self.line, path.removeprefix(".")
        while rest:
            step = _step(node, rest)
            if step is None:
                break
            node, line, rest = step
        return line

    def items(self) -> "list[FieldLines]":
        """Return the lines of each entry of the value's list `items`; empty where there is none."""
        entries = next((value for key, value in _pairs(self._node) if _text(key) == "items"), None)
        return [FieldLines(entry) for entry in entries.value] if isinstance(entries, SequenceNode) else []


def line_of(node: Node) -> int:
    """Return the first line of `node`, counted from 1."""
    return int(node.start_mark.line) + 1


def _step(node: Node, path: str) -> tuple[Node, int, str] | None:
    """Return what the first part of `path` leads to, its line and the rest of the path; None where to nothing."""
    if path.startswith("["):
        inside, _, rest = path[1:].partition("]")
        found = _entry(node, inside)
        return (*found, rest.removeprefix(".")) if found else None
    keys = [(key, value) for key, value in _pairs(node) if _leads(_text(key), path)]
    if not keys:
        return None
    # Keys may hold dots: of `a` and `a.b` the longer one is meant. Of two that differ in case, the exact one.
    key, value = max(keys, key=lambda pair: (len(_text(pair[0])), path.startswith(_text(pair[0]))))
    return value, line_of(key), path[len(_text(key)) :].removeprefix(".")


def _entry(node: Node, inside: str) -> tuple[Node, int] | None:
    """Return the item of a list by its index, or the member of a map by its key."""
    if isinstance(node, SequenceNode):
        item = node.value[int(inside)] if inside.isdecimal() and int(inside) < len(node.value) else None
        return None if item is None else (item, line_of(item))
    return next(((value, line_of(key)) for key, value in _pairs(node) if _text(key) == inside), None)


def _leads(key: str, path: str) -> bool:
    """Return whether `path` begins with `key` and a field, an item, or nothing after it."""
    return path[: len(key)].casefold() == key.casefold() and path[len(key) : len(key) + 1] in ("", ".", "[")


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the keys and values of a mapping, own ones first, then those that come by merge keys."""
    merged: list[Node] = []
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if _text(key) == MERGE_KEY:
            merged += value.value if isinstance(value, SequenceNode) else [value]
        else:
            yield key, value
    for other in merged:
        yield from _pairs(other)


def _text(key: Node) -> str:
    return str(key.value) if isinstance(key, ScalarNode) else ""
