"""Read values by the JSONPath of printer columns.

The part of https://kubernetes.io/docs/reference/kubectl/jsonpath/ that definitions use: fields, quoted fields,
indexes, `[*]` and the filter `[?(@.key=="value")]`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kubecapy.apiserver.registry.access import read

_STEP = re.compile(
    r"""\.(?P<field>(?:\\.|[^.\[\\])+)
      | \[(?P<quote>['"])(?P<quoted>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\]
      | \[(?P<index>-?\d+)\]
      | (?P<all>\[\*\])
      | \[\?\(\s*@\.(?P<key>[^=!<>\s]+)\s*(?P<op>==|!=)\s*(?P<mark>['"]?)(?P<value>.*?)(?P=mark)\s*\)\]""",
    re.VERBOSE,
)

Step = Callable[[Any], Iterable[Any]]
"""Returns what one step of a path leads to."""


class JsonPathError(ValueError):
    """A path cannot be read; the message quotes the part that is not understood."""


def compile_json_path(text: str) -> Callable[[Any], list[Any]]:
    """Return a function that lists the values at the path `text` in a JSON value.

    Raises:
        JsonPathError: `text` is no path of the kind described above.
    """
    steps = tuple(_steps(text))

    def find(value: Any) -> list[Any]:
        found = [value]
        for step in steps:
            found = [result for item in found for result in step(item)]
        return found

    return find


def _steps(text: str) -> Iterator[Step]:
    rest = text.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    if not rest.startswith((".", "[")):
        raise JsonPathError(f'"{text}" must begin with a dot')
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise JsonPathError(f'cannot read "{rest}"')
        yield _step(match)
        rest = rest[match.end() :]


def _step(match: re.Match[str]) -> Step:
    if match["all"]:
        return _members
    if match["index"] is not None:
        return _at_index(int(match["index"]))
    if match["key"] is not None:
        return _where(match["key"], match["op"], match["value"])
    name = match["field"] if match["field"] is not None else match["quoted"]
    if name == "*":
        return _members
    return _at_field(re.sub(r"\\(.)", r"\1", name))


def _at_field(name: str) -> Step:
    return lambda value: (value[name],) if isinstance(value, dict) and name in value else ()


def _at_index(index: int) -> Step:
    def step(value: Any) -> Iterable[Any]:
        inside = isinstance(value, list) and -len(value) <= index < len(value)
        return (value[index],) if inside else ()

    return step


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return tuple(value.values())
    return tuple(value) if isinstance(value, list) else ()


def _where(key: str, operator: str, wanted: str) -> Step:
    path = key.split(".")

    def step(value: Any) -> Iterable[Any]:
        items = value if isinstance(value, list) else ()
        return tuple(item for item in items if (_as_text(read(item, *path)) == wanted) == (operator == "=="))

    return step


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
