"""Run controllers in a process of their own, and kill it before and after every call that changes the cloud."""

import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple
from urllib.parse import urlsplit

import yaml
from tests.clouds.sites import MEMBER_CLOUD, Site
from tests.e2e.controllers_process import controllers
from tests.e2e.preparation import eventually, prepare

from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock
from kubecapy.local.management import ManagementSettings, open_management
from kubecapy.testing.counting_proxy import CountingProxy, ProxiedCall, Strike, When

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.3
KILLS_MAX = 100
"""A provider that does one thing again and again after each kill would never come to an end."""
_ROOT = re.compile(r"^.*?/v[\d.]+(?=/)")
"""What precedes the resource: each cloud puts its services elsewhere."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Kill(NamedTuple):
    """A call at which the process was killed."""

    call: str
    """Such as `POST /ports`, with `ID` for an id: the same in every cloud."""
    when: When


class Killable:
    """A management cluster, and controllers that reach the cloud through a proxy only."""

    def __init__(self, client: Client, kubeconfig: Path, proxy: CountingProxy, folder: Path) -> None:
        """Keep what the controllers' processes are told; their log and credentials are in `folder`."""
        self.client = client
        self._kubeconfig = kubeconfig
        self._proxy = proxy
        self._log = folder / "controllers.log"
        self._environ = {
            "OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"),
            "OS_CLOUD": MEMBER_CLOUD,
            "NO_PROXY": "127.0.0.1",
        }

    async def work_until(self, what: str, holds: Callable[[], Awaitable[bool]]) -> list[Kill]:
        """Let controllers work until `holds`: each process is killed at the first call by which it changes something.

        The first one before that call, the next one after the same call, the third one before the next, and so on: no
        process ever gets further than one change.

        Returns:
            Every kill, in order.
        """
        kills: list[Kill] = []
        while len(kills) < KILLS_MAX:
            killed = await self._work_once(f"{what} after {kills[-1:]}", "after" if len(kills) % 2 else "before", holds)
            if killed is None:
                return kills
            kills.append(killed)
        raise AssertionError(f"{what} did not come within {KILLS_MAX} kills: {Counter(kills)}")

    async def _work_once(self, what: str, when: When, holds: Callable[[], Awaitable[bool]]) -> Kill | None:
        self._proxy.clear()
        with controllers(self._kubeconfig, self._environ, self._log, POLL_SECONDS) as process:
            self._proxy.strike(Strike(1, when, pid=process.pid, writes_only=True))

            async def ended() -> bool:
                return not process.is_alive() or await holds()

            await eventually(ended, what, PATIENCE_SECONDS)
            # Order: nothing is struck any more that the process may still do.
            self._proxy.strike(None)
            if process.is_alive():
                return None
        (struck,) = [call for call in self._proxy.calls if call.is_write and not call.status]
        return Kill(name_of(struck), when)


def name_of(call: ProxiedCall) -> str:
    """Return a call's method and path, free of what differs from cloud to cloud and from run to run."""
    return f"{call.method} {_ID.sub('ID', _ROOT.sub('', call.path))}"


@asynccontextmanager
async def open_killable(site: Site, folder: Path) -> AsyncIterator[Killable]:
    """Open a management cluster that is ready for clusters, for the cloud `site`."""
    settings = ManagementSettings(folder=folder / "management", clock=SystemClock(), random=SystemRandom())
    content = yaml.safe_load(site.clouds_yaml.read_text())
    member = content["clouds"][MEMBER_CLOUD]
    trusted = ssl.create_default_context(cafile=member.pop("cacert")) if "cacert" in member else None
    async with CountingProxy(_services(site), trusted) as proxy, open_management(settings) as management:
        member["auth"]["auth_url"] = proxy.address_of(member["auth"]["auth_url"])
        through = folder / "clouds.yaml"
        through.touch(mode=0o600)
        through.write_text(yaml.safe_dump({"clouds": {MEMBER_CLOUD: member}}))
        await prepare(management.client)
        yield Killable(management.client, management.kubeconfig, proxy, folder)


def _services(site: Site) -> dict[str, str]:
    """Return the servers that the catalog names; several services may be on one."""
    with site.connect() as member:
        catalog = member.config.get_session().auth.get_access(member.session).service_catalog
        urls = [urlsplit(found[0].url) for found in catalog.get_endpoints_data(interface="public").values()]
    return {f"server-{url.port}": f"{url.scheme}://{url.netloc}" for url in urls}
