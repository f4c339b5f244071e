"""Run transcripts: commands after `$ `, and below each what it prints.

A line of standard error begins with `! `, and an exit code other than 0 stands alone as `[1]`. Words in capitals stand
for what no two runs share: NAMESPACE and GROUP for the test's own, others as `masking` has them.

    $ kubectl scale widget a --replicas=4 --current-replicas=2
    ! error: Expected replicas to be 2, was 1
    [1]
"""

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from textwrap import dedent

from tests.conformance.terminal.masking import mask
from tests.kubectl import Done, Kubectl, Started

_PROMPT = "$ "
_AS_TIME_RAN_OUT = re.compile(r"[EI]\d{4} .* reflector\.go:\d+\] .*(very short watch|context deadline exceeded)")
"""What client-go logs or not as --timeout ends its watch: it goes by which of two goroutines is first."""


@dataclass(frozen=True)
class Terminal:
    """Types kubectl commands in a folder of its own."""

    kubectl: Kubectl
    folder: Path
    """Where the commands run and find their files."""
    names: dict[str, str]
    """What the words NAMESPACE, GROUP and the like stand for in this test."""

    async def __call__(self, transcript: str) -> None:
        """Run the commands of `transcript` in turn; fail where anything else is printed than it says."""
        expected = _screens(dedent(transcript).strip())
        typed = [(command, await self.run(command)) for command, _ in expected]
        differences = list(unified_diff(_lines(expected), _lines(typed), "expected", "printed", n=6, lineterm=""))
        assert not differences, "\n".join(differences)

    def write(self, name: str, content: str) -> None:
        """Put a file into the folder, with the words of `names` replaced."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._filled(dedent(content)))

    def read(self, name: str) -> str:
        """Return what stands in a file of the folder, masked."""
        return mask((self.folder / name).read_text(), self.names)

    def script(self, name: str, content: str) -> None:
        """Put a shell script into the folder."""
        self.write(name, f"#!/bin/sh\n{dedent(content)}")
        (self.folder / name).chmod(0o700)

    async def run(self, command: str) -> str:
        """Return what a person sees after one command that starts with `kubectl`, masked."""
        kubectl, arguments = self._read(command)
        return mask(_screen(await kubectl.run(*arguments)), self.names)

    def started(self, command: str) -> Started:
        """Start a command that goes on until the block ends."""
        kubectl, arguments = self._read(command)
        return kubectl.started(*arguments)

    async def lines(self, process: asyncio.subprocess.Process) -> AsyncIterator[str]:
        """Yield what a started command prints, line by line, masked."""
        assert process.stdout is not None
        async for line in process.stdout:
            yield mask(line.decode().rstrip("\n"), self.names)

    def _read(self, command: str) -> tuple[Kubectl, list[str]]:
        words = shlex.split(self._filled(command))
        settings = dict(word.split("=", 1) for word in words[: words.index("kubectl")])
        return self.kubectl.with_environment(**settings), words[len(settings) + 1 :]

    def _filled(self, text: str) -> str:
        for word, value in self.names.items():
            text = text.replace(word, value)
        return text


def _screens(transcript: str) -> list[tuple[str, str]]:
    """Return each command with what it prints."""
    blocks = f"\n{transcript}".split(f"\n{_PROMPT}")[1:]
    return [(command, printed.rstrip()) for command, _, printed in (block.partition("\n") for block in blocks)]


def _lines(screens: list[tuple[str, str]]) -> list[str]:
    return "\n".join(f"{_PROMPT}{command}\n{printed}".rstrip() for command, printed in screens).splitlines()


def _screen(done: Done) -> str:
    errors = [f"! {line}".rstrip() for line in done.err.splitlines() if not _AS_TIME_RAN_OUT.match(line)]
    code = [f"[{done.code}]"] if done.code else []
    return "\n".join([*done.out.rstrip().splitlines(), *errors, *code])
