"""A server that is killed at any moment has kept every write that it acknowledged."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from random import Random

import aiohttp
import msgspec
from tests.apiserver.conftest import Api, client_context, make_api
from tests.apiserver.widgets import config_map

from kubecapy.apiserver.pki import LocalPki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock

SERVER = """
import asyncio, sys
from pathlib import Path
from random import Random
import msgspec
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock

async def main():
    settings = msgspec.json.decode(sys.argv[1], type=ApiServerSettings, dec_hook=lambda type_, text: Path(text))
    async with ApiServer(settings, SystemClock(), Random()) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def write_until_killed(api: Api, writer: int, acknowledged: dict[str, int]) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    try:
        for index in range(100_000):
            made = await api.create(path, config_map(f"w{writer}-{index}", {"index": str(index)}))
            acknowledged[made["metadata"]["name"]] = int(made["metadata"]["resourceVersion"])
    except aiohttp.ClientError:
        return


async def test_kill_under_load_loses_no_acknowledged_write(
    settings: ApiServerSettings, pki: LocalPki, tmp_path: Path
) -> None:
    durable = msgspec.structs.replace(settings, store=tmp_path / "store")
    argument = msgspec.json.encode(durable, enc_hook=str).decode()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-B", "-c", SERVER, argument, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    acknowledged: dict[str, int] = {}

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_context(pki))) as session:
        writers = [asyncio.create_task(write_until_killed(Api(session, url), n, acknowledged)) for n in range(8)]
        while len(acknowledged) < 300:
            await asyncio.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        for task in writers:
            await task

    async with ApiServer(durable, SystemClock(), Random()) as server, make_api(server, pki) as api:
        listed = await api.get("/api/v1/namespaces/default/configmaps")
        stored = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in listed["items"]}
        assert acknowledged.items() <= stored.items()
        assert int(listed["metadata"]["resourceVersion"]) >= max(acknowledged.values())
        made = await api.create("/api/v1/namespaces/default/configmaps", config_map("after"))
        assert int(made["metadata"]["resourceVersion"]) > max(stored.values())


async def test_a_deletion_that_a_crash_cut_short_goes_on_after_it(
    settings: ApiServerSettings, pki: LocalPki, tmp_path: Path
) -> None:
    durable = msgspec.structs.replace(settings, store=tmp_path / "store")
    async with ApiServer(durable, SystemClock(), Random()) as server, make_api(server, pki) as api:
        await api.create("/api/v1/namespaces", {"metadata": {"name": "doomed"}})
        await api.create("/api/v1/namespaces/doomed/configmaps", config_map("held", finalizers=["example.com/held"]))
        await api.delete("/api/v1/namespaces/doomed")

    async with ApiServer(durable, SystemClock(), Random()) as server, make_api(server, pki) as api:
        await api.merge("/api/v1/namespaces/doomed/configmaps/held", {"metadata": {"finalizers": None}})
        await api.gone("/api/v1/namespaces/doomed")
