"""Find out what a shell of its own is asked to run: a script file, `sh -c ...`, `sh FILE`, or what it reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kubecapy.local.guest.shell.session import (
    NOT_EXECUTABLE_STATUS,
    NOT_FOUND_STATUS,
    SYNTAX_STATUS,
    Dialect,
    Session,
)
from kubecapy.local.guest.shell.streams import TextInput

_SHELLS = ("sh", "bash", "dash")
_OPTION_LETTERS = "eux"


@dataclass(frozen=True)
class Program:
    """A script, and how a shell is started on it."""

    source: str
    name: str
    """`$0`."""
    arguments: tuple[str, ...]
    dialect: Dialect
    flags: tuple[str, ...]

    @property
    def options(self) -> str:
        """The letters among the flags that `set` knows too."""
        short = (flag for flag in self.flags if not flag.startswith("--"))
        return "".join(letter for flag in short for letter in flag if letter in _OPTION_LETTERS)


class NotStarted(Exception):
    """No shell starts: it says why, and the command ends with `status`."""

    def __init__(self, message: str, status: int) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


ProgramReader: TypeAlias = Callable[[Session, tuple[str, ...], TextInput], Program]
"""Returns what the words of a command ask for; raises NotStarted where that cannot be."""


def read_script_file(session: Session, words: tuple[str, ...], stdin: TextInput) -> Program:  # noqa: ARG001 - a reader
    """Return the script file that the first word names, for the shell that its first line names.

    Raises:
        NotStarted: it may not be executed, or is for another interpreter.
    """
    path = words[0]
    if not session.files.is_executable(path, session.state.cwd):
        raise NotStarted(f"{path}: Permission denied", NOT_EXECUTABLE_STATUS)
    source = session.files.read_text(path, session.state.cwd)
    interpreter, *flags = _interpreter(source)
    if interpreter.rpartition("/")[2] not in _SHELLS:
        raise NotStarted(session.not_found(path), NOT_FOUND_STATUS)
    return Program(source, path, words[1:], _dialect(interpreter, session), tuple(flags))


def read_shell_call(session: Session, words: tuple[str, ...], stdin: TextInput) -> Program:
    """Return what `sh`, `bash` and their kin are to run.

    Raises:
        NotStarted: `-c` without a script, or the file is not there.
    """
    dialect = _dialect(words[0], session)
    flags, rest = _leading_flags(words[1:])
    if any("c" in flag for flag in flags if not flag.startswith("--")):
        if not rest:
            raise NotStarted("-c requires an argument", SYNTAX_STATUS)
        return Program(rest[0], rest[1] if len(rest) > 1 else words[0], rest[2:], dialect, flags)
    if not rest:
        return Program(stdin.read(), words[0], (), dialect, flags)
    if not session.files.is_file(rest[0], session.state.cwd):
        raise NotStarted(f"cannot open {rest[0]}: No such file", NOT_FOUND_STATUS)
    return Program(session.files.read_text(rest[0], session.state.cwd), rest[0], rest[1:], dialect, flags)


def _interpreter(source: str) -> Sequence[str]:
    """Return the words of the `#!` line without `env`; those of the system's shell where there is none."""
    first_line = source.partition("\n")[0]
    words = first_line.removeprefix("#!").split() if first_line.startswith("#!") else []
    return [word for word in words if word != "/usr/bin/env"] or ["/bin/sh"]


def _dialect(interpreter: str, session: Session) -> Dialect:
    return "bash" if interpreter.endswith("bash") else session.dialect


def _leading_flags(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    count = 0
    while count < len(words) and words[count].startswith("-") and words[count] != "-":
        count += 1
    return tuple(words[:count]), tuple(words[count:])
