"""Tell the story in devcloud: a simulated OpenStack in one process, with its guests below it."""

import contextlib
import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from demo.background import running_until_ready
from demo.cloud import CLOUDS, RunningCloud, read_credentials
from demo.manifests import ARTICLE_NETWORK, ARTICLE_SECURITY_GROUP, CloudFacts

_CONTROL = "control.json"


@dataclass(frozen=True)
class SimulatedCloud:
    """Runs `kubecapy devcloud`."""

    boot_seconds: float = 2.0
    """From BUILD to ACTIVE; every server of the story waits so long."""
    guest_speed: float = 1.0
    """Guests boot so many times as fast."""
    title: ClassVar[str] = "A simulated OpenStack with its guests"

    @contextlib.contextmanager
    def running(self, folder: Path, environment: Mapping[str, str]) -> Iterator[RunningCloud]:
        """Run it; ending it takes its guests and their pods along."""
        cloud = folder / "cloud"
        cloud.mkdir(mode=0o700)
        choices = ("--boot-seconds", str(self.boot_seconds), "--guest-speed", str(self.guest_speed))
        command = ("kubecapy", "devcloud", "--guests", *choices, "--state-dir", str(cloud))
        with running_until_ready(command, environment, log=folder / "cloud.log", ready=cloud / _CONTROL):
            yield RunningCloud(cloud, _facts(cloud))


def _facts(cloud: Path) -> CloudFacts:
    credentials = read_credentials(cloud / CLOUDS)
    return CloudFacts(
        auth_url=credentials["auth_url"],
        username=credentials["username"],
        password=credentials["password"],
        certificate=(cloud / "ca.pem").read_text(),
        network_id=ARTICLE_NETWORK,
        security_group_id=ARTICLE_SECURITY_GROUP,
        master_address=_allocate_floating_address(cloud),
        worker_address=_allocate_floating_address(cloud),
    )


def _allocate_floating_address(cloud: Path) -> str:
    """Return an address that the cloud's administrator gives to the project."""
    control = json.loads((cloud / _CONTROL).read_text())
    request = urllib.request.Request(
        control["url"] + "/world/floatingips", data=b"{}", headers={"Authorization": f"Bearer {control['token']}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as reply:
        return str(json.load(reply)["floating_ip_address"])
