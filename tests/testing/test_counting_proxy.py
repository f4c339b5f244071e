"""The proxy: an unmodified client behind it, counted, cut and killed."""

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import aiohttp
import openstack
import pytest
import yaml

from kubecapy.clock import SystemClock
from kubecapy.devcloud.serve import DevCloudServer
from kubecapy.devcloud.settings import DevCloudSettings
from kubecapy.testing.counting_proxy import CountingProxy, Strike

pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB")

SERVICES = {"keystone": "/identity", "nova": "/compute", "neutron": "/networking", "glance": "/image"}


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[DevCloudServer]:
    async with DevCloudServer(DevCloudSettings(tmp_path / "cloud"), SystemClock(), Random(1)) as cloud:
        yield cloud


@pytest.fixture
async def proxy(cloud: DevCloudServer) -> AsyncIterator[CountingProxy]:
    trusted = ssl.create_default_context(cafile=cloud.ca_path)
    services = {name: cloud.url + path for name, path in SERVICES.items()}
    async with CountingProxy(services, trusted) as proxy:
        yield proxy


def connect(cloud: DevCloudServer, proxy: CountingProxy) -> "openstack.connection.Connection":
    auth = yaml.safe_load(cloud.clouds_yaml_path.read_text())["clouds"]["openstack"]["auth"]
    return openstack.connection.Connection(
        auth={**auth, "auth_url": proxy.address_of(auth["auth_url"])}, region_name="RegionOne"
    )


async def ledger_of(cloud: DevCloudServer) -> list[tuple[str, str]]:
    access = json.loads(cloud.control_token_path.read_text())
    headers = {"Authorization": f"Bearer {access['token']}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(access["url"] + "/ledger") as answer:
        return [(entry["method"], entry["path"]) for entry in (await answer.json())["entries"]]


async def test_a_client_that_logs_in_through_the_proxy_makes_all_its_calls_through_it(
    cloud: DevCloudServer, proxy: CountingProxy
) -> None:
    def work() -> str:
        with connect(cloud, proxy) as client:
            list(client.compute.flavors())
            list(client.image.images())
            network = client.network.create_network(name="made through the proxy")
            client.network.delete_network(network)
            return str(network.name)

    assert await asyncio.to_thread(work) == "made through the proxy"
    assert [(call.method, SERVICES[call.service] + call.path) for call in proxy.calls] == await ledger_of(cloud)
    assert {call.service for call in proxy.calls} == set(SERVICES)
    assert [call.method for call in proxy.calls if call.is_write] == ["POST", "DELETE"]
    assert proxy.count()["neutron", "POST"] == 1


@pytest.mark.parametrize(("when", "reached"), [("before", 0), ("after", 1)])
async def test_a_struck_call_gets_no_answer_and_reaches_the_service_only_where_it_should(
    cloud: DevCloudServer, proxy: CountingProxy, when: str, reached: int
) -> None:
    proxy.strike(Strike(2, when))
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{proxy.url}/nova") as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await session.post(f"{proxy.url}/keystone/v3/auth/tokens", json={})
        async with session.get(f"{proxy.url}/nova") as answer:
            assert answer.status == 200

    assert proxy.has_struck
    assert [call.status for call in proxy.calls] == [200, 0, 200]
    assert len(await ledger_of(cloud)) == 2 + reached


async def test_a_strike_may_kill_the_process_that_calls(proxy: CountingProxy) -> None:
    script = f"import sys, urllib.request as u; sys.stdin.read(1); u.urlopen('{proxy.url}/nova')"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE)
    proxy.strike(Strike(1, "before", process.pid))

    await process.communicate(b"g")

    assert process.returncode == -9


async def test_a_service_that_does_not_listen_is_a_connection_that_breaks() -> None:
    async with CountingProxy({"nova": "http://127.0.0.1:1"}) as proxy, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post(f"{proxy.url}/nova/v2.1/servers")

        assert [call.status for call in proxy.calls] == [0]
