"""Read the literals of an expression.

Source: parser/unescape.go of cel-go.
"""

import re
from typing import Final

_ESCAPE: Final = re.compile(r"""\\(?:([abfnrtv"'\\?`])|([0-3][0-7][0-7])|[xX]([0-9a-fA-F]{2})|u(.{4})|U(.{8}))""")
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_MOST: Final = 2**63 - 1
_SURROGATES: Final = range(0xD800, 0xE000)


class LiteralError(ValueError):
    """A literal stands for no value; the message is cel-go's."""


def read_text(written: str) -> str:
    """Return the text that a string literal stands for.

    Raises:
        LiteralError: it has an escape that is no character.
    """
    inner, is_raw = _unwrap(written)
    return inner if is_raw else _ESCAPE.sub(lambda found: _character(found, is_bytes=False), inner)


def read_bytes(written: str) -> bytes:
    """Return the bytes that a bytes literal stands for.

    Raises:
        LiteralError: it has an escape of a character, not of a byte.
    """
    inner, is_raw = _unwrap(written[1:])
    if is_raw:
        return inner.encode()
    pieces, at = [], 0
    for found in _ESCAPE.finditer(inner):
        pieces += [inner[at : found.start()].encode(), _character(found, is_bytes=True).encode("latin-1")]
        at = found.end()
    return b"".join([*pieces, inner[at:].encode()])


def read_int(written: str, *, is_negative: bool) -> int:
    """Return a signed integer.

    Raises:
        LiteralError: it has more than 64 bits.
    """
    value = int(written, 16 if written.startswith("0x") else 10) * (-1 if is_negative else 1)
    if not -_MOST - 1 <= value <= _MOST:
        raise LiteralError("invalid int literal")
    return value


def read_uint(written: str) -> int:
    """Return an unsigned integer.

    Raises:
        LiteralError: it has more than 64 bits.
    """
    value = int(written[:-1], 16 if written.startswith("0x") else 10)
    if value > 2 * _MOST + 1:
        raise LiteralError("invalid uint literal")
    return value


def read_double(written: str) -> float:
    """Return a number with a fraction or an exponent.

    Raises:
        LiteralError: it is too large.
    """
    value = float(written)
    if value == float("inf"):
        raise LiteralError("invalid double literal")
    return value


def _unwrap(written: str) -> tuple[str, bool]:
    """Return what stands between the quotes, and whether it is raw."""
    is_raw = written[0] in "rR"
    quoted = written[1:] if is_raw else written
    quotes = 3 if len(quoted) >= 6 and quoted[:3] in ('"""', "'''") else 1
    return re.sub("\r\n?", "\n", quoted[quotes:-quotes]), is_raw


def _character(found: re.Match[str], *, is_bytes: bool) -> str:
    letter, octal, byte, short, long = found.groups()
    if letter:
        return _LETTERS.get(letter, letter)
    if is_bytes and (short or long):
        raise LiteralError("unable to unescape string")
    point = int(octal, 8) if octal else int(byte or short or long, 16)
    if point in _SURROGATES or point > 0x10FFFF:
        raise LiteralError("invalid unicode code point")
    return chr(point)
