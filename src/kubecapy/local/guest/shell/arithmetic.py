"""Evaluate shell arithmetic: integers, variables, the usual operators.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, section 2.6.4.
"""

import operator
import re
from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\s*(?:(0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*)|(\|\||&&|==|!=|<=|>=|[-+*/%<>()!]))")


def _divide(left: int, right: int) -> int:
    """Divide as C does: the fraction is cut off towards zero."""
    magnitude = abs(left) // abs(right)
    return magnitude if (left < 0) == (right < 0) else -magnitude


_LEVELS: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda left, right: int(bool(left) or bool(right))},
    {"&&": lambda left, right: int(bool(left) and bool(right))},
    {"==": lambda left, right: int(left == right), "!=": lambda left, right: int(left != right)},
    {
        "<=": lambda left, right: int(left <= right),
        ">=": lambda left, right: int(left >= right),
        "<": lambda left, right: int(left < right),
        ">": lambda left, right: int(left > right),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _divide, "%": lambda left, right: left - right * _divide(left, right)},
)


def evaluate(expression: str, variables: Mapping[str, str]) -> int:
    """Return the value of `expression`; an unset variable counts as 0.

    Raises:
        ValueError: it is no expression, or it divides by zero; the message is the shell's.
    """
    tokens = _tokens(expression)
    if not tokens:
        return 0
    value, rest = _level(tokens, 0, variables)
    if rest:
        raise ValueError(f'expecting EOF: "{expression.strip()}"')
    return value


def _tokens(expression: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while expression[position:].strip():
        found = _TOKEN.match(expression, position)
        if found is None:
            raise ValueError(f'expecting primary: "{expression.strip()}"')
        tokens.append(found.group().strip())
        position = found.end()
    return tokens


def _level(tokens: list[str], level: int, variables: Mapping[str, str]) -> tuple[int, list[str]]:
    if level == len(_LEVELS):
        return _unary(tokens, variables)
    value, rest = _level(tokens, level + 1, variables)
    while rest and rest[0] in _LEVELS[level]:
        right, after = _level(rest[1:], level + 1, variables)
        try:
            value = _LEVELS[level][rest[0]](value, right)
        except ZeroDivisionError:
            raise ValueError("division by zero") from None
        rest = after
    return value, rest


def _unary(tokens: list[str], variables: Mapping[str, str]) -> tuple[int, list[str]]:
    if not tokens:
        raise ValueError("expecting primary")
    head, rest = tokens[0], tokens[1:]
    if head in ("-", "+", "!"):
        value, after = _unary(rest, variables)
        return {"-": -value, "+": value, "!": int(not value)}[head], after
    if head == "(":
        value, after = _level(rest, 0, variables)
        if not after or after[0] != ")":
            raise ValueError('expecting ")"')
        return value, after[1:]
    text = head if head[0].isdigit() else variables.get(head, "") or "0"
    try:
        return int(text, 0) if not re.fullmatch(r"0[0-7]+", text) else int(text, 8), rest
    except ValueError:
        raise ValueError(f"Illegal number: {text}") from None
