"""Run the commands that change the shell itself and run nothing else."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.streams import Streams


@dataclass(frozen=True)
class BuiltinCall:
    """One run of a built-in command."""

    state: ShellState
    """The shell's own, which the command may change."""
    files: GuestFilesystem
    words: tuple[str, ...]
    """The command's name and its arguments."""
    streams: Streams


Builtin: TypeAlias = Callable[[BuiltinCall], int]
"""Does what one call asks and returns the exit status."""

_OPTION_LETTERS = {"e": "errexit", "x": "xtrace", "u": "nounset"}
_OPTION_NAMES = frozenset({"errexit", "xtrace", "nounset", "pipefail"})


def builtins() -> Mapping[str, Builtin]:
    """Return the built-in commands by name."""
    return {
        ":": _nothing,
        "cd": _cd,
        "export": _export,
        "local": _assign,
        "pwd": _pwd,
        "read": _read,
        "readonly": _assign,
        "set": _set,
        "shift": _shift,
        "trap": _nothing,
        "umask": _nothing,
        "unset": _unset,
    }


def _nothing(call: BuiltinCall) -> int:  # noqa: ARG001 - the shape of a builtin
    return 0


def _cd(call: BuiltinCall) -> int:
    target = call.words[1] if len(call.words) > 1 else call.state.variables.get("HOME", "/root")
    if not call.files.is_folder(target, call.state.cwd):
        call.streams.stderr(f"{call.state.name}: cd: can't cd to {target}\n")
        return 2
    call.state.cwd = call.files.normalize(target, call.state.cwd)
    call.state.variables["PWD"] = call.state.cwd
    return 0


def _pwd(call: BuiltinCall) -> int:
    call.streams.stdout(f"{call.state.cwd}\n")
    return 0


def _assign(call: BuiltinCall) -> int:
    for word in call.words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            call.state.variables[name] = value
    return 0


def _export(call: BuiltinCall) -> int:
    names = [word.partition("=")[0] for word in call.words[1:] if not word.startswith("-")]
    if not names:
        for name, value in call.state.environment().items():
            call.streams.stdout(f"export {name}={shlex.quote(value)}\n")
    call.state.exported.update(names)
    return _assign(call)


def _unset(call: BuiltinCall) -> int:
    for name in call.words[1:]:
        call.state.variables.pop(name, None)
        call.state.exported.discard(name)
    return 0


def _shift(call: BuiltinCall) -> int:
    count = int(call.words[1]) if len(call.words) > 1 else 1
    if count > len(call.state.positional):
        call.streams.stderr(f"{call.state.name}: shift: can't shift that many\n")
        return 2
    call.state.positional = call.state.positional[count:]
    return 0


def _read(call: BuiltinCall) -> int:
    names = [word for word in call.words[1:] if not word.startswith("-")] or ["REPLY"]
    line = call.streams.stdin.readline()
    values = line.strip(" \t\n").split(None, len(names) - 1)
    for index, name in enumerate(names):
        call.state.variables[name] = values[index] if index < len(values) else ""
    return 0 if line.endswith("\n") else 1


def _set(call: BuiltinCall) -> int:
    pending = list(call.words[1:])
    while pending and pending[0][:1] in ("-", "+"):
        word = pending.pop(0)
        if word == "--":
            call.state.positional = tuple(pending)
            return 0
        names = [_OPTION_LETTERS.get(letter, "") for letter in word[1:] if letter != "o"]
        if "o" in word[1:] and pending:
            names.append(pending.pop(0))
        if not set(names) <= _OPTION_NAMES:
            call.streams.stderr(f"{call.state.name}: set: Illegal option {word}\n")
            return 2
        call.state.options = call.state.options | set(names) if word[0] == "-" else call.state.options - set(names)
    if pending:
        call.state.positional = tuple(pending)
    return 0
