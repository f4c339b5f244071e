"""Type kubectl commands."""

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Done:
    """What a kubectl call printed."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        return [line.split() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Kubectl:
    """Runs a kubectl with an environment of its own."""

    environment: dict[str, str]
    program: str = "kubectl"
    folder: Path | None = None
    """Where the commands run; None for this process's own."""

    async def run(self, *arguments: str, stdin: Any = None) -> Done:
        text = stdin if isinstance(stdin, str | None) else json.dumps(stdin)
        async with self.started(*arguments) as process:
            out, err = await process.communicate(text.encode() if text is not None else None)
            return Done(process.returncode or 0, out.decode(), err.decode())

    async def __call__(self, *arguments: str, stdin: Any = None) -> str:
        done = await self.run(*arguments, stdin=stdin)
        assert done.code == 0, done.err
        return done.out.strip()

    def started(self, *arguments: str) -> "Started":
        return Started(self, arguments)

    def with_environment(self, **extra: str) -> "Kubectl":
        return replace(self, environment=self.environment | extra)


class Started:
    """A kubectl process that ends with the block."""

    def __init__(self, kubectl: Kubectl, arguments: tuple[str, ...]) -> None:
        self._kubectl = kubectl
        self._arguments = arguments

    async def __aenter__(self) -> asyncio.subprocess.Process:
        pipe, kubectl = asyncio.subprocess.PIPE, self._kubectl
        self._process = await asyncio.create_subprocess_exec(
            *(kubectl.program, *self._arguments),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=kubectl.environment,
            cwd=kubectl.folder,
        )
        return self._process

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()
