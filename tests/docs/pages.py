"""Find what the documentation names: links, headings, commands and modules."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "kubecapy"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"^[ ]*```(?P<language>\w*)\n(?P<body>.*?)^[ ]*```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_SPAN = re.compile(r"`(?P<text>[^`]+)`")


def relative(path: Path) -> str:
    """Return how a person calls a page."""
    return str(path.relative_to(ROOT))


def prose_of(page: Path) -> str:
    """Return the text of `page` without its blocks of code."""
    return _FENCE.sub("", page.read_text())


def links_of(page: Path) -> list[str]:
    """Return the targets of the links on `page`."""
    return [found["target"] for found in _LINK.finditer(prose_of(page))]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of the headings on `page`, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def spans_of(text: str) -> Iterator[str]:
    """Yield what `text` has in backticks, each on one line."""
    for found in _SPAN.finditer(text):
        yield " ".join(found["text"].split())


def commands_of(page: Path, program: str) -> Iterator[list[str]]:
    """Yield the words after `program` of every command on `page`: in blocks of code, and in backticks.

    Dots at the end stand for words that the page leaves out; they are dropped. What comes after a pipe or a comment is
    another command's.
    """
    lines = [line.strip().removeprefix("$ ") for found in _FENCE.finditer(page.read_text()) for line in _lines(found)]
    for line in (*lines, *spans_of(prose_of(page))):
        if line.split(" ")[0] == program:
            words = shlex.split(re.split(r"\s[|&]|\s#", line)[0].removesuffix("...").strip())
            yield words[1:]


def _lines(block: re.Match[str]) -> list[str]:
    return block["body"].splitlines()
