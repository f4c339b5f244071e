"""`kubecapy devcloud --guests` as a process: how it ends, and what is left then."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.local.cloud_user import CloudUser
from tests.local.processes import descendants, still_there
from tests.local.running_cloud import eventually

from kubecapy.local.guest.servers import read_access

DEADLINE_SECONDS = 20.0


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "kubecapy.daemons", "devcloud", "--guests", "--boot-seconds=0"]
    with subprocess.Popen(
        [*command, f"--state-dir={tmp_path / 'cloud'}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def announced(process: subprocess.Popen[str]) -> Path:
    """Return the clouds.yaml that the daemon says to use."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("export OS_CLIENT_CONFIG_FILE=")
    assert process.stdout.readline() == "export OS_CLOUD=openstack\n"
    return Path(line.partition("=")[2].strip())


async def boot_a_guest(clouds_yaml: Path) -> None:
    async with CloudUser(read_access(clouds_yaml, "openstack")) as user:
        port, _, _ = await user.reserve("s1", floating=False)
        server = await user.create_server("s1", port, "#cloud-config\nruncmd: [echo up]\n")
        await eventually(lambda: user.console(server), lambda text: "login:" in text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_however_the_cloud_ends_its_guests_end_with_it(
    cloud: subprocess.Popen[str], number: signal.Signals
) -> None:
    await boot_a_guest(announced(cloud))
    guests = descendants(cloud.pid)
    assert guests

    os.kill(cloud.pid, number)
    cloud.wait(DEADLINE_SECONDS)

    end = time.monotonic() + DEADLINE_SECONDS
    while still_there(guests) and time.monotonic() < end:
        time.sleep(0.05)
    assert still_there(guests) == []
    assert cloud.returncode == (-9 if number is signal.SIGKILL else 0)
