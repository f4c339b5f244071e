"""Open the API client that a person's flags and environment name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from kubecapy.client import kubeconfig
from kubecapy.client.http import HttpClient
from kubecapy.clusterctl.invocation import Invocation


class ClusterChoice(msgspec.Struct, frozen=True):
    """Which cluster a command talks to."""

    kubeconfig: Path | None
    """None follows kubectl: `KUBECONFIG`, then the pod's own account, then `~/.kube/config`."""
    context: str | None = None
    """None means the file's current context."""


class OpenCluster(msgspec.Struct, frozen=True):
    """A cluster that can be talked to."""

    client: HttpClient
    namespace: str
    """Where objects without a namespace belong."""


@asynccontextmanager
async def open_cluster(choice: ClusterChoice, invocation: Invocation) -> AsyncIterator[OpenCluster]:
    """Open the client of the chosen cluster for as long as the block lasts; nothing is sent yet.

    Raises:
        KubeconfigError: the file is missing or wrong; the message names it.
    """
    connection = kubeconfig.default(invocation.environ, choice.kubeconfig, choice.context)
    async with HttpClient(connection, invocation.clock) as client:
        yield OpenCluster(client, connection.namespace)
