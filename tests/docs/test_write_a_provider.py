"""What the page about writing a provider shows is what the example is."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "write-a-provider.md"
EXAMPLE = ROOT / "examples" / "03-provider"
FILES = {path: path.read_text() for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".toml", ".yaml")}
BLOCKS = re.findall(r"^```(python|toml)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", [text for _, text in BLOCKS], ids=lambda text: text.split("\n")[0].strip())
def test_every_piece_of_code_on_the_page_stands_in_the_example(block: str) -> None:
    assert any(_lines_of(block) in _lines_of(text) for text in FILES.values())


def test_every_folder_that_the_page_types_is_there() -> None:
    named = set(re.findall(r"examples/[\w/.-]*\w", PAGE.read_text()))

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_installed_manifests_of_the_example_are_those_that_one_can_apply() -> None:
    cluster = Path(EXAMPLE / "cluster.yaml").read_text()

    assert FILES[EXAMPLE / "src" / "kubecapy_shelf" / "manifests.yaml"].startswith(cluster)


def _lines_of(text: str) -> str:
    """Return the text without the indentation of its lines: a piece may be shown further left than it stands."""
    return "\n".join(line.strip() for line in f"\n{text}\n".splitlines() if line.strip())
