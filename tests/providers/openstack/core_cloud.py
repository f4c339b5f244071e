"""Run the provider against devcloud's core, in this process: no sockets, no TLS, time by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from kubecapy.contract.errors import Unavailable
from kubecapy.devcloud.assembly import assemble_cloud
from kubecapy.devcloud.exchange import Exchange
from kubecapy.devcloud.faults import FaultPlan
from kubecapy.devcloud.ledger import Entry
from kubecapy.devcloud.messages import Query, Request, Response
from kubecapy.devcloud.seed import PROJECT
from kubecapy.devcloud.settings import DevCloudSettings, Timing
from kubecapy.providers.openstack.cloud.transport import Call, Reply

ROOTS = {"compute": "/compute/v2.1", "network": "/networking/v2.0", "image": "/image/v2", "block-storage": "/volume/v3"}


class ManualClock:
    """Tells a time that moves only when a test, or a sleeper, moves it."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        self._seconds += seconds

    def pass_(self, seconds: float) -> None:
        self._seconds += seconds


class NoConsoles:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def read(self, server_id: str) -> str:
        return self.texts.get(server_id, "")


class CoreCloud:
    """A devcloud without sockets, and what tests look at in it."""

    def __init__(self, clock: ManualClock, timing: Timing | None = None) -> None:
        self.clock = clock
        self.consoles = NoConsoles()
        settings = DevCloudSettings(Path("/nowhere"), timing=timing or Timing(boot_seconds=3.0, delete_seconds=2.0))
        random = Random(7)
        cloud, access = assemble_cloud(settings, random, self.consoles, "https://cloud", clock.now())
        self.cloud = cloud
        self.world = cloud.world
        self.password = access.member.reveal()
        self.faults = FaultPlan()
        self.exchange = Exchange(cloud, self.faults, clock, lambda pid, signal: None)

    def addresses(self) -> list[str]:
        """Return the floating addresses of the project, in their order."""
        return [ip.floating_ip_address for ip in self.world.floating_ips.values() if ip.project_id == PROJECT.id]

    def entries(self) -> list[Entry]:
        """Return the calls of the provider, logins apart."""
        return [entry for entry in self.cloud.ledger.entries() if entry.service != "identity"]

    def holdings(self) -> tuple[list[str], list[str], list[str | None]]:
        """Return names of servers, names of ports that are no router's, and the floating addresses' ports."""
        ports = [port.name for port in self.world.ports.values() if not port.device_owner.startswith("network:")]
        servers = [server.name for server in self.world.servers.values()]
        return servers, ports, [ip.port_id for ip in self.world.floating_ips.values()]

    def names(self) -> dict[str, list[str]]:
        """Return the names of all that machines may have, by kind."""
        world = self.world
        return {
            "servers": sorted(server.name for server in world.servers.values()),
            "ports": sorted(port.name for port in world.ports.values() if not port.device_owner.startswith("network:")),
            "trunks": sorted(trunk.name for trunk in world.trunks.values()),
            "addresses": sorted(ip.floating_ip_address for ip in world.floating_ips.values()),
            "volumes": sorted(volume.name for volume in world.volumes.values()),
            "key pairs": sorted(pair.name for pair in world.key_pairs.values()),
        }


class CoreTransport:
    """Sends the provider's calls into a `CoreCloud`."""

    def __init__(self, cloud: CoreCloud, before: Callable[[Call], None] = lambda call: None) -> None:
        self._cloud = cloud
        self._before = before
        self._token = ""
        self.closed = False

    async def request(self, call: Call) -> Reply:
        self._before(call)
        headers = {"x-auth-token": self._token or await self._log_in()}
        headers |= {name.lower(): value for name, value in call.headers.items()}
        if call.microversion:
            headers["openstack-api-version"] = f"{call.service} {call.microversion}"
        body = call.body.reveal() if call.body else b""
        answer = await self._cloud.exchange.answer(
            Request(call.method, ROOTS[call.service] + call.path, Query(call.query), headers, body)
        )
        if answer is None:
            raise Unavailable(f"{call.doing}: the connection broke")
        return Reply(answer.status, _lower(answer), answer.body)

    async def project_id(self) -> str:
        return PROJECT.id

    async def close(self) -> None:
        self.closed = True

    async def _log_in(self) -> str:
        user = {"name": "capi", "domain": {"name": "ibm"}, "password": self._cloud.password}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"id": PROJECT.id}}}}
        answer = self._cloud.cloud.handle(
            Request("POST", "/identity/v3/auth/tokens", body=msgspec.json.encode(body)), self._cloud.clock.now()
        )
        assert answer.status == 201, answer.body
        self._token = _lower(answer)["x-subject-token"]
        return self._token


def _lower(answer: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers}
