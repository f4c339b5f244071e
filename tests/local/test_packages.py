"""Packages come from the repositories that a guest's files name, in the versions that those have."""

import pytest
from tests.local.conftest import run_script

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.programs import find_program

SOURCE = "deb [signed-by=/etc/apt/keyrings/k.asc] https://pkgs.k8s.io/core:/stable:/v1.30/deb/ /"
PREPARE = f"""\
mkdir -p /etc/apt/keyrings /etc/apt/sources.list.d
curl -fsSL -o /etc/apt/keyrings/k.asc https://pkgs.k8s.io/core:/stable:/v1.30/deb/Release.key
echo '{SOURCE}' > /etc/apt/sources.list.d/k.list
apt-get update > /dev/null
"""
REPO = """\
mkdir -p /etc/yum.repos.d
cat > /etc/yum.repos.d/k.repo <<END
[kubernetes]
baseurl=https://pkgs.k8s.io/core:/stable:/v1.30/rpm/
exclude=kubelet kubeadm kubectl
END
"""


async def test_a_package_brings_its_program_and_its_running_unit(host: Host) -> None:
    status, _ = await run_script(host, "apt-get update && apt-get install -y docker.io && docker --version")

    assert status == 0
    assert host.units.is_active("docker")
    assert host.units.is_active("containerd")


async def test_a_version_with_a_star_is_found_in_its_repository(host: Host) -> None:
    status, printed = await run_script(host, f"{PREPARE}apt-get install -y 'kubelet=1.30.2-*' kubeadm=1.30.2-1.1")

    assert status == 0, printed
    program = find_program(host.files, "kubelet")
    assert program is not None
    assert program.version == "1.30.2"
    assert find_program(host.files, "kubectl") is not None


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("apt-get install -y kubelet=1.29.1-1.1", "E: Version '1.29.1-1.1' for 'kubelet' was not found\n"),
        ("apt-get install -y kubelt", "E: Unable to locate package kubelt\n"),
        ("rm /etc/apt/keyrings/k.asc; apt-get update", "/core:/stable:/v1.30/deb/ /' is not signed.\n"),
        (
            "echo 'deb https://apt.kubernetes.io/ kubernetes-xenial main' > /etc/apt/sources.list; apt-get update",
            "does not have a Release file.\n",
        ),
    ],
    ids=["version", "name", "key", "gone"],
)
async def test_what_a_repository_lacks_is_said_in_apts_words(host: Host, command: str, message: str) -> None:
    status, printed = await run_script(host, PREPARE + command)

    assert status == 100
    assert printed.endswith(message)


async def test_yum_installs_excluded_packages_only_where_told_to(centos: Host) -> None:
    assert await run_script(centos, f"{REPO}yum install -y kubelet-1.30.2") == (
        1,
        "No package kubelet-1.30.2 available.\nError: Nothing to do\n",
    )

    status, _ = await run_script(centos, "yum install -y --disableexcludes=kubernetes kubelet-1.30.2 containerd.io")

    assert status == 0
    assert not centos.units.is_active("containerd"), "packages of this family do not start their services"


async def test_a_downloaded_program_runs_once_it_is_executable(host: Host) -> None:
    url = "https://dl.k8s.io/release/v1.14.0/bin/linux/amd64/kubeadm"

    status, _ = await run_script(host, f"curl -fsSL -o /usr/bin/kubeadm {url}; kubeadm version")
    assert status == 127

    assert await run_script(host, "chmod +x /usr/bin/kubeadm; kubeadm version -o short") == (0, "v1.14.0\n")
