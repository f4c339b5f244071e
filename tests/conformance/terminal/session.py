"""Run transcripts: commands after `$ `, and below each what it prints.

A line of standard error begins with `! `, and an exit code other than 0 stands alone as `[1]`. Words in capitals stand
for what no two runs share: NAMESPACE and GROUP for the test's own, others as `masking` has them.

    $ kubectl scale widget a --replicas=4 --current-replicas=2
    ! error: Expected replicas to be 2, was 1
    [1]
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.conformance.terminal.masking import mask
from tests.kubectl import Done, Kubectl

_PROMPT = "$ "


@dataclass(frozen=True)
class Terminal:
    """Types kubectl commands in a folder of its own."""

    kubectl: Kubectl
    folder: Path
    """Where the commands run and find their files."""
    names: Mapping[str, str]
    """What the words NAMESPACE, GROUP and the like stand for in this test."""

    async def __call__(self, transcript: str) -> None:
        """Run the commands of `transcript` in turn; fail where anything else is printed than it says."""
        expected = _screens(dedent(transcript).strip())
        typed = [(command, await self.run(command)) for command, _ in expected]
        assert _text(typed) == _text(expected)

    def write(self, name: str, content: str) -> None:
        """Put a file into the folder, with the words of `names` replaced."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._filled(dedent(content)))

    def script(self, name: str, content: str) -> None:
        """Put a shell script into the folder."""
        self.write(name, f"#!/bin/sh\n{dedent(content)}")
        (self.folder / name).chmod(0o700)

    async def run(self, command: str) -> str:
        """Return what a person sees after one command that starts with `kubectl`, masked."""
        words = shlex.split(self._filled(command))
        settings = dict(word.split("=", 1) for word in words[: words.index("kubectl")])
        done = await self.kubectl.with_environment(**settings).run(*words[len(settings) + 1 :])
        return mask(_screen(done), self.names)

    def _filled(self, text: str) -> str:
        for word, value in self.names.items():
            text = text.replace(word, value)
        return text


def _screens(transcript: str) -> list[tuple[str, str]]:
    """Return each command with what it prints."""
    blocks = f"\n{transcript}".split(f"\n{_PROMPT}")[1:]
    return [(command, printed.rstrip()) for command, _, printed in (block.partition("\n") for block in blocks)]


def _text(screens: list[tuple[str, str]]) -> str:
    return "\n".join(f"{_PROMPT}{command}\n{printed}".rstrip() for command, printed in screens)


def _screen(done: Done) -> str:
    errors = [f"! {line}".rstrip() for line in done.err.splitlines()]
    code = [f"[{done.code}]"] if done.code else []
    return "\n".join([*done.out.rstrip().splitlines(), *errors, *code])
