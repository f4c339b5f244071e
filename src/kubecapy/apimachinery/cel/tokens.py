"""Split the text of an expression into tokens.

Sources: the lexis of https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax; parser/gen/CEL.g4 of cel-go.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from kubecapy.apimachinery.cel.issues import Issue

END: Final = "<EOF>"
_ESCAPE: Final = r"""\\(?:[abfnrtv"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"""
_TOKEN: Final = re.compile(
    rf"""(?P<blank>[\t \r\n\f]+|//[^\n]*)
    |(?P<bytes>[bB](?=[rR]?['"]))?(?P<text>
        [rR](?:\"{{3}}.*?\"{{3}}|'{{3}}.*?'{{3}}|"[^"\n\r]*"|'[^'\n\r]*')
        |\"{{3}}(?:{_ESCAPE}|[^\\])*?\"{{3}}|'{{3}}(?:{_ESCAPE}|[^\\])*?'{{3}}
        |"(?:{_ESCAPE}|[^\\"\n\r])*"|'(?:{_ESCAPE}|[^\\'\n\r])*')
    |(?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
    |(?P<int>0x[0-9a-fA-F]+|[0-9]+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<escaped>`[A-Za-z0-9_.\-/ ]+`)
    |(?P<sign>&&|\|\||[<>=!]=|[<>()\[\]{{}}.,\-!?:+*/%])""",
    re.VERBOSE | re.DOTALL,
)

_BEGUN: Final = re.compile(
    rf"""[=&|].?|[rR]?"(?:{_ESCAPE}|[^\\"\n\r])*(?:\\.?|.)?|[rR]?'(?:{_ESCAPE}|[^\\'\n\r])*(?:\\.?|.)?""", re.DOTALL
)
"""How tokens begin that come to nothing: half an operator, a text without its end."""


class Token(msgspec.Struct, frozen=True):
    """A piece of an expression that is neither blank nor comment."""

    kind: str
    """`text`, `bytes`, `double`, `uint`, `int`, `name`, `escaped`, `sign` or `end`."""
    text: str
    offset: int


def split(expression: str, issues: list[Issue]) -> list[Token]:
    """Return the tokens of `expression`, the last of which is its end; what is none is appended to `issues`."""
    return [*_tokens(expression, issues), Token("end", END, len(expression))]


def _tokens(expression: str, issues: list[Issue]) -> Iterator[Token]:
    at = 0
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None:
            unread = _unread(expression, at)
            issues.append(Issue(at, f"Syntax error: token recognition error at: '{unread}'"))
            at += len(unread)
            continue
        kind = "bytes" if found["bytes"] else found.lastgroup or ""
        if kind != "blank":
            yield Token(kind, found.group(), at)
        at = found.end()


def _unread(expression: str, at: int) -> str:
    """Return what could have become a token, up to the character by which it did not."""
    begun = _BEGUN.match(expression, at)
    return begun.group() if begun is not None else expression[at]
