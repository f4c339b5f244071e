"""The guest's commands do to its files what the machine's own do, and say what they refuse."""

from pathlib import Path

import pytest
from tests.local.conftest import read_scripts, run_apart, run_really, run_script

from kubecapy.local.guest.host import Host, has_swap

SCRIPTS = read_scripts("commands.sh")


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
async def test_a_command_does_what_the_machines_own_does(script: str, host: Host, tmp_path: Path) -> None:
    assert await run_apart(host, script) == run_really(script, tmp_path / "real")


@pytest.mark.parametrize(
    ("script", "printed", "status"),
    [
        ("chown nobody:nogroup /etc/hosts", "chown: invalid user: 'nogroup'\n", 1),
        ("chown -R root:root /etc", "", 0),
        ("rm -rf /", "rm: it is dangerous to operate recursively on '/'\n", 1),
        ("hostname; hostname -s; hostname -I", "ubuntu\nubuntu\n127.90.1.130 \n", 0),
        ("hostnamectl set-hostname n2; hostname; cat /etc/hostname", "n2\nn2\n", 0),
        ("date -u +%Y-%m-%dT%H:%M:%SZ", "2026-11-23T12:00:00Z\n", 0),
        ("uname -s; uname -m", "Linux\nx86_64\n", 0),
        ("whoami; id -u", "root\n0\n", 0),
        ("sudo -E env FOO=1 true && echo fine", "fine\n", 0),
        ("timeout 5 echo in time", "in time\n", 0),
        (
            "sysctl net.ipv4.ip_forward; sysctl -w net.ipv4.ip_forward=1",
            "net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward = 1\n",
            0,
        ),
        (
            "sysctl -w net.bridge.bridge-nf-call-iptables=1",
            "sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory\n",
            255,
        ),
        (
            "modprobe br_netfilter && sysctl -n net.bridge.bridge-nf-call-iptables; grep -c br_net /proc/modules",
            "net.bridge.bridge-nf-call-iptables = 1\n1\n",
            0,
        ),
        ("systemctl start nothing", "Failed to start nothing.service: Unit nothing.service not found.\n", 5),
        ("systemctl is-active docker || echo $?", "inactive\n3\n", 0),
        (
            "systemctl mask ufw && systemctl restart ufw",
            "Failed to restart ufw.service: Unit ufw.service is masked.\n",
            1,
        ),
        ("curl -fsSL https://example.com/x", "curl: (6) Could not resolve host: example.com\n", 6),
        (
            "curl -k https://127.0.0.1:6443/healthz",
            "curl: (7) Failed to connect to 127.0.0.1 port 6443: Connection refused\n",
            7,
        ),
        ("curl -s http://169.254.169.254/latest/meta-data/local-ipv4; echo", "127.90.1.130\n", 0),
        (
            "curl -fsSL https://dl.k8s.io/nothing || echo $?",
            "curl: (22) The requested URL returned error: 404\n22\n",
            0,
        ),
        ("kubeadm version", "/root/script.sh: 2: kubeadm: not found\n", 127),
        ("apt-get install -y no-such-thing", "E: Unable to locate package no-such-thing\n", 100),
        ("apt-get install -y kubelet", "E: Unable to locate package kubelet\n", 100),
        ("yum install -y x", "/root/script.sh: 2: yum: not found\n", 127),
    ],
)
async def test_a_command_of_the_system_answers(host: Host, script: str, printed: str, status: int) -> None:
    assert await run_script(host, script) == (status, printed)


async def test_swap_is_off_after_swapoff(host: Host) -> None:
    assert has_swap(host)

    await run_script(host, "swapoff -a")

    assert not has_swap(host)


async def test_sleeping_takes_the_clocks_time(host: Host) -> None:
    before = host.clock.monotonic()

    await run_script(host, "sleep 1m; sleep 0.5")

    assert host.clock.monotonic() - before == 60.5
