"""Give the two servers that the suite holds against each other one face."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import aiohttp
from tests.apiserver.conftest import client_context
from tests.raw_api import Api

from kubecapy.apiserver.pki import LocalPki
from kubecapy.apiserver.serve import ApiServer
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import SystemClock
from kubecapy.testing.kubernetes import Kubernetes

EMBEDDED: Final = "embedded"
REAL: Final = "kube-apiserver"


@dataclass(frozen=True)
class Served:
    """A running server of either kind."""

    name: str
    """`EMBEDDED` or `REAL`; for messages and for differences that the documentation lists, nothing else."""
    url: str
    pki: LocalPki
    compact: Callable[[], Awaitable[None]]
    """Makes the server forget every earlier state, so that old revisions and continue tokens answer 410."""
    has_controllers: bool = True
    """Whether garbage is collected and namespaces end; a real server without kube-controller-manager does neither."""

    @property
    def kubeconfig(self) -> bytes:
        """The administrator's."""
        return self.pki.admin_kubeconfig(self.url)


@asynccontextmanager
async def run_embedded(pki: LocalPki, store: Path | None = None) -> AsyncIterator[Served]:
    """Run an embedded server, in memory unless `store` names a file."""
    settings = ApiServerSettings(
        serving_certificate=pki.serving_certificate,
        serving_key=pki.serving_key,
        client_ca=pki.ca_certificate,
        root_ca=pki.ca_certificate,
        service_account_signing_key=pki.service_account_key,
        service_account_public_key=pki.service_account_public_key,
        kubelet_client_certificate=pki.kubelet_client_certificate,
        kubelet_client_key=pki.kubelet_client_key,
        store=store,
    )
    async with ApiServer(settings, SystemClock(), Random(7)) as server:

        async def compact() -> None:
            server.compact()

        yield Served(EMBEDDED, server.url, pki, compact)


def serve_real(kubernetes: Kubernetes, *, has_controllers: bool) -> Served:
    """Describe a real cluster that runs."""

    async def compact() -> None:
        await asyncio.get_running_loop().run_in_executor(None, kubernetes.compact)

    return Served(REAL, kubernetes.url, kubernetes.pki, compact, has_controllers)


@asynccontextmanager
async def open_api(served: Served) -> AsyncIterator[Api]:
    """Open a raw client that acts as the administrator."""
    connector = aiohttp.TCPConnector(ssl=client_context(served.pki), limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Api(session, served.url)
