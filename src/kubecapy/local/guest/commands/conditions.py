"""Answer `test` and `[`: files, strings and numbers.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/test.html.
"""

import operator
from collections.abc import Callable, Mapping, Sequence

from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.commands import Call, Command

_NUMBERS: Mapping[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq, "-ne": operator.ne, "-lt": operator.lt, "-le": operator.le, "-gt": operator.gt,
    "-ge": operator.ge,
}  # fmt: skip
_STRINGS: Mapping[str, Callable[[str, str], bool]] = {"=": operator.eq, "==": operator.eq, "!=": operator.ne}


class ConditionError(Exception):
    """An expression that `test` does not understand."""


def condition_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""

    async def test(call: Call) -> int:
        words = list(call.arguments)
        if call.name in ("[", "[["):
            closing = "]" if call.name == "[" else "]]"
            if not words or words.pop() != closing:
                return call.fail(f"missing {closing}", 2)
        try:
            return int(not _any_of(words, host.files, call.cwd))
        except ConditionError as error:
            return call.fail(str(error), 2)

    async def true(call: Call) -> int:  # noqa: ARG001 - the shape of a command
        return 0

    async def false(call: Call) -> int:  # noqa: ARG001 - the shape of a command
        return 1

    return {"[": test, "[[": test, "test": test, "true": true, "false": false}


def _any_of(words: Sequence[str], files: GuestFilesystem, cwd: str) -> bool:
    return any(_all_of(part, files, cwd) for part in _split(words, "-o"))


def _all_of(words: Sequence[str], files: GuestFilesystem, cwd: str) -> bool:
    return all(_one(part, files, cwd) for part in _split(words, "-a"))


def _split(words: Sequence[str], joint: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for index, word in enumerate(words):
        if word == joint and 0 < index < len(words) - 1:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _one(words: Sequence[str], files: GuestFilesystem, cwd: str) -> bool:
    match list(words):
        case []:
            return False
        case [text]:
            return bool(text)
        case ["!", *rest]:
            return not _one(rest, files, cwd)
        case ["-n" | "-z" as sign, text]:
            return bool(text) == (sign == "-n")
        case [sign, path] if sign in ("-e", "-f", "-d", "-r", "-w", "-x", "-s", "-L", "-h"):
            return _file(sign, path, files, cwd)
        case [left, sign, right] if sign in _STRINGS:
            return _STRINGS[sign](left, right)
        case [left, sign, right] if sign in _NUMBERS:
            return _NUMBERS[sign](_number(left), _number(right))
        case [first, *_]:
            raise ConditionError(f"{first}: unexpected operator")
    raise AssertionError(words)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConditionError(f"Illegal number: {text}") from None


def _file(sign: str, path: str, files: GuestFilesystem, cwd: str) -> bool:
    match sign:
        case "-f":
            return files.is_file(path, cwd)
        case "-d":
            return files.is_folder(path, cwd)
        case "-x":
            return files.is_executable(path, cwd) or files.is_folder(path, cwd)
        case "-L" | "-h":
            return files.entry(path, cwd).is_symlink()
        case "-s":
            return files.is_file(path, cwd) and files.locate(path, cwd).stat().st_size > 0
        case _:
            return files.exists(path, cwd)
