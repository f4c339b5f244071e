"""Say what is wrong with an expression as cel-go prints it: place, sentence, the line, and a caret below.

Source: common/error.go and common/errors.go of cel-go.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

_MOST_TOLD: Final = 100
_LONGEST_LINE: Final = 16384


class CelError(ValueError):
    """An expression does not compile, or fails on a value; the message is cel-go's."""


class Issue(msgspec.Struct, frozen=True):
    """One thing that is wrong with an expression."""

    offset: int
    """The character of the expression at which it is; -1 where it is no single one."""
    message: str


def describe(expression: str, issues: Sequence[Issue]) -> str:
    """Return `issues` in the order of their places, each with its line of `expression`."""
    told = [_show(expression, issue) for issue in sorted(issues[:_MOST_TOLD], key=lambda issue: issue.offset)]
    rest = len(issues) - _MOST_TOLD
    return "\n".join([*told, f"{rest} more errors were truncated"] if rest > 0 else told)


def _show(expression: str, issue: Issue) -> str:
    if issue.offset < 0:
        return f"ERROR: <input>:-1:0: {issue.message}"
    before = expression[: issue.offset]
    line_number = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    shown = f"ERROR: <input>:{line_number + 1}:{column + 1}: {issue.message}"
    line = expression.split("\n")[line_number].replace("\t", " ")
    if len(line) > _LONGEST_LINE:
        return shown
    dots = "".join("." if letter.isascii() else "\uff0e" for letter in line[:column])
    caret = "\uff3e" if line[column : column + 1] > "\x7f" else "^"
    return f"{shown}\n | {line}\n | {dots}{caret}"
