"""Stream the log of a pod to standard output."""

import sys

import msgspec

from kubecapy.api.core import PODS
from kubecapy.clusterctl.connecting import ClusterChoice, open_cluster
from kubecapy.clusterctl.invocation import Invocation


class LogOptions(msgspec.Struct, frozen=True):
    """What the person asked for."""

    pod: str
    namespace: str
    container: str
    follow: bool
    tail: int
    """Number of last lines; -1 means all."""


async def print_log(options: LogOptions, choice: ClusterChoice, invocation: Invocation) -> None:
    """Print the log piece by piece as it arrives; with `follow`, until the pod ends or the person stops it."""
    async with open_cluster(choice, invocation) as cluster:
        path = PODS.path(options.namespace or cluster.namespace, options.pod, "log")
        async with cluster.client.stream(path, query=_query(options)) as pieces:
            async for piece in pieces:
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()


def _query(options: LogOptions) -> dict[str, str]:
    query = {"container": options.container} if options.container else {}
    if options.follow:
        query["follow"] = "true"
    if options.tail >= 0:
        query["tailLines"] = str(options.tail)
    return query
