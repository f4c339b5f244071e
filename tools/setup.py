"""Make the project's own virtual environment from the pinned requirements; needs python3 alone.

    python3 tools/setup.py demo         runtime and what the demo types
    python3 tools/setup.py dev          that, and the tools of the tests and checks
    python3 tools/setup.py openstack    an environment apart from that, with the services of openstack_services/

Everything lies in one folder, `.cache`: the environments, uv where the machine has none, and the download caches.
An environment is made anew when its requirements changed and is left alone otherwise. Two runs at once wait for
each other.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = CACHE / "venv"
SERVICES = CACHE / "openstack"
OLDEST = (3, 11)


class SetupError(Exception):
    """Something the machine lacks; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Set up the environment named by the one argument; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in ("demo", "dev", "openstack"):
        print("usage: python3 tools/setup.py demo|dev|openstack", file=sys.stderr)
        return 2
    try:
        with _only_one_run():
            _ensure_environment(arguments[0])
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: stopped; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def _only_one_run() -> Iterator[None]:
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _ensure_environment(kind: str) -> None:
    venv = SERVICES / "venv" if kind == "openstack" else VENV
    wanted = _fingerprint(kind)
    stamp = venv / f"kubecapy-{kind}.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if sys.version_info < OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(f"python3 is {version}, Kubecapy needs 3.11 or newer: put a newer python3 first on PATH")
    print(f"setup: making {os.path.relpath(venv, ROOT)} for {kind} (once) ...", file=sys.stderr)
    stamp.unlink(missing_ok=True)
    uv = _find_uv()
    if not (venv / "bin" / "python").exists():
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)])
    python = str(venv / "bin" / "python")
    install = [uv, "pip", "install", "--quiet", "--python", python]
    _run([*install, "--require-hashes", "-r", str(ROOT / "requirements" / f"{kind}.txt")])
    if kind == "openstack":
        _compile(python, venv)
    else:
        _run([*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    stamp.write_text(wanted)


def _compile(python: str, venv: Path) -> None:
    """Compile all that is installed but tests, which uv does not: without it, every start would compile it anew."""
    prefix = f"pycache_prefix={SERVICES / 'pycache'}"
    # Files that are not for this version of Python do not compile, and need not.
    _succeeds([python, "-X", prefix, "-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", str(venv / "lib")])


def _fingerprint(kind: str) -> str:
    digest = hashlib.sha256((ROOT / "requirements" / f"{kind}.txt").read_bytes())
    if kind != "openstack":
        digest.update((ROOT / "pyproject.toml").read_bytes())
    return f"{digest.hexdigest()} {sys.version} {ROOT}\n"


def _find_uv() -> str:
    """Return the path of uv: the machine's own, or one that pip puts under `.cache`."""
    found = shutil.which("uv")
    if found:
        return found
    tools = CACHE / "uv"
    if not (tools / "bin" / "uv").exists():
        _fetch_uv(tools)
    return str(tools / "bin" / "uv")


def _fetch_uv(tools: Path) -> None:
    """Install uv with pip: into a folder where the interpreter has pip, else through a venv of its own."""
    requirements = str(ROOT / "requirements" / "uv.txt")
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", requirements]
    if _succeeds([sys.executable, "-m", "pip", "--version"]):
        _run([sys.executable, *install, "--target", str(tools), "--upgrade"])
        return
    if not _succeeds([sys.executable, "-c", "import ensurepip"]):
        raise SetupError(
            "this python3 has neither pip nor ensurepip: install python3-venv (apt install python3-venv), "
            "or put uv on PATH, and run the same command again"
        )
    _run([sys.executable, "-m", "venv", str(tools)])
    _run([str(tools / "bin" / "python"), *install])


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, env=_environment(), stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        shown = " ".join(Path(command[0]).name if part == command[0] else part for part in command[:4])
        raise SetupError(f"`{shown} ...` failed with exit code {error.returncode}; its own words are above") from error


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, env=_environment(), stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def _environment() -> dict[str, str]:
    """Return the environment of the tools: caches under `.cache`, nothing of an active environment.

    The machine's own certificates are trusted, so that a company's proxy or mirror works.
    """
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")}
    caches = {"UV_CACHE_DIR": str(CACHE / "uv-cache"), "PIP_CACHE_DIR": str(CACHE / "pip-cache")}
    return {**kept, **caches, "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
