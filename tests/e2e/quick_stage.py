"""Type clusterctl's commands in a quick cloud, and cut them short at a line of their log."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
from demo.__main__ import KEY_PAIR
from demo.simulated_cloud import SimulatedCloud
from demo.stage import Stage

QUICK_CLOUD = SimulatedCloud(boot_seconds=0.2, guest_speed=20)
CREATE = (
    *("clusterctl", "create", "cluster", "--v", "4", "--provider", "openstack"),
    *("-c", "out/cluster.yaml", "-m", "out/machines.yaml", "-p", "out/provider-components.yaml"),
)
JsonObject = dict[str, Any]
DELETE = ("clusterctl", "delete", "cluster", "--v", "4", "--kubeconfig", "kubeconfig")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    text: str
    """Both of its outputs."""
    was_cut: bool
    """Whether the awaited line came, and with it the signal where one was to be sent."""


@dataclass(frozen=True)
class Typist:
    """Types commands on a stage whose manifests are filled in."""

    stage: Stage

    def prepare(self) -> None:
        """Register the key pair, generate the manifests and fill them in."""
        home = self.stage.environment["HOME"]
        self.must("openstack", "keypair", "create", "--private-key", f"{home}/.ssh/openstack_tmp", KEY_PAIR)
        self.must("clusterctl", "generate-yaml", "./clouds.yaml", "openstack", "ubuntu")
        self.must("cp", "cluster.yaml", "machines.yaml", "out/")

    def must(self, *command: str) -> str:
        """Return what `command` prints; it must succeed."""
        ended = self.type(command)
        assert ended.code == 0, f"{' '.join(command)}: {ended.text}"
        return ended.text

    def type(
        self,
        command: Sequence[str],
        *,
        at: str = "",
        send: signal.Signals | None = signal.SIGINT,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Ended:
        """Run `command` to its end; once a line matches `at`, do `meanwhile`, then send the signal, as a terminal.

        Without a signal it goes on.
        """
        process = subprocess.Popen(
            command,
            cwd=self.stage.work,
            env=self.stage.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        lines: list[str] = []
        was_cut = False
        with process:
            for line in process.stdout or ():
                lines.append(line)
                if at and not was_cut and re.search(at, line):
                    was_cut = True
                    meanwhile()
                    if send is not None:
                        os.killpg(process.pid, send)
        return Ended(process.returncode, "".join(lines), was_cut)

    def cut_at_each(self, command: Sequence[str], points: Sequence[tuple[str, signal.Signals]]) -> list[Ended]:
        """Type `command` once for each point and cut it there: each call goes on where the last was cut."""
        cuts = []
        for at, send in points:
            cut = self.type(command, at=at, send=send)
            assert cut.was_cut, f"{at!r} was never said: {cut.text}"
            cuts.append(cut)
        return cuts

    @property
    def state_home(self) -> Path:
        """Where clusterctl keeps the folders of its runs."""
        return self.stage.folder / "home" / ".local" / "state" / "kubecapy"

    def cloud(self) -> "openstack.connection.Connection":
        """Return a connection of the SDK, as the project's member."""
        files = [str(self.stage.clouds_yaml)]
        config = openstack.config.OpenStackConfig(config_files=files, load_envvars=False)
        return openstack.connection.Connection(config=config.get_one(cloud="openstack"))

    def calls(self, service: str, method: str) -> list[JsonObject]:
        """Return the calls of `method` that the cloud's ledger holds of `service`."""
        return self.ask_cloud(f"/ledger?limit=20000&service={service}&method={method}")["entries"]

    def ask_cloud(self, path: str, *flags: str) -> JsonObject:
        """Return what the cloud's control endpoint answers; `flags` are curl's."""
        control = json.loads((self.stage.cloud / "control.json").read_text())
        bearer = f"Authorization: Bearer {control['token']}"
        return json.loads(self.must("curl", "-sS", "-f", "-H", bearer, *flags, control["url"] + path) or "{}")

    def belongings(self) -> Mapping[str, list[str]]:
        """Return the names of all servers, and of the machines whose ports there are."""
        cloud = self.cloud()
        ports = [port for port in cloud.network.ports() if not port.device_owner.startswith("network:")]
        names = {
            "servers": sorted(server.name for server in cloud.compute.servers()),
            "ports": sorted(port.name.partition("_")[0] for port in ports),
        }
        cloud.close()
        return names
