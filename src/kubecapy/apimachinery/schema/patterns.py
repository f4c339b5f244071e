r"""Compile regular expressions as Go reads them.

The API server's patterns are RE2 (https://github.com/google/re2/wiki/Syntax): `$` means the very end of the text, `\d`
and its like are ASCII, `\z` is the end, and `[[:alpha:]]` names a class. Python reads each of these otherwise.

Limit: Python's engine backtracks, RE2 does not; back-references and look-around are refused here as RE2 refuses them.
"""

import re
from functools import lru_cache
from typing import Final

_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\t ",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PIECE: Final = re.compile(r"\\.|\[:(\w+):\]|\(\?|.", re.DOTALL)


class PatternError(ValueError):
    """The text is no regular expression that the API server accepts."""


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> re.Pattern[str]:
    """Return the compiled `text`; use its `search`.

    Raises:
        PatternError: `text` is no RE2 expression.
    """
    try:
        return re.compile(_translate(text), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error


def _translate(text: str) -> str:
    parts: list[str] = []
    class_start: int | None = None
    # A `]` at the first place of a class is a literal, not its end.
    for match in _PIECE.finditer(text):
        piece = match.group()
        in_class = class_start is not None
        parts.append(_translate_piece(text, match, in_class=in_class))
        if (piece == "[" and not in_class) or (
            piece == "^" and class_start == match.start() and text[match.start() - 1] == "["
        ):
            class_start = match.end()
        elif piece == "]" and in_class and class_start != match.start():
            class_start = None
    return "".join(parts)


def _translate_piece(text: str, match: re.Match[str], *, in_class: bool) -> str:
    piece = match.group()
    if match.group(1) is not None and in_class:
        return _posix_class(match.group(1))
    if piece == r"\z":
        return r"\Z"
    if piece == "$" and not in_class:
        return r"\Z"
    if piece == "[" and in_class:
        return r"\["
    if piece == "(?" and not in_class:
        _refuse_look_around(text[match.end() : match.end() + 2])
    if len(piece) == 2 and piece[0] == "\\" and piece[1] in "123456789Z" and not in_class:
        raise PatternError(f"invalid escape sequence: `{piece}`")
    return piece


def _posix_class(name: str) -> str:
    if name not in _POSIX:
        raise PatternError(f"invalid character class range: `[:{name}:]`")
    return _POSIX[name]


def _refuse_look_around(follows: str) -> None:
    if follows[:1] in ("=", "!") or follows in ("<=", "<!"):
        raise PatternError(f"invalid or unsupported Perl syntax: `(?{follows}`")
