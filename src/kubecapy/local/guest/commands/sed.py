"""Edit text by sed scripts: substitution, deletion, printing and lines put in.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/sed.html. Hold space and jumps are not there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

ADDRESS = r"(?:\d+|\$|/(?:\\.|[^/\\])*/|\\(?P<mark>.)(?:(?!(?P=mark)).)*(?P=mark))"


class SedError(Exception):
    """A script that sed does not read; the message is GNU sed's or says what is not simulated."""


class _Line(NamedTuple):
    """The line that sed works on, as steps before have left it."""

    text: str
    number: int
    is_last: bool


_Address: TypeAlias = Callable[[_Line], bool]


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


@dataclass
class _Cycle:
    """What becomes of one line."""

    text: str
    is_kept: bool = True
    before: list[str] = field(default_factory=list)
    """Lines to print before it."""
    after: list[str] = field(default_factory=list)
    """Lines to print after it."""
    ends_script: bool = False

    def do(self, step: _Step) -> bool:
        """Do one step and return whether the next ones have their turn."""
        match step.verb:
            case "d":
                self.is_kept = False
            case "q":
                self.ends_script = True
            case "c":
                self.text = step.argument
            case "p":
                self.before.append(self.text)
            case "i":
                self.before.append(step.argument)
            case "a":
                self.after.append(step.argument)
            case "s" if step.expression is not None:
                self.text = step.expression.sub(step.replacement, self.text, count=0 if step.every else 1)
        return step.verb not in ("d", "q", "c")


class _Selection:
    """Says which lines one step acts on; remembers whether its range is open."""

    def __init__(self, step: _Step) -> None:
        self.step = step
        self._inside = False

    def takes(self, line: _Line) -> bool:
        return self._matches(line) != self.step.negated

    def _matches(self, line: _Line) -> bool:
        first, last = self.step.first, self.step.last
        if first is None:
            return True
        if last is None:
            return first(line)
        if self._inside:
            self._inside = not last(line)
            return True
        self._inside = first(line)
        return self._inside


class SedScript:
    """A script that was read; ranges remember nothing between two texts."""

    def __init__(self, steps: list[_Step]) -> None:
        """Hold `steps` in their order."""
        self._steps = steps

    def apply(self, text: str, *, quiet: bool = False) -> str:
        """Return what sed prints for `text`; `quiet` leaves out lines that no `p` prints."""
        lines = text.splitlines()
        selections = [_Selection(step) for step in self._steps]
        printed: list[str] = []
        for number, line in enumerate(lines, start=1):
            cycle = _run_cycle(_Line(line, number, number == len(lines)), selections)
            printed.extend(cycle.before)
            if cycle.is_kept and not quiet:
                printed.append(cycle.text)
            printed.extend(cycle.after)
            if cycle.ends_script:
                break
        return "".join(f"{line}\n" for line in printed)


def _run_cycle(line: _Line, selections: Sequence[_Selection]) -> _Cycle:
    cycle = _Cycle(line.text)
    for selection in selections:
        if selection.takes(line._replace(text=cycle.text)) and not cycle.do(selection.step):
            break
    return cycle


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
        return (lambda line: line.number == wanted), rest
    if word == "$":
        return (lambda line: line.is_last), rest
    body = word[1:-1] if word.startswith("/") else word[2:-1]
    expression = _compiled(body.replace(r"\/", "/"), extended=extended, fold=False)
    return (lambda line: bool(expression.search(line.text))), rest


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
