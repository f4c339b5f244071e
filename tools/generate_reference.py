"""Write the reference pages to `docs/reference` from the code, or check that the files are fresh.

Usage: python tools/generate_reference.py [--check]
"""

import sys
from pathlib import Path

from reference.commands import clusterctl_page, kubecapy_page
from reference.conditions import conditions_page
from reference.fields import fields_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGES = {
    "clusterctl.md": clusterctl_page,
    "kubecapy.md": kubecapy_page,
    "fields.md": fields_page,
    "conditions.md": conditions_page,
}


def main(arguments: list[str]) -> int:
    """Write or check the pages; return the exit status, 1 where a page is stale."""
    if arguments == ["--check"]:
        return report_stale()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())
    return 0


def stale_pages() -> list[Path]:
    """Return the pages that differ from what would be written."""
    wanted = {FOLDER / name: page() for name, page in PAGES.items()}
    return [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]


def report_stale() -> int:
    """Print every stale page; return 1 where there is one."""
    stale = stale_pages()
    for path in stale:
        sys.stderr.write(f"{path} is stale: run python tools/generate_reference.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
