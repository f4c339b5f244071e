import signal
import subprocess
import sys

import pytest

WORK = """
import asyncio
from random import Random
from kubecapy.clock import SystemClock
from kubecapy.clusterctl.invocation import Invocation

async def work():
    print("began", flush=True)
    try:
        await asyncio.sleep(30)
    finally:
        print("cleaned up", flush=True)

try:
    Invocation({}, SystemClock(), Random(1)).run(work())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize(
    ("number", "background"),
    [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True)],
    ids=["ctrl-c", "sigterm", "sigterm-in-the-background"],
)
def test_work_that_is_ended_from_outside_cleans_up(number: signal.Signals, background: bool) -> None:
    ignore_ctrl_c = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" if background else ""
    with subprocess.Popen([sys.executable, "-c", ignore_ctrl_c + WORK], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "began\n"
        process.send_signal(number)
        rest, _ = process.communicate(timeout=10)

    assert rest.splitlines() == ["cleaned up", "interrupted"]
