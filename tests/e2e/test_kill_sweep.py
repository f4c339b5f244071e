"""Kill the controllers before and after every cloud call of a machine's life: one server, no twin, nothing left."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom

import aiohttp
import msgspec
import openstack
import pytest
import yaml
from tests.e2e.controllers_process import controllers

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Cluster, Machine
from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.codec import convert
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.bootstrap.templates import user_data_templates
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import DevCloudSettings, Timing
from kubecapy.local.management import ManagementSettings, open_management

pytestmark = [pytest.mark.timeout(280), pytest.mark.xdist_group("kill-sweep")]

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "01-article"
NAMESPACE = "default"
COMPONENTS = "openstack-provider-system"
PATIENCE_SECONDS = 20.0
CRDS: Resource[JsonObject] = Resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", dict, namespaced=False
)
NAMESPACES: Resource[JsonObject] = Resource("", "v1", "Namespace", "namespaces", dict, namespaced=False)
SECRETS: Resource[JsonObject] = Resource("", "v1", "Secret", "secrets", dict)


@dataclass
class World:
    """A management cluster without controllers, a cloud without boot times, and hands on both."""

    client: Client
    kubeconfig: Path
    cloud: DevCloudServer
    state: Path
    control: aiohttp.ClientSession
    admin: "openstack.connection.Connection"
    address: str

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

    async def machine(self, name: str) -> Machine | None:
        return await self.client.find(MACHINES, ObjectKey(NAMESPACE, name))

    def belongings(self, name: str) -> dict[str, list[str]]:
        """Return what the cloud holds under the machine's name: servers, ports, and what its address is bound to."""
        servers = [server.id for server in self.admin.compute.servers(all_projects=True) if server.name == name]
        ports = [port for port in self.admin.network.ports() if (port.name or "").startswith(name)]
        bound = [ip.port_id for ip in self.admin.network.ips(floating_ip_address=self.address) if ip.port_id]
        return {"servers": servers, "ports": [port.id for port in ports], "bound": bound}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    state = tmp_path / "cloud"
    timing = Timing(boot_seconds=0, schedule_seconds=0, delete_seconds=0.05, power_seconds=0)
    clock = SystemClock()
    settings = ManagementSettings(folder=tmp_path / "management", clock=clock, random=SystemRandom())
    async with (
        DevCloudServer(DevCloudSettings(state_dir=state, timing=timing), clock, Random(1)) as cloud,
        open_management(settings) as management,
    ):
        access = msgspec.json.decode((state / "control.json").read_bytes())
        headers = {"Authorization": f"Bearer {access['token']}"}
        async with aiohttp.ClientSession(access["url"], headers=headers) as control:
            config = openstack.config.OpenStackConfig(config_files=[str(state / "clouds.yaml")], load_envvars=False)
            admin = openstack.connection.Connection(config=config.get_one(cloud="admin"))
            member = openstack.connection.Connection(config=config.get_one(cloud="openstack"))
            world = World(management.client, management.kubeconfig, cloud, state, control, admin, "")
            world.address = (await world.post("/world/floatingips", {}))["floating_ip_address"]
            await asyncio.to_thread(member.compute.create_keypair, name="cluster-api-provider-openstack")
            await declare(world)
            yield world
            admin.close()
            member.close()


async def declare(world: World) -> None:
    """Apply what a cluster needs before its machines: kinds, the user data, and the article's Cluster."""
    for crd in custom_resource_definitions():
        await world.client.create(CRDS, crd)
    await eventually(lambda: established(world), "the kinds are served")
    await world.client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": COMPONENTS}})
    for role, text in user_data_templates("ubuntu").items():
        metadata = {"name": f"{role}-user-data", "namespace": COMPONENTS}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"userData": text}}
        await world.client.create(SECRETS, secret)
    cluster = yaml.safe_load((EXAMPLES / "cluster.yaml").read_text())
    cluster["metadata"]["namespace"] = NAMESPACE
    await world.client.create(CLUSTERS, convert(cluster, Cluster))


async def established(world: World) -> bool:
    listed = (await world.client.list(CRDS)).items
    return all(
        any(found["type"] == "Established" and found["status"] == "True" for found in crd["status"]["conditions"])
        for crd in listed
    )


def control_plane(name: str, address: str) -> Machine:
    """Return the article's control-plane machine under a fixed name, with an address of this cloud."""
    machine = yaml.safe_load((EXAMPLES / "machines.yaml").read_text())["items"][0]
    machine["metadata"] = {"name": name, "namespace": NAMESPACE, "labels": {"set": "master"}}
    machine["spec"]["providerSpec"]["value"]["floatingIP"] = address
    return convert(machine, Machine)


async def eventually(check, what: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            while not await check():
                await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise AssertionError(f"never: {what}") from error


async def created(world: World, name: str) -> bool:
    machine = await world.machine(name)
    assert machine is not None
    return any(c.type == "InstanceReady" and c.status == "True" for c in machine.status.conditions)


async def gone(world: World, name: str) -> bool:
    return await world.machine(name) is None


async def dead_or(process, check) -> bool:
    return not process.is_alive() or await check()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_any_cloud_call_of_a_create_it_ends_as_one_machine(
    world: World, tmp_path: Path, when: str
) -> None:
    log, nth, struck = tmp_path / "controllers.log", 0, True
    while struck:
        nth += 1
        name = f"liugya-master-{nth}{when[0]}"
        with world.run(log) as process:
            await world.strike(process.pid, nth, when)
            await world.client.create(MACHINES, control_plane(name, world.address))
            await eventually(lambda: dead_or(process, lambda: created(world, name)), f"{name}: created or killed")
            struck = await world.struck()

        with world.run(log):
            await eventually(lambda: created(world, name), f"{name}: created, killed {when} call {nth}")
            found = await asyncio.to_thread(world.belongings, name)
            assert {kind: len(ids) for kind, ids in found.items()} == {"servers": 1, "ports": 1, "bound": 1}, nth
            assert found["bound"] == found["ports"]

            await world.client.delete(MACHINES, ObjectKey(NAMESPACE, name))
            await eventually(lambda: gone(world, name), f"{name}: deleted")
            left = await asyncio.to_thread(world.belongings, name)
            assert left == {"servers": [], "ports": [], "bound": []}, nth
    assert nth > 8, f"only {nth - 1} calls were struck; a create makes more"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_any_cloud_call_of_a_delete_it_leaves_nothing(world: World, tmp_path: Path, when: str) -> None:
    log, nth, struck = tmp_path / "controllers.log", 0, True
    while struck:
        nth += 1
        name = f"liugya-master-{nth}{when[0]}"
        await world.client.create(MACHINES, control_plane(name, world.address))
        with world.run(log) as process:
            await eventually(lambda: created(world, name), f"{name}: created")
            await world.strike(process.pid, nth, when)
            await world.client.delete(MACHINES, ObjectKey(NAMESPACE, name))
            await eventually(lambda: dead_or(process, lambda: gone(world, name)), f"{name}: deleted or killed")
            struck = await world.struck()

        with world.run(log):
            await eventually(lambda: gone(world, name), f"{name}: deleted, killed {when} call {nth}")
        left = await asyncio.to_thread(world.belongings, name)
        assert left == {"servers": [], "ports": [], "bound": []}, nth
    assert nth > 3, f"only {nth - 1} calls were struck; a delete makes more"
