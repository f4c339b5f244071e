"""The example of a provider is a package that is installed, loaded by its name, and keeps the contract."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "03-provider"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Build the example's wheel, unpack it where Python finds it, and return what runs Python there."""
    folder = tmp_path_factory.mktemp("provider")
    source, site = folder / "source", folder / "site"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"} | environment
        return subprocess.run(
            [sys.executable, *arguments], cwd=source, env=environ, capture_output=True, text=True, check=False
        )

    return python


def test_its_own_tests_pass(run: Run) -> None:
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_clusterctl_checks_its_specs_once_it_is_installed(run: Run) -> None:
    done = run("-m", "kubecapy.clusterctl", "validate", "-f", ".", "-o", "json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["objects"] == 2


def test_clusterctl_finds_a_misspelt_field_of_its_spec(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "machine.yaml"
    wrong.write_text((EXAMPLE / "machine.yaml").read_text().replace("image:", "imgae:"))

    done = run("-m", "kubecapy.clusterctl", "validate", "-f", str(wrong), "--provider", "shelf")

    assert done.returncode == 1
    assert 'spec.providerSpec.value.imgae: unknown field "imgae", did you mean "image"?' in done.stdout


def test_clusterctl_generates_its_manifests(run: Run, tmp_path: Path) -> None:
    shelves = tmp_path / "shelves.yaml"
    shelves.write_text("shelves: {mine: {key: open-sesame}}\n")
    target = tmp_path / "out"
    command = ("-m", "kubecapy.clusterctl", "generate-yaml", "--provider", "shelf")

    done = run(*command, str(shelves), "mine", "ubuntu", "-o", str(target), HOME=str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "kind: ShelfMachine" in (target / "machines.yaml").read_text()
    assert "SHELF_KEY" in (target / "provider-components.yaml").read_text()
