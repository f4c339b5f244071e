"""Be an OpenStack in this process: devcloud's core on a given clock, without sockets; calls take their time.

It is not tied to any client: whoever can carry a `Request` to `answer` is served, and the ledger has every call.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from kubecapy.clock import Clock
from kubecapy.devcloud import lifecycle
from kubecapy.devcloud.assembly import assemble_cloud
from kubecapy.devcloud.exchange import Exchange
from kubecapy.devcloud.faults import FaultPlan
from kubecapy.devcloud.happenings import Happenings
from kubecapy.devcloud.ledger import Entry
from kubecapy.devcloud.messages import Request, Response
from kubecapy.devcloud.seed import PROJECT
from kubecapy.devcloud.settings import AddressPlan, Capacity, DevCloudSettings, Timing
from kubecapy.devcloud.world.compute import Server

URL: Final = "https://cloud"
"""Root of every link that the cloud gives."""
_ROOMY: Final = AddressPlan(fixed_cidr="10.6.0.0/20", floating_cidr="172.24.0.0/20")


class CloudPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of cloud it is."""

    timing: Timing = Timing(boot_seconds=3.0, schedule_seconds=0.2, delete_seconds=2.0)
    call_seconds: float = 0.05
    """How long each call takes, before it has its effect."""
    machines: int = 100
    """For how many machines there is room in every quota."""
    seed: int = 7


class SimulatedCloud:
    """Answers calls, and shows what they made.

    Faults are `faults`, as devcloud has them; `before_call` and `after_call` see every call and may raise.
    """

    def __init__(self, clock: Clock, plan: CloudPlan) -> None:
        """Begin with the article's project, network, images and flavors."""
        settings = DevCloudSettings(
            Path("/nowhere"),
            timing=plan.timing,
            addresses=_ROOMY,
            capacity=Capacity(vcpus=16 * plan.machines, ram_mib=2**16 * plan.machines, disk_gib=2**10 * plan.machines),
            ledger_entries=1_000_000,
        )
        self.consoles: dict[str, str] = {}
        """Serial output by server id."""
        cloud, access = assemble_cloud(
            settings,
            Random(plan.seed),  # noqa: S311 - a simulation is replayed from its seed
            _Consoles(self.consoles),
            URL,
            clock.now(),
        )
        self.world = cloud.world
        self.faults = FaultPlan()
        self.happenings = Happenings(cloud.world)
        self.password = access.member
        """Of user `capi`."""
        self.before_call: Callable[[Request], None] = _let_pass
        self.after_call: Callable[[Request], None] = _let_pass
        self._cloud = cloud
        self._clock = clock
        self._exchange = Exchange(cloud, self.faults, clock, _kill_nobody)
        self._call_seconds = plan.call_seconds
        self._give_room(plan.machines)

    async def answer(self, request: Request) -> Response | None:
        """Carry out `request`; None where the connection breaks without an answer."""
        await self._clock.sleep(self._call_seconds)
        self.before_call(request)
        answer = await self._exchange.answer(request)
        self.after_call(request)
        return answer

    def entries(self, *, after: int = 0) -> list[Entry]:
        """Return every call with a number above `after`, logins and what the client discovers included."""
        return list(self._cloud.ledger.entries(after=after))

    @property
    def calls(self) -> int:
        """How many calls there were so far."""
        return self._cloud.ledger.statistics().calls

    def addresses(self) -> list[str]:
        """Return the floating addresses of the project, in their order."""
        return [ip.floating_ip_address for ip in self.world.floating_ips.values() if ip.project_id == PROJECT.id]

    def running_servers(self) -> Iterator[Server]:
        """Return the servers that are ACTIVE now."""
        lifecycle.advance(self.world, self._clock.now())
        return (server for server in self.world.servers.values() if server.status == "ACTIVE")

    def holdings(self) -> Mapping[str, tuple[object, ...]]:
        """Return what the project holds that a person would see listed, comparable with an earlier moment."""
        world = self.world
        lifecycle.advance(world, self._clock.now())
        return {
            "servers": tuple(sorted(server.name for server in world.servers.values())),
            "ports": tuple(sorted((port.device_owner, port.name) for port in world.ports.values())),
            "floating addresses": tuple(
                sorted((ip.floating_ip_address, ip.port_id or "") for ip in world.floating_ips.values())
            ),
            "networks": tuple(sorted(world.networks)),
            "subnets": tuple(sorted(world.subnets)),
            "routers": tuple(sorted(world.routers)),
            "security groups": tuple(sorted(world.security_groups)),
            "trunks": tuple(sorted(world.trunks)),
            "volumes": tuple(sorted(volume.name for volume in world.volumes.values())),
            "key pairs": tuple(sorted(str(key) for key in world.key_pairs)),
        }

    def _give_room(self, machines: int) -> None:
        quotas = self.world.quotas
        compute = {"instances": machines, "cores": 16 * machines, "ram": 2**16 * machines}
        quotas.set_limits("compute", PROJECT.id, compute)
        quotas.set_limits("network", PROJECT.id, {"port": 3 * machines + 20, "floatingip": machines + 20})


class _Consoles:
    """Reads the consoles out of a mapping."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def read(self, server_id: str) -> str:
        return self._texts.get(server_id, "")


def _let_pass(request: Request) -> None:
    """Let every call through."""


def _kill_nobody(pid: int, signal: int) -> None:
    raise AssertionError(f"nothing in this process may be killed: {pid}, {signal}")
