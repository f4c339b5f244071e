"""Expand words: parameters, command substitution, arithmetic, field splitting and file names.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, section 2.6.
"""

import fnmatch
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.shell.arithmetic import evaluate
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.syntax import Arithmetic, Parameter, Part, Substitution, Text, Word

GLOB_LETTERS = "*?["
_WHITE = " \t\n"


class ExpansionError(Exception):
    """A word that has no value: the shell prints the message and ends with status 2."""


@dataclass(frozen=True)
class _Piece:
    text: str
    quoted: bool
    """Neither split nor matched."""
    split: bool = False
    """Came out of an expansion, so white space in it separates fields."""
    ends_field: bool = False
    """Stands between two positional parameters of `"$@"`."""


class Expander:
    """Expands the words of one shell."""

    def __init__(self, state: ShellState, files: GuestFilesystem, substitute: Callable[[str], Awaitable[str]]) -> None:
        """Read variables from `state` and names from `files`; `substitute` runs a script and returns its output."""
        self._state = state
        self._files = files
        self._substitute = substitute

    async def fields(self, words: Iterable[Word]) -> list[str]:
        """Return the fields of `words`, split and matched against file names.

        Raises:
            ExpansionError: a parameter is unset and that is refused, or arithmetic is wrong.
        """
        found: list[str] = []
        for word in words:
            for field in _split(await self._pieces(word)):
                found.extend(self._match(field))
        return found

    async def text(self, word: Word) -> str:
        """Return `word` as one string, neither split nor matched."""
        return "".join(" " if piece.ends_field else piece.text for piece in await self._pieces(word))

    async def pattern(self, word: Word) -> str:
        """Return `word` as a pattern in which quoted letters stand for themselves."""
        pieces = await self._pieces(word)
        return "".join(_escape(piece.text) if piece.quoted else piece.text for piece in pieces)

    async def _pieces(self, word: Word) -> list[_Piece]:
        pieces: list[_Piece] = []
        for index, part in enumerate(word.parts):
            pieces.extend(await self._part(part, first=index == 0))
        return pieces

    async def _part(self, part: Part, *, first: bool) -> list[_Piece]:
        match part:
            case Text(value, quoted):
                return [_Piece(self._tilde(value) if first and not quoted else value, quoted)]
            case Substitution(source, quoted):
                output = (await self._substitute(source)).rstrip("\n")
                return [_Piece(output, quoted, split=not quoted)]
            case Arithmetic(expression, quoted):
                return [_Piece(self._arithmetic(await self.text(expression)), quoted, split=not quoted)]
            case Parameter():
                return await self._parameter(part)

    def _tilde(self, value: str) -> str:
        home = self._state.variables.get("HOME", "/root")
        return home + value[1:] if value == "~" or value.startswith("~/") else value

    def _arithmetic(self, expression: str) -> str:
        try:
            return str(evaluate(expression, self._state.variables))
        except ValueError as error:
            raise ExpansionError(f"arithmetic expression: {error}") from error

    async def _parameter(self, part: Parameter) -> list[_Piece]:
        if part.name == "@" and part.quoted and not part.operator:
            return _joined_by_field_ends(self._state.positional)
        value = self._state.parameter(part.name)
        if part.operator == "length":
            return [_Piece(str(len(value or "")), part.quoted)]
        if part.operator[-1:] in ("-", "=", "+", "?") and part.operator:
            return await self._conditional(part, value)
        if value is None and "nounset" in self._state.options and part.name not in ("@", "*"):
            raise ExpansionError(f"{part.name}: parameter not set")
        text = value or ""
        if part.operator and part.argument is not None:
            text = _trimmed(text, part.operator, await self.pattern(part.argument))
        return [_Piece(text, part.quoted, split=not part.quoted)]

    async def _conditional(self, part: Parameter, value: str | None) -> list[_Piece]:
        empty_counts = part.operator.startswith(":")
        has_value = bool(value) if empty_counts else value is not None
        kind = part.operator[-1]
        argument = part.argument or Word(())
        if kind == "+":
            return await self._pieces(argument) if has_value else []
        if has_value:
            return [_Piece(value or "", part.quoted, split=not part.quoted)]
        if kind == "?":
            raise ExpansionError(f"{part.name}: {await self.text(argument) or 'parameter not set'}")
        if kind == "=":
            self._state.variables[part.name] = await self.text(argument)
        return await self._pieces(argument)

    def _match(self, field: list[_Piece]) -> list[str]:
        literal = "".join(piece.text for piece in field)
        if not any(letter in piece.text for piece in field if not piece.quoted for letter in GLOB_LETTERS):
            return [literal]
        pattern = "".join(_escape(piece.text) if piece.quoted else piece.text for piece in field)
        return self._files.glob(pattern, self._state.cwd) or [literal]


def _joined_by_field_ends(values: tuple[str, ...]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for value in values:
        if pieces:
            pieces.append(_Piece("", quoted=True, ends_field=True))
        pieces.append(_Piece(value, quoted=True))
    return pieces


def _split(pieces: list[_Piece]) -> list[list[_Piece]]:
    fields: list[list[_Piece]] = []
    current: list[_Piece] = []
    for piece in pieces:
        if piece.ends_field:
            fields.append(current)
            current = []
        elif not piece.split:
            # A word of expansions alone vanishes when they are empty; a quoted or written part makes it a field.
            current = [*current, piece]
        else:
            current = _split_piece(piece, fields, current)
    if current:
        fields.append(current)
    return fields


def _split_piece(piece: _Piece, fields: list[list[_Piece]], current: list[_Piece]) -> list[_Piece]:
    """Move the fields that `piece` completes to `fields`; return the one that is still open."""
    chunks = piece.text.split()
    if not piece.text:
        return current
    if (piece.text[0] in _WHITE) and current:
        fields.append(current)
        current = []
    for index, chunk in enumerate(chunks):
        if index:
            fields.append(current)
            current = []
        current = [*current, _Piece(chunk, quoted=False)]
    if chunks and piece.text[-1] in _WHITE:
        fields.append(current)
        current = []
    return current


def _escape(text: str) -> str:
    return "".join(f"[{letter}]" if letter in GLOB_LETTERS else letter for letter in text)


def _trimmed(text: str, operator: str, pattern: str) -> str:
    """Return `text` without the shortest (`#`, `%`) or longest (`##`, `%%`) prefix or suffix that matches."""
    lengths = range(len(text) + 1)
    ordered = reversed(lengths) if len(operator) > 1 else lengths
    for length in ordered:
        cut = text[:length] if operator[0] == "#" else text[len(text) - length :]
        if fnmatch.fnmatchcase(cut, pattern):
            return text[length:] if operator[0] == "#" else text[: len(text) - length]
    return text
