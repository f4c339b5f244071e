"""Read label selectors as kubectl and the API server do, token by token.

    selector    = [requirement {"," requirement}]
    requirement = ["!"] key | key operator value | key ("in" | "notin") "(" [value] {"," [value]} ")"
    operator    = "=" | "==" | "!=" | ">" | "<"

Source: k8s.io/apimachinery pkg/labels/selector.go.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apimachinery.names import MAX_LABEL_LENGTH, label_value_errors, qualified_name_errors

_TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<symbol>==|!=|[=!(),<>])|(?P<word>[^ \t\r\n=!(),<>]+)|$)")
_END = ""
_OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
_EXPECTED_OPERATORS = "in, notin, =, ==, !=, gt, lt"
_INTEGER = re.compile(r"[+-]?[0-9]+")
_INT64 = 2**63


class Requirement(NamedTuple):
    """One requirement as it is written: `exists` and `!` have no values."""

    key: str
    operator: str
    """One of `in`, `notin`, `=`, `==`, `!=`, `>`, `<`, `exists`, `!`."""
    values: tuple[str, ...] = ()
    """Sorted, each once."""


class _Token(NamedTuple):
    text: str
    is_word: bool


def read_requirements(text: str) -> Iterator[Requirement]:
    """Yield the requirements of `text`.

    Raises:
        ValueError: `text` is no label selector; the message is the API server's.
    """
    # Go reads a zero byte as the end of the text.
    tokens = _Tokens(text.partition("\0")[0])
    if tokens.peek().text == _END:
        return
    expected = "!, identifier, or 'end of string'"
    while True:
        token = tokens.peek()
        if not token.is_word and token.text != "!":
            raise ValueError(f"found '{token.text}', expected: {expected}")
        try:
            yield _requirement(tokens)
        except ValueError as error:
            raise ValueError(f"unable to parse requirement: {error}") from error
        behind = tokens.take()
        if behind.text == _END and not behind.is_word:
            return
        if behind.text != ",":
            raise ValueError(f"found '{behind.text}', expected: ',' or 'end of string'")
        expected = "identifier after ','"


class _Tokens:
    """The tokens of a text, one after another; the last is empty and stays."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_split(text))
        self._next = 0

    def peek(self) -> _Token:
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def take(self) -> _Token:
        token = self.peek()
        self._next += 1
        return token


def _split(text: str) -> Iterator[_Token]:
    position = 0
    while (match := _TOKEN.match(text, position)) is not None and match.lastgroup is not None:
        yield _Token(match[match.lastgroup], match.lastgroup == "word")
        position = match.end()
    yield _Token(_END, is_word=False)


def _requirement(tokens: _Tokens) -> Requirement:
    is_absence = tokens.peek().text == "!"
    if is_absence:
        tokens.take()
    key = tokens.take()
    if not key.is_word:
        raise ValueError(f"found '{key.text}', expected: identifier")
    if wrong := _key_error(key.text):
        raise ValueError(f"<nil>: Invalid value: {go_quote(key.text)}: {wrong}")
    if is_absence:
        return Requirement(key.text, "!")
    if tokens.peek().text in (_END, ","):
        return Requirement(key.text, "exists")
    operator = tokens.take().text
    if operator not in _OPERATORS:
        raise ValueError(f"found '{operator}', expected: {_EXPECTED_OPERATORS}")
    values = _values(tokens) if operator in ("in", "notin") else (_value(tokens),)
    return _checked(Requirement(key.text, operator, tuple(sorted(set(values)))))


def _value(tokens: _Tokens) -> str:
    token = tokens.peek()
    if token.text in (_END, ","):
        return ""
    if not token.is_word:
        raise ValueError(f"found '{token.text}', expected: identifier")
    return tokens.take().text


def _values(tokens: _Tokens) -> list[str]:
    opening = tokens.take()
    if opening.text != "(":
        raise ValueError(f"found '{opening.text}' expected: '('")
    first = tokens.peek()
    if not first.is_word and first.text not in (",", ")"):
        raise ValueError(f"found '{first.text}', expected: ',', ')' or identifier")
    values = []
    while True:
        values.append(tokens.take().text if tokens.peek().is_word else "")
        behind = tokens.take()
        if behind.text == ")":
            return values
        if behind.text != ",":
            expected = "',' or ')'" if values[-1] else "',', or identifier"
            raise ValueError(f"found '{behind.text}', expected: {expected}")


def _checked(requirement: Requirement) -> Requirement:
    wrong = list(dict.fromkeys(_value_errors(requirement)))
    if wrong:
        raise ValueError(f"[{', '.join(wrong)}]" if len(wrong) > 1 else wrong[0])
    return requirement


def _value_errors(requirement: Requirement) -> Iterator[str]:
    if requirement.operator in ("<", ">"):
        for index, value in enumerate(requirement.values):
            if not _is_int64(value):
                why = "for 'Gt', 'Lt' operators, the value must be an integer"
                yield f"values[{index}]: Invalid value: {go_quote(value)}: {why}"
    for index, value in enumerate(requirement.values):
        if wrong := next(iter(label_value_errors(value)), None):
            yield f"values[{index}][{requirement.key}]: Invalid value: {go_quote(value)}: {wrong}"


def _is_int64(text: str) -> bool:
    # Limit: Python refuses to read numbers of more than 4,300 digits.
    return _INTEGER.fullmatch(text) is not None and len(text) <= MAX_LABEL_LENGTH and -_INT64 <= int(text) < _INT64


def _key_error(key: str) -> str:
    """Return what is wrong with `key`, all of it; empty where it is right."""
    if key.count("/") > 1:
        rule = qualified_name_errors("-")[0].removeprefix("name part ")
        return f"a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    return "; ".join(qualified_name_errors(key))
