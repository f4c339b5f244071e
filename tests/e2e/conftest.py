"""Tell the demo's story once in each cloud, step by step, each test going as far as it needs."""

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from demo.__main__ import KEY_PAIR
from demo.cloud import Cloud
from demo.real_services import RealServices
from demo.runner import Runner
from demo.simulated_cloud import SimulatedCloud
from demo.stage import Stage, open_stage
from demo.story import STORY
from openstack.connection import Connection
from tests.clouds.eyes import Eyes, Thing
from tests.clouds.sites import DEVCLOUD, OPENSTACK, connect
from tests.listening import listening
from tests.real_openstack import MARKS
from tools.build_kubernetes import find_binaries, why_absent

JsonObject = dict[str, Any]
ON_DEVCLOUD = pytest.param(DEVCLOUD, id=DEVCLOUD, marks=[pytest.mark.xdist_group("story"), pytest.mark.timeout(400)])
ON_OPENSTACK = pytest.param(OPENSTACK, id=OPENSTACK, marks=MARKS)


@dataclass
class Tale:
    """The story so far, and eyes of our own on what it made."""

    stage: Stage
    runner: Runner
    outputs: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    before: set[Thing] = field(default_factory=set)
    """What the project held before the first step."""

    def until(self, name: str) -> str:
        """Run every step up to the one of `name` that did not run yet; return what that step printed."""
        for step in STORY:
            if step.name not in self.outputs:
                self.outputs[step.name] = self.runner.run(step)
            if step.name == name:
                return self.outputs[name]
        raise AssertionError(f"the story has no step {name}")

    def kubectl(self, *words: str) -> JsonObject:
        """Return the decoded answer of kubectl to `words` with `-o json`."""
        return json.loads(self.run("kubectl", *words, "-o", "json"))

    def run(self, *command: str) -> str:
        """Return the standard output of `command`, which must succeed."""
        done = subprocess.run(
            command, cwd=self.stage.work, env=self.stage.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def machines(self) -> dict[str, JsonObject]:
        """Return the Machines of the cluster by name."""
        return {item["metadata"]["name"]: item for item in self.kubectl("get", "machines")["items"]}

    def nodes(self) -> dict[str, JsonObject]:
        """Return the Nodes of the cluster by name."""
        return {item["metadata"]["name"]: item for item in self.kubectl("get", "nodes")["items"]}

    def cloud(self, name: str = "openstack") -> Connection:
        """Return a connection of the SDK to the cloud, as `openstack` (member) or `admin`."""
        return connect(self.stage.clouds_yaml, name)

    def control(self, path: str) -> JsonObject:
        """Return what devcloud's control endpoint answers to a GET of `path`."""
        access = json.loads((self.stage.cloud / "control.json").read_text())
        return json.loads(
            self.run("curl", "-sS", "-f", "-H", f"Authorization: Bearer {access['token']}", access["url"] + path)
        )

    def holdings(self) -> set[Thing]:
        """Return everything that the project holds."""
        with self.cloud() as member:
            return Eyes(self.stage.clouds_yaml, member).inventory()

    def address_prefix(self) -> str:
        """Return what all addresses of the cloud's servers begin with; it has them to itself."""
        with self.cloud() as member:
            (address, *_) = (address.floating_ip_address for address in member.network.ips())
        return f"{address.rpartition('.')[0]}."

    def user_data(self, server_id: str) -> str:
        """Return the user data of a server, as the cloud's administrator sees it."""
        reply = self.cloud("admin").compute.get(f"/servers/{server_id}", microversion="2.3")
        return base64.b64decode(reply.json()["server"]["OS-EXT-SRV-ATTR:user_data"]).decode()


@pytest.fixture(scope="session")
def binaries() -> Path:
    """The folder of a real etcd, kube-apiserver and kube-controller-manager."""
    found = find_binaries()
    if found is None:
        pytest.skip(why_absent())
    if not (found / "kube-controller-manager").exists():
        pytest.skip(f"{found} has no kube-controller-manager, without which no namespace ends: run `make kubernetes`")
    return found


@pytest.fixture(scope="module", params=[ON_DEVCLOUD, ON_OPENSTACK])
def tale(request: pytest.FixtureRequest) -> Iterator[Tale]:
    """The story in a simulated cloud, and the same in real services; nothing of it runs when the last test has."""
    shown: list[str] = []
    cloud: Cloud = SimulatedCloud()
    if request.param == OPENSTACK:
        cloud = RealServices(shown.append, request.getfixturevalue("real_openstack"), guest_speed=20)
    with open_stage(shown.append, cloud) as stage:
        known = {"home": stage.environment["HOME"], "key_pair": KEY_PAIR}
        runner = Runner(folder=stage.work, environment=stage.environment, known=known, show=shown.append)
        tale = Tale(stage=stage, runner=runner, shown=shown)
        tale.before = tale.holdings()
        addresses = tale.address_prefix()
        try:
            yield tale
        finally:
            runner.close()
    assert listening(addresses) == [], "a guest, or a pod of one, has outlived its cloud"
