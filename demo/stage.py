"""Set the stage for the story: a folder, a HOME, a cloud with guests; and clear it to the last process."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.cloud import CLOUDS, CONSOLES, MEMBER_CLOUD, Cloud
from demo.manifests import CloudFacts, map_files
from demo.simulated_cloud import SimulatedCloud

_LEAKS = ("KUBECONFIG", "OS_", "XDG_", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Stage:
    """Where the story runs."""

    folder: Path
    """Everything lies below it; private, removed at the end."""
    work: Path
    """The folder in which the commands are typed."""
    cloud: Path
    """The cloud's folder: `clouds.yaml`, `console`, and what its kind keeps besides."""
    environment: Mapping[str, str]
    """What the commands see: an own HOME, KUBECONFIG, OS_CLOUD, and nothing of the person's."""

    @property
    def clouds_yaml(self) -> Path:
        """Has the clouds `openstack` and `admin`."""
        return self.cloud / CLOUDS

    @property
    def consoles(self) -> Path:
        """Has `<server id>.log` for every server that ever booted."""
        return self.cloud / CONSOLES


@contextlib.contextmanager
def open_stage(show: Callable[[str], None], cloud: Cloud | None = None) -> Iterator[Stage]:
    """Make the folder, start the cloud and lay out the manifests; end every process and remove all at the end.

    The cloud is a simulated one unless another is given.

    Raises:
        CloudFailed: the cloud did not come up.
    """
    chosen = cloud or SimulatedCloud()
    folder = Path(tempfile.mkdtemp(prefix="kubecapy-demo-"))
    work = folder / "typed"
    try:
        for name in ("home/.ssh", "typed", "tmp"):
            (folder / name).mkdir(parents=True, mode=0o700)
        environment = _environment(folder, work)
        show(f"# {chosen.title}, in {folder}")
        with chosen.running(folder, environment) as running:
            _write_files(work, running.facts)
            login = {"OS_CLOUD": MEMBER_CLOUD, "OS_CLIENT_CONFIG_FILE": str(running.folder / CLOUDS)}
            yield Stage(folder=folder, work=work, cloud=running.folder, environment={**environment, **login})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, work: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEAKS)}
    binaries = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "KUBECONFIG": str(work / "kubeconfig"),
        "NO_PROXY": "*",
    }


def _write_files(work: Path, facts: CloudFacts) -> None:
    for name, text in map_files(facts).items():
        path = work / name
        path.touch(mode=0o600)
        path.write_text(text)
