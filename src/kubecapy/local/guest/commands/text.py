"""Print, search and cut text: echo, grep, sed and their kin, as far as boot scripts go.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/idx/utilities.html.
"""

import re
from collections.abc import Mapping

from kubecapy.local.guest.commands.sed import SedError, parse_sed, python_pattern
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.commands import Call, Command, split_options

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "0": "\0"}


def text_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    text = _TextCommands(host)
    return {
        "basename": _basename,
        "cut": text.cut,
        "dirname": _dirname,
        "echo": text.echo,
        "egrep": text.grep,
        "grep": text.grep,
        "head": text.head,
        "printf": _printf,
        "sed": text.sed,
        "seq": _seq,
        "sort": text.sort,
        "tail": text.head,
        "tr": _tr,
        "uniq": text.sort,
        "wc": text.count,
    }


class _TextCommands:
    def __init__(self, host: Host) -> None:
        self._files = host.files
        self._is_dash = host.system.shell_dialect == "dash"

    async def echo(self, call: Call) -> int:
        words = list(call.arguments)
        newline, escapes = "\n", self._is_dash
        while words and re.fullmatch("-[neE]+", words[0]):
            newline = "" if "n" in words[0] else newline
            escapes = "e" in words[0] or (escapes and "E" not in words[0])
            words.pop(0)
        text = " ".join(words)
        call.out((unescape(text) if escapes else text) + newline)
        return 0

    async def grep(self, call: Call) -> int:
        options, operands = split_options(call.arguments, "qivnEoFcsrwxhHl", "eAm")
        pattern = options["e"] if "e" in options else operands.pop(0)
        extended = "E" in options or call.name == "egrep"
        source = re.escape(pattern) if "F" in options else python_pattern(pattern, extended=extended)
        source = rf"\b(?:{source})\b" if "w" in options else rf"^(?:{source})$" if "x" in options else source
        expression = re.compile(source, re.IGNORECASE if "i" in options else 0)
        found: list[str] = []
        status = 2 if any(not self._files.exists(path, call.cwd) for path in operands if path != "-") else 1
        for path in operands or ["-"]:
            found.extend(self._matching(self._read(call, path, quiet="s" in options), expression, options))
        if "c" in options:
            call.out(f"{len(found)}\n")
        elif "q" not in options:
            call.out("".join(f"{line}\n" for line in found))
        return 0 if found else status

    def _matching(self, text: str, expression: re.Pattern[str], options: Mapping[str, str]) -> list[str]:
        lines: list[str] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if bool(expression.search(line)) == ("v" in options):
                continue
            prefix = f"{number}:" if "n" in options else ""
            if "o" in options:
                lines.extend(prefix + match.group() for match in expression.finditer(line) if match.group())
            else:
                lines.append(prefix + line)
        return lines

    async def sed(self, call: Call) -> int:
        arguments = [re.sub(r"^-i.*", "-i", word) for word in call.arguments]
        options, operands = split_options(arguments, "inErs", "e")
        try:
            script = parse_sed(options.get("e") or operands.pop(0), extended=bool({"E", "r"} & set(options)))
        except SedError as error:
            return call.fail(f"-e expression #1, {error}")
        except IndexError:
            return call.fail("no script specified")
        status = 0
        for path in operands or ["-"]:
            if path != "-" and not self._files.is_file(path, call.cwd):
                status = call.fail(f"can't read {path}: No such file or directory", 2)
                continue
            changed = script.apply(self._read(call, path), quiet="n" in options)
            if "i" in options and path != "-":
                self._files.write(path, changed, call.cwd)
            else:
                call.out(changed)
        return status

    async def head(self, call: Call) -> int:
        arguments = [re.sub(r"^-(\d+)$", r"-n\1", word) for word in call.arguments]
        options, operands = split_options(arguments, "qfF", "nc")
        lines = "".join(self._read(call, path) for path in operands or ["-"]).splitlines(keepends=True)
        text = options.get("n", "10")
        count = int(text.lstrip("+-") or 0)
        if call.name == "head":
            kept = lines[:-count] if text.startswith("-") else lines[:count]
        else:
            kept = lines[max(count - 1, 0) :] if text.startswith("+") else lines[max(len(lines) - count, 0) :]
        call.out("".join(kept))
        return 0

    async def cut(self, call: Call) -> int:
        options, operands = split_options(call.arguments, "s", "dfc")
        delimiter = options.get("d", "\t")
        ranges = options.get("f") or options.get("c") or "1-"
        for line in "".join(self._read(call, path) for path in operands or ["-"]).splitlines():
            if "c" in options:
                call.out("".join(_selected(list(line), ranges)) + "\n")
            elif delimiter not in line:
                call.out(f"{line}\n")
            else:
                call.out(delimiter.join(_selected(line.split(delimiter), ranges)) + "\n")
        return 0

    async def sort(self, call: Call) -> int:
        options, operands = split_options(call.arguments, "urnVc", "kt")
        lines = "".join(self._read(call, path) for path in operands or ["-"]).splitlines()
        if call.name == "sort":
            lines = sorted(lines, key=_version_key if {"V", "n"} & set(options) else None, reverse="r" in options)
        if "u" in options or call.name == "uniq":
            lines = [line for index, line in enumerate(lines) if index == 0 or lines[index - 1] != line]
        call.out("".join(f"{line}\n" for line in lines))
        return 0

    async def count(self, call: Call) -> int:
        options, operands = split_options(call.arguments, "lwcm")
        text = "".join(self._read(call, path) for path in operands or ["-"])
        figures = {"l": text.count("\n"), "w": len(text.split()), "c": len(text.encode(errors="surrogateescape"))}
        wanted = [letter for letter in "lwc" if letter in options] or list("lwc")
        call.out(" ".join(str(figures[letter]) for letter in wanted) + "\n")
        return 0

    def _read(self, call: Call, path: str, *, quiet: bool = False) -> str:
        if path == "-":
            return call.stdin.read()
        try:
            return self._files.read_text(path, call.cwd)
        except OSError as error:
            if not quiet:
                call.fail(f"{path}: {error.strerror}")
            return ""


async def _printf(call: Call) -> int:
    if not call.arguments:
        return call.fail("usage: printf format [arg ...]", 2)
    form, *values = call.arguments
    pieces = re.split(r"(%[-0 ]*\d*(?:\.\d+)?[sdixq%])", unescape(form))
    while True:
        used = 0
        for piece in pieces:
            if not re.fullmatch(r"%[-0 ]*\d*(?:\.\d+)?[sdixq%]", piece):
                call.out(piece)
            elif piece.endswith("%"):
                call.out("%")
            else:
                value = values.pop(0) if values else ""
                used += 1
                call.out(_formatted(piece, value))
        if not values or not used:
            return 0


def _formatted(piece: str, value: str) -> str:
    if piece[-1] in "dix":
        digits = int(value) if re.fullmatch(r"-?\d+", value) else 0
        return piece % digits
    return (piece[:-1] + "s") % value


async def _basename(call: Call) -> int:
    if not call.arguments:
        return call.fail("missing operand")
    name = call.arguments[0].rstrip("/").rpartition("/")[2] or "/"
    suffix = call.arguments[1] if len(call.arguments) > 1 else ""
    call.out(f"{name.removesuffix(suffix) if name != suffix else name}\n")
    return 0


async def _dirname(call: Call) -> int:
    if not call.arguments:
        return call.fail("missing operand")
    head, slash, _ = call.arguments[0].rstrip("/").rpartition("/")
    call.out(f"{head or slash or '.'}\n")
    return 0


async def _seq(call: Call) -> int:
    numbers = [int(word) for word in call.arguments if re.fullmatch(r"-?\d+", word)]
    if not numbers or len(numbers) != len(call.arguments):
        return call.fail("missing operand")
    first, step, last = {1: (1, 1, numbers[-1]), 2: (numbers[0], 1, numbers[-1])}.get(
        len(numbers), (numbers[0], numbers[min(1, len(numbers) - 1)], numbers[-1])
    )
    call.out("".join(f"{number}\n" for number in range(first, last + (1 if step > 0 else -1), step or 1)))
    return 0


async def _tr(call: Call) -> int:
    options, operands = split_options(call.arguments, "dsc")
    sets = [_letters(unescape(operand)) for operand in operands]
    text = call.stdin.read()
    if "d" in options:
        call.out("".join(letter for letter in text if letter not in sets[0]))
        return 0
    if "s" in options and len(sets) == 1:
        call.out(re.sub(f"([{re.escape(sets[0])}])\\1+", r"\1", text))
        return 0
    source, target = sets
    filled = target + target[-1:] * (len(source) - len(target))
    call.out(text.translate(str.maketrans(source, filled[: len(source)])))
    return 0


def _letters(text: str) -> str:
    classes = {"[:upper:]": "A-Z", "[:lower:]": "a-z", "[:digit:]": "0-9", "[:space:]": " \t\n\r"}
    for name, letters in classes.items():
        text = text.replace(name, letters)
    return re.sub(
        r"(.)-(.)", lambda match: "".join(map(chr, range(ord(match[1]), ord(match[2]) + 1))), text, flags=re.DOTALL
    )


def unescape(text: str) -> str:
    """Return `text` with the backslash escapes of printf and dash's echo resolved."""
    return re.sub(r"\\([ntrabfv\\0])", lambda match: _ESCAPES[match[1]], text)


def _selected(values: list[str], ranges: str) -> list[str]:
    kept: list[str] = []
    for item in ranges.split(","):
        first, dash, last = item.partition("-")
        start = int(first or 1)
        end = int(last) if last else len(values) if dash else start
        kept.extend(values[start - 1 : end])
    return kept


def _version_key(line: str) -> list[tuple[int, int | str]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", line)]
