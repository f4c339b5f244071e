"""Build etcd, kube-apiserver, kube-controller-manager and kubectl from their Go modules; needs python3 and Go.

    python3 tools/build_kubernetes.py           build what is missing, print the folder of the binaries
    python3 tools/build_kubernetes.py --find    print the folder where it is there already; exit code 1 where not

There is no Go source here: `tools/kubernetes/go.mod` names the commands as tools, `go.sum` pins every module by hash.
The `replace` lines repeat those of k8s.io/kubernetes, whose own point at folders of its repository. A cold build takes
some 4 minutes on 2 cores and 1.2 GB of Go's module cache.

The binaries lie in the user's cache under the hash of go.sum, so every checkout shares them and a change of version
makes a new folder. `KUBEBUILDER_ASSETS` (the variable of envtest) names a folder to be used instead.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = Path(__file__).resolve().parent / "kubernetes"
COMMANDS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
ASSETS = "KUBEBUILDER_ASSETS"
NEEDED_OF_ASSETS = ("etcd", "kube-apiserver")
"""What a folder of others must hold; without the other two, tests use PATH's kubectl and skip garbage collection."""
_BUILT_AS = {"server": "etcd"}
"""The package of etcd's server gives its binary its own last name."""
_USUAL_GO = Path("/usr/local/go/bin/go")
_VERSION_PACKAGE = "k8s.io/component-base/version"


class BuildError(Exception):
    """The binaries cannot be had; the message says why and what to do."""


def main(arguments: list[str]) -> int:
    """Print the folder of the binaries, built where needed; return the exit code."""
    if arguments not in ([], ["--find"]):
        print("usage: python3 tools/build_kubernetes.py [--find]", file=sys.stderr)
        return 2
    found = find_binaries()
    if found is None and arguments:
        print(why_absent(), file=sys.stderr)
        return 1
    try:
        print(found or build())
    except BuildError as error:
        print(f"kubernetes: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("kubernetes: stopped; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


def find_binaries() -> Path | None:
    """Return the folder of the binaries; None where there are none."""
    assets = os.environ.get(ASSETS)
    if assets:
        return Path(assets) if _holds(Path(assets), NEEDED_OF_ASSETS) else None
    folder = cache_folder()
    return folder if _holds(folder, COMMANDS) else None


def why_absent() -> str:
    """Return why `find_binaries` finds none, and what to do."""
    assets = os.environ.get(ASSETS)
    if assets:
        return f"{ASSETS} is {assets}, which does not hold {' and '.join(NEEDED_OF_ASSETS)}: unset it, or correct it"
    return "etcd and kube-apiserver are not built: run `make kubernetes` (needs Go), or set KUBEBUILDER_ASSETS"


def cache_folder() -> Path:
    """Return where the binaries of this go.sum lie, whether they are built or not."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    digest = hashlib.sha256((MODULE / "go.sum").read_bytes()).hexdigest()
    return Path(base) / "kubecapy" / "kubernetes" / digest[:16]


def build() -> Path:
    """Build the binaries and return their folder; a second build at the same time waits for the first.

    Raises:
        BuildError: there is no Go, or it failed.
    """
    if os.environ.get(ASSETS):
        raise BuildError(why_absent())
    go, folder = _find_go(), cache_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _holds(folder, COMMANDS):
            print(f"kubernetes: building {', '.join(COMMANDS)} (once, some minutes) ...", file=sys.stderr)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="build-") as made:
                _run_go(go, Path(made))
                _publish(Path(made), folder)
    return folder


def _run_go(go: str, out: Path) -> None:
    version = _kubernetes_version()
    major, minor = version.removeprefix("v").split(".")[:2]
    facts = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    flags = ["-s", "-w", *(f"-X={_VERSION_PACKAGE}.{name}={value}" for name, value in facts.items())]
    command = [go, "build", "-trimpath", "-ldflags", " ".join(flags), "-o", f"{out}/", "tool"]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    try:
        subprocess.run(command, cwd=MODULE, check=True, env=environment, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise BuildError(f"`go build` failed with exit code {error.returncode}; its own words are above") from error
    for name, wanted in _BUILT_AS.items():
        (out / name).rename(out / wanted)


def _publish(made: Path, folder: Path) -> None:
    """Put all binaries in place at once, so that a folder that is there is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    ready = made / "ready"
    ready.mkdir()
    for name in COMMANDS:
        (made / name).rename(ready / name)
    ready.rename(folder)


def _find_go() -> str:
    go = shutil.which("go") or (str(_USUAL_GO) if _USUAL_GO.exists() else None)
    if go is None:
        raise BuildError(
            "there is no Go on PATH: install Go 1.26 or newer, or set KUBEBUILDER_ASSETS to a folder with etcd and "
            "kube-apiserver"
        )
    return go


def _kubernetes_version() -> str:
    for line in (MODULE / "go.mod").read_text().splitlines():
        words = line.split()
        if words[:1] == ["k8s.io/kubernetes"]:
            return words[1]
    raise BuildError(f"{MODULE / 'go.mod'} does not require k8s.io/kubernetes")


def _holds(folder: Path, names: tuple[str, ...]) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
