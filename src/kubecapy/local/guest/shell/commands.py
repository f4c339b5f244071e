"""Say what a command is to the shell: a call with words, streams and an environment, answered by a status."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kubecapy.local.guest.shell.streams import TextInput, Write


@dataclass(frozen=True)
class Call:
    """One run of a command."""

    words: tuple[str, ...]
    """The command's name and its arguments."""
    stdin: TextInput
    out: Write
    err: Write
    environment: Mapping[str, str]
    cwd: str
    run: Callable[[Sequence[str], Mapping[str, str]], Awaitable[int]]
    """Runs another command with the same streams and some more variables, as `sudo` and `env` do."""

    @property
    def name(self) -> str:
        """The command's name."""
        return self.words[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the name."""
        return self.words[1:]

    def fail(self, message: str, status: int = 1) -> int:
        """Print `<name>: <message>` to standard error and return `status`."""
        self.err(f"{self.name}: {message}\n")
        return status


Command: TypeAlias = Callable[[Call], Awaitable[int]]
"""Does what one call asks and returns the exit status."""

Lookup: TypeAlias = Callable[[str], Command | None]
"""Finds a command by its name; None where the guest has none of that name."""


def split_options(arguments: Sequence[str], flags: str, valued: str = "") -> tuple[dict[str, str], list[str]]:
    """Split short options from operands, as getopt(3) with reordering does.

    `flags` lists letters without a value, `valued` those with one. Long options (`--name`, `--name=value`) are
    returned under their name. `--` ends the options.

    Raises:
        ValueError: an unknown letter, or a value is missing; the message is getopt's.
    """
    options: dict[str, str] = {}
    operands: list[str] = []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if word == "--":
            operands.extend(pending)
            break
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            options[name] = value
        elif word.startswith("-") and word != "-":
            _read_letters(word[1:], pending, options, flags, valued)
        else:
            operands.append(word)
    return options, operands


def options_of(call: Call, flags: str, valued: str = "") -> tuple[dict[str, str], list[str]]:
    """Return options and operands of `call`; where `split_options` refuses, which is printed, operands alone."""
    try:
        return split_options(call.arguments, flags, valued)
    except ValueError as error:
        call.fail(str(error))
        return {}, [word for word in call.arguments if not word.startswith("-")]


def _read_letters(letters: str, pending: list[str], options: dict[str, str], flags: str, valued: str) -> None:
    for index, letter in enumerate(letters):
        if letter in valued:
            rest = letters[index + 1 :]
            if not rest and not pending:
                raise ValueError(f"option requires an argument -- '{letter}'")
            options[letter] = rest or pending.pop(0)
            return
        if letter not in flags:
            raise ValueError(f"invalid option -- '{letter}'")
        options[letter] = ""


def split_go_flags(arguments: Sequence[str], valued: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Split flags from words as kubectl and kubeadm do: one dash or two, `--name value` or `--name=value`.

    `valued` names the flags that take the next word as their value, which is empty where no word follows; any other
    flag without `=` has the value `true`.
    """
    flags: dict[str, str] = {}
    words: list[str] = []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:
            value = "true" if name not in valued else pending.pop(0) if pending else ""
        flags[name] = value
    return flags, words
