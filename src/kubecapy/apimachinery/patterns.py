r"""Compile regular expressions as Go reads them, and refuse in Go's words what it refuses.

The API server's expressions are RE2 (https://github.com/google/re2/wiki/Syntax): `$` means the very end of the text,
`\d` and its like are ASCII, flags may stand anywhere, and there is neither look-around nor back-reference. Each is read
as Go reads it and written anew for Python's engine.

Limit: Python's engine backtracks, RE2 does not; Unicode scripts (`\p{Greek}`) are not known.

Source: regexp/syntax/parse.go of Go 1.26.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec

from kubecapy.apimachinery.character_classes import PERL, POSIX, Ranges, complement, find_category, union

_MAX_REPEAT: Final = 1000
_REPEAT: Final = re.compile(r"\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}")
_OCTAL: Final = re.compile(r"[0-7]{1,3}")
_ESCAPES: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ASSERTIONS: Final = {"A": r"\A", "z": r"\Z", "b": r"(?a:\b)", "B": r"(?a:\B)"}
_BAR: Final = "|"


class PatternError(ValueError):
    """The text is no regular expression that the API server accepts; the message is Go's."""

    def __init__(self, problem: str, where: str) -> None:
        """Tell the `problem` and the piece of the expression that has it."""
        super().__init__(f"{problem}: `{where}`")


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> re.Pattern[str]:
    """Return the compiled `text`; use its `search`.

    Raises:
        PatternError: `text` is no RE2 expression.
    """
    try:
        return re.compile(_Translation(text).translate())
    except (re.error, OverflowError, RecursionError) as error:
        # Nothing that was translated is wrong for Python but in size.
        raise PatternError("expression too large", text) from error


class _Flags(msgspec.Struct, frozen=True):
    ignores_case: bool = False
    is_multiline: bool = False
    dot_is_any: bool = False
    is_lazy: bool = False


_FLAGS: Final = {"i": "ignores_case", "m": "is_multiline", "s": "dot_is_any", "U": "is_lazy"}


class _Piece(msgspec.Struct):
    """One operand, and how often its parts may be repeated in all."""

    text: str
    times: int = 1


class _Group(msgspec.Struct):
    """What stands between parentheses so far, and the flags from before them."""

    flags: _Flags
    pieces: list[_Piece] = []


class _Translation:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._flags = _Flags()
        self._groups = [_Group(self._flags)]
        self._repeated_from: int | None = None
        """Where the repetition before this place begins; None where there is none right before."""

    def translate(self) -> str:
        while self._at < len(self._text):
            before, start = self._repeated_from, self._at
            self._repeated_from = None
            if self._read_repetition(before):
                self._repeated_from = start
            else:
                self._read_operand()
        if len(self._groups) > 1:
            raise PatternError("missing closing )", self._text)
        return "".join(piece.text for piece in self._groups[0].pieces)

    def _read_operand(self) -> None:
        character = self._text[self._at]
        if character == "(":
            self._open()
        elif character == ")":
            self._close()
        elif character == "[":
            self._push(self._fold(self._read_class()))
        elif character == "\\":
            self._read_escape()
        else:
            self._at += 1
            self._push(self._read_plain(character))

    def _read_plain(self, character: str) -> str:
        match character:
            case "|":
                return _BAR
            case "^":
                return "(?m:^)" if self._flags.is_multiline else r"\A"
            case "$":
                return "(?m:$)" if self._flags.is_multiline else r"\Z"
            case ".":
                return "(?s:.)" if self._flags.dot_is_any else r"[^\n]"
            case _:
                return self._fold(re.escape(character))

    def _push(self, text: str) -> None:
        self._groups[-1].pieces.append(_Piece(text))

    def _fold(self, text: str) -> str:
        return f"(?i:{text})" if self._flags.ignores_case else text

    def _open(self) -> None:
        rest = self._text[self._at :]
        if rest.startswith("(?"):
            named = re.match(r"\(\?P?<", rest)
            if named is None:
                self._read_flags()
                return
            self._at += self._read_group_name(rest, named.end())
        else:
            self._at += 1
        self._groups.append(_Group(self._flags))

    def _read_group_name(self, rest: str, start: int) -> int:
        """Return how long the beginning of a named group is."""
        end = rest.find(">")
        if end < 0:
            raise PatternError("invalid named capture", rest)
        if re.fullmatch(r"[0-9A-Za-z_]+", rest[start:end]) is None:
            raise PatternError("invalid named capture", rest[: end + 1])
        return end + 1

    def _read_flags(self) -> None:
        """Read `(?flags)` or `(?flags:`; the first holds to the end of the group around it."""
        start = self._at
        wanted: dict[str, bool] = {}
        value, saw_flag = True, False
        for at in range(start + 2, len(self._text)):
            character = self._text[at]
            if character in _FLAGS:
                wanted[_FLAGS[character]] = value
                saw_flag = True
            elif character == "-" and value:
                value, saw_flag = False, False
            elif character in ":)" and (value or saw_flag):
                self._at = at + 1
                if character == ":":
                    self._groups.append(_Group(self._flags))
                self._flags = msgspec.structs.replace(self._flags, **wanted)
                return
            else:
                raise PatternError("invalid or unsupported Perl syntax", self._text[start : at + 1])
        raise PatternError("invalid or unsupported Perl syntax", self._text[start:])

    def _close(self) -> None:
        if len(self._groups) == 1:
            raise PatternError("unexpected )", self._text)
        group = self._groups.pop()
        self._flags = group.flags
        text = "".join(piece.text for piece in group.pieces)
        times = max((piece.times for piece in group.pieces), default=1)
        self._groups[-1].pieces.append(_Piece(f"(?:{text})", times))
        self._at += 1

    def _read_repetition(self, repeated_from: int | None) -> bool:
        """Read a repetition and return whether there is one; `repeated_from` is where one right before it begins."""
        start = self._at
        match = _REPEAT.match(self._text, start)
        if self._text[start] in "*+?":
            self._at += 1
        elif match is not None:
            self._at = match.end()
        else:
            return False
        count = self._text[start : self._at]
        if match is not None:
            self._check_count(match)
        is_lazy = self._flags.is_lazy
        if self._text.startswith("?", self._at):
            self._at += 1
            is_lazy = not is_lazy
        if repeated_from is not None:
            raise PatternError("invalid nested repetition operator", self._text[repeated_from : self._at])
        self._repeat(count, match, start, is_lazy=is_lazy)
        return True

    def _check_count(self, match: re.Match[str]) -> None:
        least, greatest = int(match[1]), int(match[3]) if match[3] else None
        too_many = max(least, greatest or 0) > _MAX_REPEAT
        if too_many or (greatest is not None and least > greatest):
            raise PatternError("invalid repeat count", match[0])

    def _repeat(self, count: str, match: re.Match[str] | None, start: int, *, is_lazy: bool) -> None:
        pieces = self._groups[-1].pieces
        if not pieces or pieces[-1].text == _BAR:
            raise PatternError("missing argument to repetition operator", self._text[start : self._at])
        operand = pieces[-1]
        if match is not None:
            operand.times *= max(1, int(match[3] or match[1]))
            if operand.times > _MAX_REPEAT:
                raise PatternError("invalid repeat count", self._text[start : self._at])
        operand.text = f"(?:{operand.text}){count}{'?' if is_lazy else ''}"

    def _read_escape(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if following in _ASSERTIONS and following:
            self._at += 2
            self._push(_ASSERTIONS[following])
        elif following == "C":
            raise PatternError("invalid escape sequence", r"\C")
        elif following == "Q":
            literal, _, rest = self._text[self._at + 2 :].partition(r"\E")
            self._at = len(self._text) - len(rest)
            for character in literal:
                self._push(self._fold(re.escape(character)))
        else:
            group = self._read_group()
            text = _write_class(group) if group is not None else re.escape(self._read_character_escape())
            self._push(self._fold(text))

    def _read_group(self) -> Ranges | None:
        r"""Read a group of characters such as `\d` or `\p{Lu}`; None, and nothing read, where there is none."""
        following = self._text[self._at + 1 : self._at + 2]
        if following.lower() in PERL and following:
            self._at += 2
            ranges = PERL[following.lower()]
            return ranges if following.islower() else complement(ranges)
        return self._read_category() if following in ("p", "P") else None

    def _read_category(self) -> Ranges:
        match = re.compile(r"\\([pP])(?:\{([^}]*)\}|([^{]))", re.DOTALL).match(self._text, self._at)
        if match is None:
            raise PatternError("invalid character class range", self._text[self._at :])
        name = match[2] if match[2] is not None else match[3]
        is_negated = (match[1] == "P") != name.startswith("^")
        ranges = find_category(name.removeprefix("^"))
        if ranges is None:
            raise PatternError("invalid character class range", match[0])
        self._at = match.end()
        return complement(ranges) if is_negated else ranges

    def _read_character_escape(self) -> str:
        r"""Read `\` and what it escapes, and return the character that is meant."""
        start = self._at
        if start + 1 == len(self._text):
            raise PatternError("trailing backslash at end of expression", "")
        character = self._text[start + 1]
        self._at = start + 2
        octal = _OCTAL.match(self._text, start + 1)
        if octal is not None and (character == "0" or len(octal[0]) > 1):
            self._at = octal.end()
            return chr(int(octal[0], 8))
        if character == "x":
            return self._read_hexadecimal(start)
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character.isascii() and not character.isalnum():
            return character
        raise PatternError("invalid escape sequence", self._text[start : self._at])

    def _read_hexadecimal(self, start: int) -> str:
        for match in self._hexadecimals():
            if int(match, 16) <= 0x10FFFF:
                return chr(int(match, 16))
        raise PatternError("invalid escape sequence", self._text[start : self._at])

    def _hexadecimals(self) -> Iterator[str]:
        """Yield the digits of a hexadecimal escape; where they are wrong, stop behind what is."""
        if self._text.startswith("{", self._at):
            match = re.compile(r"\{([0-9A-Fa-f]*)(\}?)").match(self._text, self._at)
            is_whole = match is not None and bool(match[1] and match[2])
            self._at = match.end() if match is not None else self._at
            if match is not None and is_whole:
                yield match[1]
            elif match is not None and not match[2]:
                self._at = min(self._at + 1, len(self._text))
            return
        digits = self._text[self._at : self._at + 2]
        self._at += len(digits)
        if re.fullmatch("[0-9A-Fa-f]{2}", digits):
            yield digits

    def _read_class(self) -> str:
        start = self._at
        self._at += 1
        is_negated = self._text.startswith("^", self._at)
        self._at += is_negated
        ranges: list[tuple[int, int]] = []
        is_first = True
        while not self._text.startswith("]", self._at) or is_first:
            is_first = False
            ranges += self._read_class_part(start)
        self._at += 1
        return _write_class(union(ranges), is_negated=is_negated)

    def _read_class_part(self, start: int) -> Ranges:
        if self._text.startswith("[:", self._at):
            named = self._read_named_class()
            if named is not None:
                return named
        if self._text.startswith("\\", self._at):
            group = self._read_group()
            if group is not None:
                return group
        part = self._at
        low = high = self._read_class_character(start)
        if self._text.startswith("-", self._at) and self._text[self._at + 1 : self._at + 2] not in ("", "]"):
            self._at += 1
            high = self._read_class_character(start)
            if high < low:
                raise PatternError("invalid character class range", self._text[part : self._at])
        return ((ord(low), ord(high)),)

    def _read_named_class(self) -> Ranges | None:
        end = self._text.find(":]", self._at + 2)
        if end < 0:
            return None
        whole = self._text[self._at : end + 2]
        name = whole[2:-2]
        if name.removeprefix("^") not in POSIX:
            raise PatternError("invalid character class range", whole)
        self._at = end + 2
        ranges = POSIX[name.removeprefix("^")]
        return complement(ranges) if name.startswith("^") else ranges

    def _read_class_character(self, start: int) -> str:
        if self._at >= len(self._text):
            raise PatternError("missing closing ]", self._text[start:])
        if self._text[self._at] == "\\":
            return self._read_character_escape()
        self._at += 1
        return self._text[self._at - 1]


def _write_class(ranges: Ranges, *, is_negated: bool = False) -> str:
    if not ranges:
        # Python has no empty class.
        return r"[\x00-\U0010ffff]" if is_negated else r"[^\x00-\U0010ffff]"
    listed = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
    return f"[{'^' if is_negated else ''}{listed}]"
