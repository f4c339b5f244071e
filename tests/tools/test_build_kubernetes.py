"""The real server's binaries are built once a version, whole or not at all, and a person is told what is missing."""

import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tools.build_kubernetes import COMMANDS

SCRIPT = Path(__file__).resolve().parent.parent.parent / "tools" / "build_kubernetes.py"
GO = """#!/bin/sh
echo "$*" >> "$HOME/calls"
for out in "$@"; do case "$out" in */) break;; esac; done
for name in server kube-apiserver kube-controller-manager kubectl; do
    [ "$name" = "$GO_FAILS_AT" ] && exit 1
    echo "#!/bin/sh" > "$out$name"; chmod +x "$out$name"
done
"""


@dataclass(frozen=True)
class Machine:
    """A person's machine: a home, a PATH with a `go` of which the calls are written down."""

    home: Path

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, SCRIPT, *arguments], text=True, capture_output=True, env=self.env(extra))

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, SCRIPT], text=True, stdout=subprocess.PIPE, env=self.env({}))

    def env(self, extra: dict[str, str]) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}", **extra}

    @property
    def builds(self) -> int:
        calls = self.home / "calls"
        return len(calls.read_text().splitlines()) if calls.exists() else 0

    @property
    def kept(self) -> list[str]:
        return sorted(path.name for path in (self.home / ".cache" / "kubecapy" / "kubernetes").iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    write_program(tmp_path / "bin" / "go", GO)
    return Machine(tmp_path)


def write_program(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_first_run_builds_and_later_ones_find(machine: Machine) -> None:
    first, second, found = machine.run(), machine.run(), machine.run("--find")

    folder = Path(first.stdout.strip())
    assert sorted(path.name for path in folder.iterdir()) == sorted(COMMANDS)
    assert (second.stdout, found.stdout) == (first.stdout, first.stdout)
    assert machine.builds == 1


def test_two_builds_at_once_are_one(machine: Machine) -> None:
    both = [machine.start(), machine.start()]

    printed = [process.communicate()[0] for process in both]

    assert printed[0] == printed[1]
    assert machine.builds == 1


def test_a_build_that_fails_leaves_nothing_that_looks_whole(machine: Machine) -> None:
    failed = machine.run(GO_FAILS_AT="kubectl")

    assert failed.returncode == 1
    assert "`go build` failed with exit code 1" in failed.stderr
    assert machine.kept == ["build.lock"]
    assert machine.run("--find").returncode == 1
    assert machine.run().returncode == 0


def test_without_binaries_find_says_what_to_do(machine: Machine) -> None:
    found = machine.run("--find")

    assert (found.returncode, found.stdout) == (1, "")
    assert "run `make kubernetes`" in found.stderr


def test_the_folder_of_others_is_used_as_it_is(machine: Machine, tmp_path: Path) -> None:
    for name in ("etcd", "kube-apiserver"):
        write_program(tmp_path / "assets" / name)

    found = machine.run(KUBEBUILDER_ASSETS=str(tmp_path / "assets"))

    assert found.stdout.strip() == str(tmp_path / "assets")
    assert machine.builds == 0


def test_a_folder_that_lacks_a_binary_is_named_and_nothing_is_built(machine: Machine, tmp_path: Path) -> None:
    refused = machine.run(KUBEBUILDER_ASSETS=str(tmp_path / "empty"))

    assert refused.returncode == 1
    assert f"KUBEBUILDER_ASSETS is {tmp_path / 'empty'}, which does not hold etcd and kube-apiserver" in refused.stderr
    assert machine.builds == 0
