"""Measure workers made by Kubecapy beside a bare client that makes the same servers: `make bench-openstack`.

What is compared
    kubecapy    `kubecapy manager` against the embedded API server; from the creation of N Machines until each says
                that its server runs, and from their deletion until the last of them is gone with its server and port
    bare        openstacksdk on 10 threads: a port and a server each, one list a second; from the first call until all
                servers are ACTIVE, and from the first deletion until servers and ports are gone (`openstack_bare`)

How fairly
    - The same real Keystone, Nova, Neutron, Glance and Placement with a fake hypervisor, the same flavor, image,
      network and size of user data, in one run; who begins changes from size to size.
    - Both go through one counting proxy, and everything counts: logins, discovery and retries too. Each size has a
      new process on either side, so that each begins with its login.
    - The bare client does less: no bootstrap token, no user data of its own for each machine, nothing on record. It
      is the floor, not a rival.

What is printed
    For each size: seconds, calls a worker by service, the processes' memory (proportional set size) and CPU. A ratio
    is Kubecapy's figure through the bare client's. For one worker, how long after Nova first showed it ACTIVE its
    Machine said so. The same goes to a JSON file, without the name of the machine.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import yaml
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack_services.instance import run_openstack

from benchmarks.openstack_kubecapy import create_workers, delete_workers, measure_lag, run_management
from benchmarks.openstack_report import BARE, Batch, Results, render, write
from benchmarks.process_usage import measure_cpu_seconds, measure_memory
from benchmarks.servers import ROOT
from kubecapy.daemons.process import run_process
from kubecapy.testing.counting_proxy import CountingProxy

SIZES = (1, 10, 30)
RESULTS = Path(__file__).parent / "results"
KUBECAPY = "kubecapy"


class Site:
    """The cloud of the run, seen through the proxy and directly."""

    def __init__(self, direct: Path, proxied: Path, proxy: CountingProxy) -> None:
        """Know the two clouds.yaml."""
        self.direct = direct
        self.proxied = proxied
        self.proxy = proxy

    @property
    def environ(self) -> Mapping[str, str]:
        """What a process is told of the cloud."""
        return {"OS_CLIENT_CONFIG_FILE": str(self.proxied), "OS_CLOUD": "openstack", "NO_PROXY": "127.0.0.1"}


async def measure(site: Site, folder: Path, sizes: tuple[int, ...]) -> Results:
    """Run every size on both sides, in turn."""
    batches: list[Batch] = []
    for number, size in enumerate(sizes):
        for side in (BARE, KUBECAPY) if number % 2 == 0 else (KUBECAPY, BARE):
            bare = side == BARE
            batch = await (_measure_bare(site, size) if bare else _measure_kubecapy(site, folder / f"of-{size}", size))
            batches.append(batch)
            print(f".. {batch}", file=sys.stderr)
    async with run_management(folder / "lag", site.environ) as management:
        lag = await measure_lag(management.client, _is_active_by(site))
        await delete_workers(management.client)
    return Results.of(batches, lag)


async def _measure_bare(site: Site, size: int) -> Batch:
    with _bare_client(site, size) as process:

        async def run(word: str) -> float:
            answer = await asyncio.to_thread(_ask, process, word)
            if not answer:
                raise SystemExit("the bare client ended; its error stands above")
            return float(answer)

        return await _measure_batch(site, _Side(BARE, size, process.pid), lambda: run("create"), lambda: run("delete"))


@contextlib.contextmanager
def _bare_client(site: Site, size: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.openstack_bare", str(site.proxied), str(size)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.communicate()  # The end of its input ends it.


def _ask(process: "subprocess.Popen[str]", word: str) -> str:
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018, S101 - pipes were asked for
    process.stdin.write(f"{word}\n")
    process.stdin.flush()
    return process.stdout.readline()


async def _measure_kubecapy(site: Site, folder: Path, size: int) -> Batch:
    site.proxy.clear()
    async with run_management(folder, site.environ) as management:
        client = management.client

        async def create() -> float:
            return await _seconds_of(create_workers(client, size))

        async def delete() -> float:
            return await _seconds_of(delete_workers(client))

        return await _measure_batch(site, _Side(KUBECAPY, size, management.manager_pid), create, delete)


async def _measure_batch(
    site: Site, side: "_Side", create: Callable[[], Awaitable[float]], delete: Callable[[], Awaitable[float]]
) -> Batch:
    create_seconds = await create()
    create_calls, memory = _take_calls(site), measure_memory([side.pid])
    delete_seconds = await delete()
    return Batch(
        side=side.name,
        size=side.size,
        create_seconds=create_seconds,
        create_calls=create_calls,
        delete_seconds=delete_seconds,
        delete_calls=_take_calls(site),
        memory_mebibytes=memory,
        cpu_seconds=measure_cpu_seconds([side.pid]),
    )


class _Side(NamedTuple):
    """Who makes how many workers, in which process."""

    name: str
    size: int
    pid: int


def _take_calls(site: Site) -> dict[str, int]:
    """Return the calls since the last time, by service."""
    calls = dict(Counter(call.service for call in site.proxy.calls))
    site.proxy.clear()
    return calls


async def _seconds_of(work: Awaitable[None]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


def _is_active_by(site: Site) -> Callable[[], Awaitable[bool]]:
    config = OpenStackConfig(config_files=[str(site.direct)], load_envvars=False)
    cloud = Connection(config=config.get_one("openstack"))

    async def is_active() -> bool:
        servers = await asyncio.to_thread(lambda: list(cloud.compute.servers(details=True)))
        return any(server.status == "ACTIVE" for server in servers)

    return is_active


@contextlib.asynccontextmanager
async def open_site(folder: Path) -> AsyncIterator[Site]:
    """Run the services and the proxy before them."""
    with run_openstack(folder / "openstack") as instance:
        async with CountingProxy(_service_roots(instance.clouds_yaml)) as proxy:
            content = yaml.safe_load(instance.clouds_yaml.read_text())
            for cloud in content["clouds"].values():
                cloud["auth"]["auth_url"] = proxy.address_of(cloud["auth"]["auth_url"])
            proxied = folder / "clouds.yaml"
            proxied.touch(mode=0o600)
            proxied.write_text(yaml.safe_dump(content))
            yield Site(instance.clouds_yaml, proxied, proxy)


def _service_roots(clouds_yaml: Path) -> dict[str, str]:
    """Return where each service of the catalog listens, by its type."""
    config = OpenStackConfig(config_files=[str(clouds_yaml)], load_envvars=False)
    with Connection(config=config.get_one("openstack")) as cloud:
        catalog = cloud.config.get_session().auth.get_access(cloud.session).service_catalog  # type: ignore[union-attr]
        endpoints = catalog.get_endpoints_data(interface="public")
    urls = {type_: urlsplit(found[0].url) for type_, found in endpoints.items()}
    return {type_: f"{url.scheme}://{url.netloc}" for type_, url in urls.items()}


def main() -> None:
    """Measure, print the table, write the JSON file."""
    arguments = _parse()
    run_process(_run(arguments))


async def _run(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="kubecapy-bench-") as made:
        folder = Path(made)
        async with open_site(folder) as site:
            results = await measure(site, folder, tuple(arguments.sizes))
    print(render(results))
    write(results, arguments.output)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-openstack", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="workers that are made at once")
    parser.add_argument("--output", type=Path, default=RESULTS / "openstack.json", help="the JSON file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
