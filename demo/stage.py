"""Set the stage for the story: a folder, a HOME, a cloud with guests; and clear it to the last process."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from demo.manifests import CloudFacts, map_files

CLOUD_START_SECONDS = 30.0
SERVER_BOOT_SECONDS = 2.0
"""From BUILD to ACTIVE; every server of the story waits so long."""
CLOUD_COMMAND = ("kubecapy", "devcloud", "--guests", "--boot-seconds", str(SERVER_BOOT_SECONDS))
END_PATIENCE_SECONDS = 10.0
_LEAKS = ("KUBECONFIG", "OS_", "XDG_", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class StageError(Exception):
    """The stage could not be set; the message says what failed and where its log is."""


@dataclass(frozen=True)
class Stage:
    """Where the story runs."""

    folder: Path
    """Everything lies below it; private, removed at the end."""
    work: Path
    """The folder in which the commands are typed."""
    environment: Mapping[str, str]
    """What the commands see: an own HOME, KUBECONFIG, OS_CLOUD, and nothing of the person's."""

    @property
    def cloud(self) -> Path:
        """The state folder of the simulated cloud."""
        return self.folder / "cloud"


@contextlib.contextmanager
def open_stage(show: Callable[[str], None], cloud_command: Sequence[str] = CLOUD_COMMAND) -> Iterator[Stage]:
    """Make the folder, start the cloud and lay out the manifests; end every process and remove all at the end.

    Raises:
        StageError: the cloud did not come up.
    """
    folder = Path(tempfile.mkdtemp(prefix="kubecapy-demo-"))
    try:
        stage = _lay_out(folder)
        show(f"# A simulated OpenStack with its guests, in {folder}")
        with _running_cloud(stage, cloud_command):
            _write_files(stage)
            yield stage
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(folder: Path) -> Stage:
    for name in ("home/.ssh", "typed", "cloud", "tmp"):
        (folder / name).mkdir(parents=True, mode=0o700)
    work = folder / "typed"
    return Stage(folder=folder, work=work, environment=_environment(folder, work))


def _environment(folder: Path, work: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEAKS)}
    binaries = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "KUBECONFIG": str(work / "kubeconfig"),
        "OS_CLOUD": "openstack",
        "OS_CLIENT_CONFIG_FILE": str(folder / "cloud" / "clouds.yaml"),
        "NO_PROXY": "*",
    }


@contextlib.contextmanager
def _running_cloud(stage: Stage, command: Sequence[str]) -> Iterator[None]:
    """Run the cloud; ending it takes its guests and their pods along."""
    log = stage.folder / "cloud.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--state-dir", str(stage.cloud)],
            env=stage.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # ctrl-C reaches the commands first; the cloud ends last
        )
    try:
        _await_cloud(stage, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=END_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_cloud(stage: Stage, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + CLOUD_START_SECONDS
    while not (stage.cloud / "control.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StageError(f"the simulated cloud did not start; it said:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def _write_files(stage: Stage) -> None:
    cloud = yaml.safe_load((stage.cloud / "clouds.yaml").read_text())["clouds"]["openstack"]
    facts = CloudFacts(
        auth_url=cloud["auth"]["auth_url"],
        username=cloud["auth"]["username"],
        password=cloud["auth"]["password"],
        certificate=(stage.cloud / "ca.pem").read_text(),
        master_address=_allocate_floating_address(stage),
        worker_address=_allocate_floating_address(stage),
    )
    for name, text in map_files(facts).items():
        path = stage.work / name
        path.touch(mode=0o600)
        path.write_text(text)


def _allocate_floating_address(stage: Stage) -> str:
    """Return an address that the cloud's administrator gives to the project, as the article's person was given two."""
    control = json.loads((stage.cloud / "control.json").read_text())
    request = urllib.request.Request(
        control["url"] + "/world/floatingips", data=b"{}", headers={"Authorization": f"Bearer {control['token']}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as reply:
        return str(json.load(reply)["floating_ip_address"])
