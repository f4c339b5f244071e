"""Kill the controllers before and after every cloud call of a machine's life: one server, no twin, nothing left."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

import aiohttp
import msgspec
import openstack
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.e2e.controllers_process import controllers
from tests.e2e.preparation import NAMESPACE, NAMESPACES, eventually, prepare

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Cluster, Machine
from kubecapy.apimachinery.codec import convert
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import AddressPlan, DevCloudSettings, Timing
from kubecapy.local.management import ManagementSettings, open_management

pytestmark = pytest.mark.timeout(400)

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "01-article"
LEAST_CALLS_OF_A_CREATE = 8
"""Log in, look up, and make a port, a server and an association: a sweep over fewer struck too little."""
LEAST_CALLS_OF_A_DELETE = 3


@dataclass
class World:
    """A management cluster without controllers, a cloud without boot times, and hands on both."""

    client: Client
    kubeconfig: Path
    cloud: DevCloudServer
    state: Path
    control: aiohttp.ClientSession
    admin: "openstack.connection.Connection"
    clusters: int = 0
    untouched: dict[str, int] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {"OS_CLIENT_CONFIG_FILE": str(self.state / "clouds.yaml"), "OS_CLOUD": "openstack"}

    def run(self, log: Path):
        return controllers(self.kubeconfig, self.environ, log)

    async def post(self, path: str, body: JsonObject) -> JsonObject:
        async with self.control.post(path, json=body) as reply:
            assert reply.status < 300, await reply.text()
            return await reply.json()

    async def strike(self, pid: int, nth: int, when: str) -> None:
        """Have the cloud kill `pid` at its `nth` call from now."""
        await self.post("/faults", {"action": {"kind": "kill", "pid": pid, "when": when}, "nth": nth})

    async def struck(self) -> bool:
        """Return whether the kill took place, and take its rule out of force."""
        async with self.control.get("/faults") as reply:
            faults = (await reply.json())["faults"]
        async with self.control.delete("/faults"):
            pass
        return any(fault["struck"] for fault in faults)

    async def machine(self, key: ObjectKey) -> Machine | None:
        return await self.client.find(MACHINES, key)

    async def next_cluster(self) -> tuple[ObjectKey, str]:
        """Declare the article's Cluster in a namespace of its own; return a machine's key and an address for it."""
        self.clusters += 1
        namespace = f"sweep-{self.clusters}"
        await self.client.create(NAMESPACES, {**NAMESPACE, "metadata": {"name": namespace}})
        cluster = yaml.safe_load((EXAMPLES / "cluster.yaml").read_text())
        cluster["metadata"]["namespace"] = namespace
        await self.client.create(CLUSTERS, convert(cluster, Cluster))
        allocated = await self.post("/world/floatingips", {})
        return ObjectKey(namespace, f"liugya-master-{self.clusters}"), allocated["floating_ip_address"]

    async def pause(self, key: ObjectKey, *, paused: bool) -> None:
        """Pause the cluster of the machine, or let it go on."""
        await self.client.patch(CLUSTERS, ObjectKey(key.namespace, "test1"), {"spec": {"paused": paused}})

    def count(self) -> dict[str, int]:
        """Return how many servers, ports and bound addresses the whole cloud holds."""
        bound = [ip for ip in self.admin.network.ips() if ip.port_id]
        servers, ports = list(self.admin.compute.servers(all_projects=True)), list(self.admin.network.ports())
        return {"servers": len(servers), "ports": len(ports), "bound": len(bound)}

    def belongings(self, name: str, address: str) -> dict[str, list[str]]:
        """Return what the cloud holds under the machine's name: servers, ports, and what its address is bound to."""
        servers = [server.id for server in self.admin.compute.servers(all_projects=True) if server.name == name]
        ports = [port for port in self.admin.network.ports() if port.name.startswith(f"{name}_")]
        bound = [ip.port_id for ip in self.admin.network.ips(floating_ip_address=address) if ip.port_id]
        return {"servers": servers, "ports": [port.id for port in ports], "bound": bound}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    state = tmp_path / "cloud"
    timing = Timing(boot_seconds=0, schedule_seconds=0, delete_seconds=0.05, power_seconds=0)
    on_loopback = AddressPlan(fixed_cidr="127.88.1.128/25", floating_cidr="127.88.1.0/25")
    clock = SystemClock()
    settings = ManagementSettings(folder=tmp_path / "management", clock=clock, random=SystemRandom())
    async with (
        DevCloudServer(
            DevCloudSettings(state_dir=state, timing=timing, addresses=on_loopback), clock, Random(1)
        ) as cloud,
        open_management(settings) as management,
    ):
        access = msgspec.json.decode((state / "control.json").read_bytes())
        headers = {"Authorization": f"Bearer {access['token']}"}
        async with aiohttp.ClientSession(access["url"], headers=headers) as control:
            config = openstack.config.OpenStackConfig(config_files=[str(state / "clouds.yaml")], load_envvars=False)
            admin = openstack.connection.Connection(config=config.get_one(cloud="admin"))
            member = openstack.connection.Connection(config=config.get_one(cloud="openstack"))
            world = World(management.client, management.kubeconfig, cloud, state, control, admin)
            await asyncio.to_thread(register_key_pair, member)
            await prepare(management.client)
            world.untouched = await asyncio.to_thread(world.count)
            yield world
            admin.close()
            member.close()


def register_key_pair(cloud: "openstack.connection.Connection") -> None:
    """Register a fresh public key under the name that the article's machines use."""
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    text = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    cloud.compute.create_keypair(name="cluster-api-provider-openstack", public_key=text)


def control_plane(key: ObjectKey, address: str) -> Machine:
    """Return the article's control-plane machine under a fixed name, with an address of this cloud."""
    machine = yaml.safe_load((EXAMPLES / "machines.yaml").read_text())["items"][0]
    machine["metadata"] = {"name": key.name, "namespace": key.namespace, "labels": {"set": "master"}}
    machine["spec"]["providerSpec"]["value"]["floatingIP"] = address
    return convert(machine, Machine)


async def created(world: World, key: ObjectKey) -> bool:
    machine = await world.machine(key)
    assert machine is not None
    return any(c.type == "InstanceReady" and c.status == "True" for c in machine.status.conditions)


async def gone(world: World, key: ObjectKey) -> bool:
    return await world.machine(key) is None


async def all_gone(world: World) -> bool:
    return not (await world.client.list(MACHINES)).items


async def dead_or(process, check) -> bool:
    return not process.is_alive() or await check()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_any_cloud_call_of_a_create_it_ends_as_one_machine(
    world: World, tmp_path: Path, when: str
) -> None:
    log, keys, struck = tmp_path / "controllers.log", [], True
    while struck:
        key, address = await world.next_cluster()
        keys.append(key)
        with world.run(log) as process:
            await world.strike(process.pid, len(keys), when)
            await world.client.create(MACHINES, control_plane(key, address))
            await eventually(lambda: dead_or(process, lambda: created(world, key)), f"{key}: created or killed")
            struck = await world.struck()

        with world.run(log):
            await eventually(lambda: created(world, key), f"{key}: created, killed {when} call {len(keys)}")
            found = await asyncio.to_thread(world.belongings, key.name, address)
            assert {kind: len(ids) for kind, ids in found.items()} == {"servers": 1, "ports": 1, "bound": 1}, key
            assert found["bound"] == found["ports"]
            await world.pause(key, paused=True)  # the next sweep's calls are then of the next machine alone
    assert len(keys) > LEAST_CALLS_OF_A_CREATE

    with world.run(log):
        for key in keys:
            await world.pause(key, paused=False)
            await world.client.delete(MACHINES, key)
        await eventually(lambda: all_gone(world), "all deleted")
    assert await asyncio.to_thread(world.count) == world.untouched


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_any_cloud_call_of_a_delete_it_leaves_nothing(world: World, tmp_path: Path, when: str) -> None:
    log, nth, struck = tmp_path / "controllers.log", 0, True
    while struck:
        nth += 1
        key, address = await world.next_cluster()
        await world.client.create(MACHINES, control_plane(key, address))
        with world.run(log) as process:
            await eventually(lambda: created(world, key), f"{key}: created")
            await world.strike(process.pid, nth, when)
            await world.client.delete(MACHINES, key)
            await eventually(lambda: dead_or(process, lambda: gone(world, key)), f"{key}: deleted or killed")
            struck = await world.struck()

        with world.run(log):
            await eventually(lambda: gone(world, key), f"{key}: deleted, killed {when} call {nth}")
        left = await asyncio.to_thread(world.belongings, key.name, address)
        assert left == {"servers": [], "ports": [], "bound": []}, nth
    assert nth > LEAST_CALLS_OF_A_DELETE
    assert await asyncio.to_thread(world.count) == world.untouched
