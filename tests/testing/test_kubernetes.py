"""A real cluster that cannot start says why, and nothing of it stays."""

import contextlib
import os
import re
import socket
from pathlib import Path
from random import Random

import pytest

from kubecapy.clock import SystemClock
from kubecapy.local.addresses import LAST_HOST
from kubecapy.testing.kubernetes import ADDRESS_PORT, KubernetesFailed, KubernetesSettings, run_kubernetes

ETCD = """#!/bin/sh
echo $$ > "$(dirname "$0")/etcd.pid"
echo started on "$@"
exec sleep 600
"""
APISERVER = """#!/bin/sh
echo 'E1128 invalid flag: --no-such' >&2
exit 3
"""


@pytest.fixture
def settings(tmp_path: Path) -> KubernetesSettings:
    for name, text in {"etcd": ETCD, "kube-apiserver": APISERVER}.items():
        program = tmp_path / name
        program.write_text(text)
        program.chmod(0o755)
    return KubernetesSettings(binaries=tmp_path, folder=tmp_path / "state")


def run(settings: KubernetesSettings) -> str:
    with (
        pytest.raises(KubernetesFailed) as failed,
        run_kubernetes(settings, SystemClock(), Random(3)),
    ):
        raise AssertionError("it cannot have become ready")
    return str(failed.value)


def test_a_process_that_ends_is_named_with_its_last_words(settings: KubernetesSettings) -> None:
    said = run(settings)

    assert said == "kube-apiserver ended with 3; its last lines:\nE1128 invalid flag: --no-such"


def test_what_ran_already_is_ended_and_its_address_is_free_again(settings: KubernetesSettings) -> None:
    run(settings)

    pid = int((settings.binaries / "etcd.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    network = re.search(r"http://(127\.\d+\.\d+)\.1:", (settings.folder / "etcd.log").read_text())
    assert network is not None
    with contextlib.closing(socket.socket()) as lease:
        lease.bind((f"{network[1]}.{LAST_HOST}", ADDRESS_PORT))
