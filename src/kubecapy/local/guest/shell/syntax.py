"""Name what a shell script is made of: words, commands and the ways to join them.

    Script -> AndOr* -> Pipeline -> Command
    Command: Simple | If | For | While | Case | Group | Function

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html, sections 2.6, 2.9 and 2.10.
"""

from dataclasses import dataclass
from typing import TypeAlias


class ShellSyntaxError(Exception):
    """A script that cannot be read; the message is what dash prints after the line number."""

    def __init__(self, message: str, line: int) -> None:
        """Keep the message and the 1-based line."""
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Text:
    """Characters as they stand; `quoted` ones are never split nor matched against file names."""

    value: str
    quoted: bool = False


@dataclass(frozen=True)
class Parameter:
    """`$name` or `${name<operator>argument}`; the argument is the word after the operator."""

    name: str
    operator: str = ""
    argument: "Word | None" = None
    quoted: bool = False


@dataclass(frozen=True)
class Substitution:
    """`$(source)`: the output of a script; read when it is run."""

    source: str
    quoted: bool = False


@dataclass(frozen=True)
class Arithmetic:
    """`$((expression))`."""

    expression: "Word"
    quoted: bool = False


Part: TypeAlias = Text | Parameter | Substitution | Arithmetic


@dataclass(frozen=True)
class Word:
    """Parts that stand together."""

    parts: tuple[Part, ...]

    @property
    def plain(self) -> str | None:
        """The word's characters where it is a single unquoted text, as reserved words are; else None."""
        if len(self.parts) != 1:
            return None
        part = self.parts[0]
        return part.value if isinstance(part, Text) and not part.quoted else None


@dataclass(frozen=True)
class Redirect:
    """`<fd><operator><target>`; for a here-document the target is its body."""

    descriptor: int
    operator: str
    target: Word


@dataclass(frozen=True)
class Assignment:
    """`name=value`."""

    name: str
    value: Word


@dataclass(frozen=True)
class Simple:
    """Assignments, words and redirections; without words the assignments last."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int


@dataclass(frozen=True)
class If:
    """Branches tried in order, then `otherwise`."""

    branches: tuple[tuple["Script", "Script"], ...]
    otherwise: "Script | None"
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class For:
    """Runs `body` with `name` set to each field of `words`; None stands for the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: "Script"
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class While:
    """Runs `body` as long as `condition` succeeds, or fails where `until` is set."""

    condition: "Script"
    body: "Script"
    until: bool
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class Case:
    """Runs the first body one of whose patterns matches `subject`."""

    subject: Word
    arms: tuple[tuple[tuple[Word, ...], "Script"], ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class Group:
    """`{ script; }`, or `( script )` with a state of its own where `subshell` is set."""

    script: "Script"
    subshell: bool
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class Function:
    """`name() command`."""

    name: str
    body: "Command"


Command: TypeAlias = Simple | If | For | While | Case | Group | Function


@dataclass(frozen=True)
class Pipeline:
    """Commands whose output is the next one's input; `negated` turns the verdict round."""

    commands: tuple[Command, ...]
    negated: bool = False


@dataclass(frozen=True)
class AndOr:
    """A pipeline and those that depend on the verdict before them: (`&&` or `||`, pipeline)."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()


@dataclass(frozen=True)
class Script:
    """Lists that run one after the other."""

    lists: tuple[AndOr, ...]
