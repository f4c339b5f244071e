import asyncio
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.development_server import run_development_server

from kubecapy.api.coordination import LEASES
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client.http import HttpClient
from kubecapy.client.kubeconfig import load
from kubecapy.clock import SystemClock

KUBECAPY = [sys.executable, "-m", "kubecapy.daemons"]


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory) -> Iterator[Path]:
    with run_development_server(tmp_path_factory.mktemp("apiserver")) as path:
        yield path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_until(stream, pattern: str) -> list[str]:
    lines = []
    for line in stream:
        lines.append(line)
        if re.search(pattern, line):
            return lines
    raise AssertionError(f"{pattern} never came in:\n{''.join(lines)}")


def ask_until_answered(port: int, path: str) -> bytes:
    deadline = time.monotonic() + 10
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            if reply.status == 200:
                return reply.read()
        except ConnectionError:
            pass
        finally:
            connection.close()
        assert time.monotonic() < deadline, f"{path} was never answered"
        time.sleep(0.02)


def test_a_manager_starts_with_the_articles_lines_serves_probes_and_ends_on_sigterm(kubeconfig, environment) -> None:
    port = free_port()
    command = [*KUBECAPY, "manager", "--controllers=node", f"--health-port={port}", "--kubeconfig", str(kubeconfig)]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as manager:
        try:
            lines = read_until(manager.stderr, "Waiting for caches to sync")
            ready = ask_until_answered(port, "/readyz")
        finally:
            manager.send_signal(signal.SIGTERM)
        rest = manager.stderr.read()
        code = manager.wait(5)

    assert re.match(r"I\d{4} [\d:.]+ +\d+ manager.py:\d+\] Initializing Dependencies\.", lines[0])
    assert any("Starting the Cmd." in line for line in lines)
    assert ready == b"ok"
    assert code == 0, rest


def is_led_by_itself(lines: list[str]) -> bool:
    """Return whether the last line names the candidate that an earlier one names."""
    me = next(
        found[1] for line in lines if (found := re.search(r"Attempting to acquire leader lease .* as (\S+)", line))
    )
    return lines[-1].rstrip().endswith(f" is {me}")


async def usurp(kubeconfig_file: Path) -> None:
    async with HttpClient(load(kubeconfig_file), SystemClock()) as client:
        await client.patch(LEASES, ObjectKey("default", "kubecapy-node"), {"spec": {"holderIdentity": "usurper"}})


def test_of_two_managers_one_acts_and_one_that_lost_its_lease_says_so_and_fails(kubeconfig, environment) -> None:
    command = [*KUBECAPY, "manager", "--controllers=node", "--leader-elect", "--kubeconfig", str(kubeconfig)]
    start = partial(subprocess.Popen, command, stderr=subprocess.PIPE, text=True, env=environment)
    with start() as first, start() as second:
        try:
            lines = {process: read_until(process.stderr, "The leader of lease") for process in (first, second)}
            (leader,) = (process for process in lines if is_led_by_itself(lines[process]))
            follower = second if leader is first else first
            leader.send_signal(signal.SIGTERM)
            read_until(follower.stderr, "Starting workers of node-controller")
            assert leader.wait(10) == 0
            asyncio.run(usurp(kubeconfig))
            last = follower.stderr.readlines()[-1]
            assert follower.wait(10) == 1
        finally:
            first.kill()
            second.kill()

    assert last.endswith("leadership lost: lease default/kubecapy-node is held by usurper\n")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--controllers=gadget"], 'there is no controller "gadget"; the controllers are cluster, machine, node'),
        (["--controllers=machine"], "the cluster and machine controllers need a provider; name one with --provider"),
        (["--controllers=machine", "--provider=azure"], 'provider "azure" is not installed'),
        (["--controllers=node", "--kubeconfig=/absent"], "cannot read the kubeconfig at /absent"),
    ],
    ids=["unknown-controller", "no-provider", "unknown-provider", "no-kubeconfig"],
)
def test_wrong_flags_are_one_fatal_line(kubeconfig, environment, flags, sentence) -> None:
    command = [*KUBECAPY, "manager", f"--kubeconfig={kubeconfig}", *flags]

    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert ended.returncode == 1
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_second_server_on_one_folder_is_refused(kubeconfig, environment) -> None:
    command = [*KUBECAPY, "apiserver", "--state-dir", str(kubeconfig.parent)]

    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert ended.returncode == 1
    assert f"state folder {kubeconfig.parent} is in use by process" in ended.stderr


def test_help_lists_the_daemons() -> None:
    told = subprocess.run([*KUBECAPY, "--help"], capture_output=True, text=True, check=True).stdout

    assert re.findall(r"^  (\w+)  ", told, re.MULTILINE) == ["manager", "apiserver", "devcloud"]
