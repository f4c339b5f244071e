"""Connect commands: text that is read, and places that text is written to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Write: TypeAlias = Callable[[str], None]
"""Takes text that a command prints."""


class TextInput:
    """Standard input: a text that is read once, whole or line by line."""

    def __init__(self, text: str = "") -> None:
        """Hold `text`."""
        self._text = text
        self._position = 0

    def read(self) -> str:
        """Return what is left."""
        rest = self._text[self._position :]
        self._position = len(self._text)
        return rest

    def readline(self) -> str:
        """Return the next line with its newline; empty at the end."""
        end = self._text.find("\n", self._position)
        end = len(self._text) if end < 0 else end + 1
        line = self._text[self._position : end]
        self._position = end
        return line


class TextBuffer:
    """Collects what is written to it."""

    def __init__(self) -> None:
        """Start empty."""
        self._pieces: list[str] = []

    def write(self, text: str) -> None:
        """Keep `text`."""
        self._pieces.append(text)

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._pieces)


def discard(text: str) -> None:
    """Drop `text`, as /dev/null does."""


@dataclass(frozen=True)
class Streams:
    """Descriptors 0, 1 and 2."""

    stdin: TextInput
    stdout: Write
    stderr: Write
