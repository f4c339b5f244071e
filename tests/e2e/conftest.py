"""Tell the demo's story once for all tests of this folder, step by step, each test going as far as it needs."""

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openstack
import pytest
from demo.__main__ import KEY_PAIR
from demo.runner import Runner
from demo.stage import Stage, open_stage
from demo.story import STORY
from tools.build_kubernetes import find_binaries, why_absent

JsonObject = dict[str, Any]


@dataclass
class Tale:
    """The story so far, and eyes of our own on what it made."""

    stage: Stage
    runner: Runner
    outputs: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

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

    def cloud(self, name: str = "openstack") -> "openstack.connection.Connection":
        """Return a connection of the SDK to the simulated cloud, as `openstack` (member) or `admin`."""
        config = openstack.config.OpenStackConfig(
            config_files=[str(self.stage.cloud / "clouds.yaml")], load_envvars=False
        )
        return openstack.connection.Connection(config=config.get_one(cloud=name))

    def control(self, path: str) -> JsonObject:
        """Return what the cloud's control endpoint answers to a GET of `path`."""
        access = json.loads((self.stage.cloud / "control.json").read_text())
        return json.loads(
            self.run("curl", "-sS", "-f", "-H", f"Authorization: Bearer {access['token']}", access["url"] + path)
        )

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


@pytest.fixture(scope="session")
def tale() -> Iterator[Tale]:
    """The story in a cloud of its own; every process has ended when the last test has."""
    shown: list[str] = []
    with open_stage(shown.append) as stage:
        known = {"home": stage.environment["HOME"], "key_pair": KEY_PAIR}
        runner = Runner(folder=stage.work, environment=stage.environment, known=known, show=shown.append)
        try:
            yield Tale(stage=stage, runner=runner, shown=shown)
        finally:
            runner.close()
