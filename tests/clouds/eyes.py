"""See what a project holds, with the unmodified SDK and the unmodified command line."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from openstack.connection import Connection
from tests.clouds.sites import MEMBER_CLOUD

T = TypeVar("T")
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.1


class Thing(NamedTuple):
    """Something in the project that costs money or quota."""

    kind: str
    id: str
    name: str


class Rule(NamedTuple):
    """What one rule of a security group lets in."""

    ether_type: str
    protocol: str | None
    first: int | None
    last: int | None
    remote_group: str | None
    remote_prefix: str | None


class Eyes:
    """Looks at one project."""

    def __init__(self, clouds_yaml: Path, member: Connection) -> None:
        """Look at the project of `member`, whom `clouds_yaml` names too."""
        self._clouds_yaml = clouds_yaml
        self.member = member
        self.project_id: str = member.current_project_id

    def inventory(self) -> set[Thing]:
        """Return everything of the project that a machine or a cluster may have made."""
        mine = {"project_id": self.project_id}
        network = self.member.network
        listed: dict[str, Iterable[Any]] = {
            "server": self.member.compute.servers(details=False),
            "server group": self.member.compute.server_groups(),
            "key pair": self.member.compute.keypairs(),
            "port": network.ports(**mine),
            "trunk": network.trunks(**mine),
            "floating ip": network.ips(**mine),
            "security group": network.security_groups(**mine),
            "router": network.routers(**mine),
            "subnet": network.subnets(**mine),
            "network": network.networks(**mine),
        }
        if self.member.has_service("block-storage"):
            listed["volume"] = self.member.block_storage.volumes(details=False)
        return {Thing(kind, item.id, item.name) for kind, items in listed.items() for item in items}

    def server(self, name: str) -> Any:  # Any: the SDK's resources are untyped
        """Return the one server called `name`, in full."""
        found = [server for server in self.member.compute.servers(details=True) if server.name == name]
        assert len(found) == 1, f"{len(found)} servers are called {name}"
        return self.member.compute.get_server(found[0].id)

    def ports(self, server_id: str) -> list[Any]:
        """Return the ports of a server, by name."""
        return sorted(self.member.network.ports(device_id=server_id), key=lambda port: port.name)

    def remove_server(self, server_id: str) -> None:
        """Remove a server, and wait for its end."""
        server = self.member.compute.get_server(server_id)
        self.member.compute.delete_server(server)
        self.member.compute.wait_for_delete(server, interval=POLL_SECONDS)

    def clear_all_but(self, kept: set[Thing]) -> None:
        """Remove servers and ports that are not among `kept`, as a person does after a test."""
        more = self.inventory() - kept
        for thing in more:
            if thing.kind == "server":
                self.remove_server(thing.id)
        for thing in more:
            if thing.kind == "port":
                self.member.network.delete_port(thing.id)

    def attached_volumes(self, server: Any) -> list[Any]:
        """Return the volumes of a server, in the order of their devices."""
        volumes = [self.member.block_storage.get_volume(held.id) for held in server.attached_volumes]
        return sorted(volumes, key=lambda volume: str(volume.attachments[0]["device"]))

    def rules(self, group_id: str) -> set[Rule]:
        """Return what a security group lets in."""
        found = self.member.network.security_group_rules(security_group_id=group_id, direction="ingress")
        return {
            Rule(
                rule.ether_type,
                rule.protocol,
                rule.port_range_min,
                rule.port_range_max,
                rule.remote_group_id,
                rule.remote_ip_prefix,
            )
            for rule in found
        }

    def cli(self, *words: str) -> Any:
        """Return what `openstack WORDS -f json` prints, decoded."""
        environment = {
            "PATH": os.environ["PATH"],
            "OS_CLIENT_CONFIG_FILE": str(self._clouds_yaml),
            "OS_CLOUD": MEMBER_CLOUD,
            "NO_PROXY": "127.0.0.1",
        }
        command = [str(Path(sys.executable).with_name("openstack")), *words, "-f", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return json.loads(done.stdout)

    def wait(self, what: str, look: Callable[[], T | None]) -> T:
        """Return what `look` finds as soon as it is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS:g} s")
