"""Edit text by sed scripts: substitution, deletion, printing and lines put in.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/sed.html. Hold space and jumps are not there.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

ADDRESS = r"(?:\d+|\$|/(?:\\.|[^/\\])*/|\\(?P<mark>.)(?:(?!(?P=mark)).)*(?P=mark))"


class SedError(Exception):
    """A script that sed does not read; the message is GNU sed's or says what is not simulated."""


@dataclass(frozen=True)
class _Address:
    matches: Callable[[str, int, bool], bool]


@dataclass(frozen=True)
class _Step:
    first: _Address | None
    last: _Address | None
    negated: bool
    verb: str
    argument: str = ""
    expression: re.Pattern[str] | None = None
    replacement: str = ""
    every: bool = False


class SedScript:
    """A script that was read; ranges remember nothing between two texts."""

    def __init__(self, steps: list[_Step]) -> None:
        """Hold `steps` in their order."""
        self._steps = steps

    def apply(self, text: str, *, quiet: bool = False) -> str:
        """Return what sed prints for `text`; `quiet` leaves out lines that no `p` prints."""
        lines = text.splitlines()
        inside = [False] * len(self._steps)
        printed: list[str] = []
        for number, line in enumerate(lines, start=1):
            before, kept, after, ends = self._line(line, number, number == len(lines), inside)
            printed.extend(before)
            if kept is not None and not quiet:
                printed.append(kept)
            printed.extend(after)
            if ends:
                break
        return "".join(f"{line}\n" for line in printed)

    def _line(
        self,
        line: str,
        number: int,
        is_last: bool,  # noqa: FBT001 - one of the line's facts
        inside: list[bool],
    ) -> tuple[list[str], str | None, list[str], bool]:
        """Return lines to print before, the line itself or None, lines to print after, and whether sed ends."""
        before: list[str] = []
        after: list[str] = []
        for index, step in enumerate(self._steps):
            if self._selects(index, step, line, number, is_last, inside) == step.negated:
                continue
            if step.verb == "d":
                return before, None, after, False
            if step.verb == "q":
                return before, line, after, True
            if step.verb == "c":
                return before, step.argument, after, False
            if step.verb == "s" and step.expression is not None:
                line = step.expression.sub(step.replacement, line, count=0 if step.every else 1)
            elif step.verb == "p":
                before.append(line)
            elif step.verb == "i":
                before.append(step.argument)
            elif step.verb == "a":
                after.append(step.argument)
        return before, line, after, False

    def _selects(
        self,
        index: int,
        step: _Step,
        line: str,
        number: int,
        is_last: bool,  # noqa: FBT001 - one of the line's facts
        inside: list[bool],
    ) -> bool:
        if step.first is None:
            return True
        if step.last is None:
            return step.first.matches(line, number, is_last)
        if inside[index]:
            inside[index] = not step.last.matches(line, number, is_last)
            return True
        inside[index] = step.first.matches(line, number, is_last)
        return inside[index]


def parse_sed(source: str, *, extended: bool = False) -> SedScript:
    """Return the script that `source` says.

    Raises:
        SedError: it cannot be read.
    """
    steps: list[_Step] = []
    rest = source.strip()
    while rest:
        step, rest = _step(rest, extended=extended)
        steps.append(step)
        rest = rest.lstrip("; \n\t")
    return SedScript(steps)


def _step(text: str, *, extended: bool) -> tuple[_Step, str]:
    first, text = _address(text, extended=extended)
    last = None
    if text.startswith(","):
        last, text = _address(text[1:], extended=extended)
    text = text.lstrip()
    negated = text.startswith("!")
    text = text.removeprefix("!").lstrip()
    verb = text[:1]
    if verb in ("d", "p", "q"):
        return _Step(first, last, negated, verb), text[1:]
    if verb in ("a", "i", "c"):
        return _Step(first, last, negated, verb, argument=re.sub(r"^\\?\s*", "", text[1:])), ""
    if verb == "s":
        return _substitution(text, first, last, negated=negated, extended=extended)
    raise SedError(f"char 1: unknown command: `{verb}'" if verb else "char 0: missing command")


def _substitution(
    text: str, first: _Address | None, last: _Address | None, *, negated: bool, extended: bool
) -> tuple[_Step, str]:
    delimiter = re.escape(text[1:2])
    found = re.match(
        rf"s{delimiter}((?:\\.|(?!{delimiter}).)*){delimiter}((?:\\.|(?!{delimiter}).)*){delimiter}([gIip]*)",
        text,
        re.DOTALL,
    )
    if found is None:
        raise SedError(f"char {len(text)}: unterminated `s' command")
    pattern, replacement, flags = found.groups()
    plain = replacement.replace(f"\\{text[1]}", text[1])
    python = re.sub(r"\\(\d)|\\(.)|(&)", _replaced, plain)
    expression = _compiled(pattern.replace(f"\\{text[1]}", text[1]), extended=extended, fold="i" in flags.casefold())
    step = _Step(first, last, negated, "s", expression=expression, replacement=python, every="g" in flags)
    return step, text[found.end() :]


def _replaced(match: re.Match[str]) -> str:
    group, letter, whole = match.groups()
    if whole:
        return r"\g<0>"
    if group:
        return rf"\g<{group}>"
    return {"n": "\n", "t": "\t", "&": "&", "\\": r"\\"}.get(letter, letter)


def _address(text: str, *, extended: bool) -> tuple[_Address | None, str]:
    found = re.match(ADDRESS, text)
    if found is None:
        return None, text
    word, rest = found.group(), text[found.end() :]
    if word.isdigit():
        wanted = int(word)
        return _Address(lambda line, number, is_last: number == wanted), rest  # noqa: ARG005
    if word == "$":
        return _Address(lambda line, number, is_last: is_last), rest  # noqa: ARG005
    body = word[1:-1] if word.startswith("/") else word[2:-1]
    expression = _compiled(body.replace(r"\/", "/"), extended=extended, fold=False)
    return _Address(lambda line, number, is_last: bool(expression.search(line))), rest  # noqa: ARG005


def _compiled(pattern: str, *, extended: bool, fold: bool) -> re.Pattern[str]:
    try:
        return re.compile(python_pattern(pattern, extended=extended), re.IGNORECASE if fold else 0)
    except re.error as error:
        raise SedError(f"char {len(pattern)}: {error}") from error


def python_pattern(pattern: str, *, extended: bool) -> str:
    r"""Return a POSIX regular expression in Python's words; in a basic one `\(` groups and `(` is a letter."""
    classes = {"[:space:]": r"\s", "[:alnum:]": "a-zA-Z0-9", "[:digit:]": "0-9", "[:alpha:]": "a-zA-Z"}
    for name, letters in classes.items():
        pattern = pattern.replace(name, letters)
    if extended:
        return pattern
    return re.sub(r"\\([(){}|+?])|([(){}|+?])", lambda match: match[1] or f"\\{match[2]}", pattern)
