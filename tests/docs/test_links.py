"""Links and names in the documentation lead somewhere."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, ROOT, SOURCE, anchors_of, links_of, prose_of, relative, spans_of

ARCHITECTURE = ROOT / "docs" / "architecture.md"
PACKAGES = {path.parent.name for path in SOURCE.glob("*/__init__.py")} | {"tasks", "clock"}
FILE_SUFFIXES = (".log", ".yaml", ".json")
MODULE = re.compile(r"[a-z_0-9]+(?:/[a-z_0-9]*)*|[a-z_0-9]+(?:\.[a-z_0-9]+)+")


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [target for target in links_of(page) if not _leads_somewhere(page, target)]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_module_that_a_page_names_in_full_exists(page: Path) -> None:
    dotted = [span for span in spans_of(prose_of(page)) if re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", span)]
    named = [span.removeprefix("kubecapy.") for span in dotted if not span.endswith(FILE_SUFFIXES)]

    assert [name for name in named if name.split(".")[0] in PACKAGES and not _is_module(SOURCE, name)] == []


def test_every_module_that_a_packages_paragraph_names_exists() -> None:
    missing = [
        f"{package}: {name}"
        for package, text in _paragraphs().items()
        for name in spans_of(text)
        if MODULE.fullmatch(name) and not any(_is_module(base, name) for base in (SOURCE / package, SOURCE))
    ]

    assert missing == []


def test_every_package_has_its_paragraph() -> None:
    assert {name.split("/")[0] for name in _paragraphs()} == PACKAGES


def _leads_somewhere(page: Path, target: str) -> bool:
    if target.startswith("https://"):
        return True
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    return found.exists() and (not anchor or anchor in anchors_of(found))


def _is_module(base: Path, name: str) -> bool:
    path = base / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def _paragraphs() -> dict[str, str]:
    """Return the text about each package of the architecture, by the package's folder."""
    section = ARCHITECTURE.read_text().partition("## The packages, top down")[2].partition("\n## ")[0]
    parts = re.split(r"^\*{1,2}([a-z.]+)\*{1,2}", section, flags=re.MULTILINE)[1:]
    return {name.replace(".", "/"): text for name, text in zip(parts[::2], parts[1::2], strict=True)}
