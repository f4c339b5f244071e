"""Split the text of an expression into tokens, and call other functions in it.

Source: the lexis of https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

import msgspec

_TOKEN: Final = re.compile(
    r"""(?P<blank>\s+|//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3})|[rR][bB]?(?:"[^"\n]*"|'[^'\n]*')
        |[bB][rR](?:"[^"\n]*"|'[^'\n]*')|[bB]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>0x[0-9a-fA-F]+u?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?u?|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<sign>&&|\|\||[<>=!]=|.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class Token(msgspec.Struct, frozen=True):
    """A piece of an expression that is neither blank nor comment."""

    kind: str
    """`text`, `name`, `number` or `sign`."""
    text: str
    start: int


def split(expression: str) -> list[Token]:
    """Return the tokens of `expression`."""
    return list(_tokens(expression))


def call_instead(expression: str, names: Mapping[str, str]) -> str:
    """Return `expression` with each call of a function in `names` as a call of the other, methods included."""
    tokens = split(expression)
    made, end = [], 0
    for token, after in pairwise(tokens):
        if token.kind == "name" and after.text == "(" and token.text in names:
            made += [expression[end : token.start], names[token.text]]
            end = token.start + len(token.text)
    return "".join([*made, expression[end:]])


def _tokens(expression: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(expression):
        kind = found.lastgroup or "sign"
        if kind != "blank":
            yield Token(kind, found.group(), found.start())
