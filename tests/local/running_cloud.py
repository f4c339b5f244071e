"""A fast cloud with guests, and looks at the clusters in it: helpers for tests that boot servers."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from tests.local.cloud_user import CloudUser

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.pki.certificates import KeyPair, Profile, issue
from kubecapy.client.connection import Connection
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.clock import SystemClock
from kubecapy.devcloud.settings import Timing
from kubecapy.local.cloud import MEMBER_CLOUD, LocalCloud, LocalCloudSettings, open_local_cloud
from kubecapy.local.guest.servers import read_access
from kubecapy.local.guest.timing import BootTiming
from kubecapy.local.workloads.kinds import NODES, is_true
from kubecapy.telemetry.secrets import Secret

CLOCK = SystemClock()
DEADLINE_SECONDS = 40.0


@asynccontextmanager
async def open_cloud(state_dir: Path) -> AsyncIterator[tuple[LocalCloud, CloudUser]]:
    """Run a cloud whose servers boot fast, in which pods of `example/talker` run Python code."""
    settings = LocalCloudSettings(
        state_dir=state_dir,
        cloud_timing=Timing(boot_seconds=0.1, schedule_seconds=0.05, delete_seconds=0.1),
        boot_timing=BootTiming(discovery_seconds=1.0).scaled(0.3),
        images={"example/talker": (sys.executable, "-c")},
    )
    async with (
        open_local_cloud(settings, CLOCK, Random()) as cloud,
        CloudUser(read_access(cloud.clouds_yaml, MEMBER_CLOUD)) as user,
    ):
        yield cloud, user


def administrator(authority: KeyPair, endpoint: str) -> AbstractAsyncContextManager[HttpClient]:
    """Return a client of group system:masters for the cluster at `endpoint`."""
    pair = issue(authority, Profile("admin", ("system:masters",)), CLOCK.now())
    connection = Connection(
        server=f"https://{endpoint}",
        ca=authority.certificate_pem(),
        client_certificate=pair.certificate_pem(),
        client_key=Secret(pair.key_pem()),
    )
    return HttpClient(connection, CLOCK)


async def eventually(reading: Callable[[], Awaitable[Any]], condition: Callable[[Any], Any]) -> Any:
    """Return what `reading` returns once `condition` holds; the last reading is in the failure's message."""
    found = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                with contextlib.suppress(Unreachable):
                    found = await reading()
                    if condition(found):
                        return found
                await asyncio.sleep(0.1)
    raise AssertionError(f"not in {DEADLINE_SECONDS} s: {str(found)[-4000:]}")


async def node_ready(client: Client, name: str) -> JsonObject:
    """Return the Node once it is Ready."""
    key = ObjectKey("", name)
    found = await eventually(lambda: client.find(NODES, key), lambda node: node and is_true(node, "Ready"))
    assert isinstance(found, dict)
    return found
