"""Write the reference pages to `docs/reference` from the code, or check that the files are fresh.

Usage: python tools/generate_reference.py [--check]
"""

import sys
from pathlib import Path

from reference.commands import clusterctl_page, kubecapy_page
from reference.conditions import UnexplainedReason, conditions_page
from reference.fields import fields_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGES = {
    "clusterctl.md": clusterctl_page,
    "kubecapy.md": kubecapy_page,
    "fields.md": fields_page,
    "conditions.md": conditions_page,
}


def main(arguments: list[str]) -> int:
    """Write or check the pages; return the exit status, 1 where one is stale or cannot be made."""
    try:
        wanted = {FOLDER / name: page() for name, page in PAGES.items()}
    except UnexplainedReason as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments == ["--check"]:
        return report_stale(wanted)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        path.write_text(text)
    return 0


def report_stale(wanted: dict[Path, str]) -> int:
    """Print every page that differs from what would be written; return 1 where there is one."""
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        sys.stderr.write(f"{path} is stale: run python tools/generate_reference.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
