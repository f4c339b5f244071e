"""The set-up of the make targets: what it says where the machine lacks something, and what it leaves alone."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module whose cache folder is a fresh one."""
    spec = importlib.util.spec_from_file_location("setup_script", ROOT / "tools" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(module, "VENV", tmp_path / "cache" / "venv")
    return module


def failing_program(folder: Path) -> str:
    program = folder / "python3"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return str(program)


def test_without_uv_pip_and_ensurepip_it_says_in_one_sentence_what_to_install(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "executable", failing_program(tmp_path))

    code = setup.main(["demo"])

    said = capsys.readouterr().err.splitlines()
    assert code == 1
    assert "install python3-venv" in said[-1]
    assert not [line for line in said if "Traceback" in line]


def test_a_python_that_is_too_old_is_named_with_its_version(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    code = setup.main(["demo"])

    assert code == 1
    assert "python3 is 3.9.2, Kubecapy needs 3.11 or newer" in capsys.readouterr().err


def test_an_environment_that_fits_its_requirements_is_left_alone(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = tmp_path / "cache" / "venv" / "kubecapy-dev.stamp"
    stamp.parent.mkdir(parents=True)
    stamp.write_text(setup._fingerprint("dev"))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "executable", failing_program(tmp_path))

    assert setup.main(["dev"]) == 0


def test_a_wrong_word_is_answered_with_the_usage() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "setup.py"), "prod"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


@pytest.mark.parametrize("kind", ["runtime", "demo", "dev", "uv"])
def test_every_pin_has_hashes_and_names_no_host(kind: str) -> None:
    lines = (ROOT / "requirements" / f"{kind}.txt").read_text().splitlines()

    pins = [index for index, line in enumerate(lines) if line and not line.startswith((" ", "#"))]
    unhashed = [lines[index] for index in pins if "--hash=sha256:" not in lines[index + 1]]
    assert pins
    assert unhashed == []
    assert not [line for line in lines if "://" in line or line.startswith("-")]
