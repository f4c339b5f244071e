"""A suite that passes proves little unless it fails where it should."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from tests.conformance.defects import DEFECTS, VARIABLE
from tests.conformance.servers import EMBEDDED

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("name", DEFECTS)
async def test_a_planted_defect_is_caught(name: str) -> None:
    suite = Path(__file__).parent / DEFECTS[name].caught_by

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", EMBEDDED, str(suite)),
        env={**os.environ, VARIABLE: name},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 1, output.decode()
    assert b"1 failed" in output, output.decode()
