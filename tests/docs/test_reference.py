"""The generated pages are those that the code makes now."""

import subprocess
import sys

from tests.docs.pages import ROOT


def test_the_reference_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "tools/generate_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
