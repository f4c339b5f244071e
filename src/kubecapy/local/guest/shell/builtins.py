"""Run the commands that change the shell itself and run nothing else."""

import shlex
from collections.abc import Callable, Mapping
from typing import TypeAlias

from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.streams import Streams

Builtin: TypeAlias = Callable[[ShellState, GuestFilesystem, tuple[str, ...], Streams], int]

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


def _nothing(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG001
    return 0


def _cd(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:
    target = words[1] if len(words) > 1 else state.variables.get("HOME", "/root")
    if not files.is_folder(target, state.cwd):
        streams.stderr(f"{state.name}: cd: can't cd to {target}\n")
        return 2
    state.cwd = files.normalize(target, state.cwd)
    state.variables["PWD"] = state.cwd
    return 0


def _pwd(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG001
    streams.stdout(f"{state.cwd}\n")
    return 0


def _assign(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG001
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            state.variables[name] = value
    return 0


def _export(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:
    names = [word.partition("=")[0] for word in words[1:] if not word.startswith("-")]
    if not names:
        for name, value in state.environment().items():
            streams.stdout(f"export {name}={shlex.quote(value)}\n")
    state.exported.update(names)
    return _assign(state, files, words, streams)


def _unset(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG001
    for name in words[1:]:
        state.variables.pop(name, None)
        state.exported.discard(name)
    return 0


def _shift(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG001
    count = int(words[1]) if len(words) > 1 else 1
    if count > len(state.positional):
        streams.stderr(f"{state.name}: shift: can't shift that many\n")
        return 2
    state.positional = state.positional[count:]
    return 0


def _read(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG001
    names = [word for word in words[1:] if not word.startswith("-")] or ["REPLY"]
    line = streams.stdin.readline()
    values = line.strip(" \t\n").split(None, len(names) - 1)
    for index, name in enumerate(names):
        state.variables[name] = values[index] if index < len(values) else ""
    return 0 if line.endswith("\n") else 1


def _set(state: ShellState, files: GuestFilesystem, words: tuple[str, ...], streams: Streams) -> int:  # noqa: ARG001
    pending = list(words[1:])
    while pending and pending[0][:1] in ("-", "+"):
        word = pending.pop(0)
        if word == "--":
            state.positional = tuple(pending)
            return 0
        names = [_OPTION_LETTERS.get(letter, "") for letter in word[1:] if letter != "o"]
        if "o" in word[1:] and pending:
            names.append(pending.pop(0))
        if not set(names) <= _OPTION_NAMES:
            streams.stderr(f"{state.name}: set: Illegal option {word}\n")
            return 2
        state.options = state.options | set(names) if word[0] == "-" else state.options - set(names)
    if pending:
        state.positional = tuple(pending)
    return 0
