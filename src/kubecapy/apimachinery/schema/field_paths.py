"""Follow the path of a field through a schema.

Paths are such as `.spec.replicas` and `.spec['a.b']`; in maps a step is a key.

Source: ValidFieldPath in pkg/apiserver/schema/cel/validation.go of k8s.io/apiextensions-apiserver.
"""

import re
from typing import Final

from kubecapy.apimachinery.schema.props import JSONSchemaProps

_TOKEN: Final = re.compile(r"'(?:[^'\\]|\\.|\\)*?(?<!\\)'|[.\[\]]|[^.\[\]]+", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "'": "'",
    "\\": "\\",
}


class FieldPathError(ValueError):
    """A path leads nowhere, or cannot be read; the message says why, in the API server's words."""


def find_field(path: str, props: JSONSchemaProps, *, allows_brackets: bool = True) -> tuple[str, JSONSchemaProps]:
    """Return `path` in its usual form and the schema that it leads to; the root is an empty path.

    Raises:
        FieldPathError: `path` is malformed, or a step is not in the schema.
    """
    tokens = _TOKEN.findall(path)
    place, at = "", 0
    while at < len(tokens):
        if tokens[at] not in (".", "["):
            raise FieldPathError(f"expected [ or . but got: {tokens[at]}")
        is_bracket = tokens[at] == "["
        if is_bracket and not allows_brackets:
            raise FieldPathError("array notation is not allowed")
        name = _read_name(tokens, at + 1, is_bracket=is_bracket)
        place, props = _step(name, place, props)
        at += 3 if is_bracket else 2
    return place, props


def _read_name(tokens: list[str], at: int, *, is_bracket: bool) -> str:
    if at >= len(tokens):
        raise FieldPathError("unexpected end of JSON path")
    token = tokens[at]
    if not is_bracket:
        return token
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise FieldPathError(f"expected single quoted string but got {token}")
    if at + 1 >= len(tokens):
        raise FieldPathError("unexpected end of JSON path")
    if tokens[at + 1] != "]":
        raise FieldPathError(f"expected ] but got {tokens[at + 1]}")
    return _ESCAPE.sub(_unescape, token[1:-1])


def _unescape(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPES:
        raise FieldPathError(f"invalid string literal: invalid escape char {match[0]}")
    return _ESCAPES[match[1]]


def _step(name: str, place: str, props: JSONSchemaProps) -> tuple[str, JSONSchemaProps]:
    if props.properties and name in props.properties:
        return f"{place}.{name}" if place else name, props.properties[name]
    if not props.properties and props.additional is not None:
        return f"{place}[{name}]", props.additional
    raise FieldPathError("does not refer to a valid field")
