"""Hold what the parts of one running shell share: its guest, its state, its place in the script, its voice."""

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from kubecapy.clock import Clock
from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.shell.commands import Lookup
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.streams import Streams, Write, discard

NOT_FOUND_STATUS = 127
NOT_EXECUTABLE_STATUS = 126
SYNTAX_STATUS = 2

Dialect: TypeAlias = Literal["dash", "bash"]
"""Whose error words are used: `/bin/sh` is dash on Ubuntu and bash on CentOS."""


class ShellExit(Exception):
    """The shell ends with a status."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(status)
        self.status = status


class FunctionReturn(ShellExit):
    """A function or a sourced file ends with a status; outside of both, the shell does."""


class LoopJump(Exception):
    """A loop is left, or begins its next pass, `levels` loops up."""

    def __init__(self, *, leave: bool, levels: int) -> None:
        """Keep what to do, and how many loops it concerns."""
        super().__init__(levels)
        self.leave = leave
        self.levels = levels


@dataclass
class Session:
    """One shell's own."""

    files: GuestFilesystem
    lookup: Lookup
    clock: Clock
    state: ShellState
    dialect: Dialect = "dash"
    line: int = 1
    """Of the script, where the command stands that runs now."""
    errors: Write = discard
    """Where command substitutions and the console write their errors."""

    def fork(self, errors: Write) -> Self:
        """Return the session of a subshell: equal, but its changes are its own."""
        return type(self)(self.files, self.lookup, self.clock, self.state.copy(), self.dialect, self.line, errors)

    def spawn(self, state: ShellState, dialect: Dialect) -> Self:
        """Return the session of a new shell, which inherits nothing but the guest."""
        return type(self)(self.files, self.lookup, self.clock, state, dialect)

    def complain(self, message: str, streams: Streams) -> None:
        """Print an error as the dialect does, with the script's name and line."""
        place = f"{self.line}" if self.dialect == "dash" else f"line {self.line}"
        streams.stderr(f"{self.state.name}: {place}: {message}\n")

    def not_found(self, name: str) -> str:
        """Return what the dialect says of a command that is not there."""
        if "/" in name and self.dialect == "bash":
            return f"{name}: No such file or directory"
        return f"{name}: not found" if self.dialect == "dash" else f"{name}: command not found"
