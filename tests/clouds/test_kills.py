"""SIGKILL before and after every call that makes or removes something: one server, no twin, and then nothing.

The process is killed at all of these calls in one life, so no process gets further than one change. Reading calls
change nothing, and are left to the sweeps on devcloud: `tests/e2e/test_kill_sweep.py` and, on virtual time,
`tests/providers/openstack/test_kills.py`.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from tests.clouds.driving import CLUSTER_NETWORK, PLAIN_MACHINE, build
from tests.clouds.eyes import Eyes
from tests.clouds.killing import Kill, open_killable
from tests.clouds.sites import Site
from tests.e2e.preparation import COMPONENTS

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Cluster, Machine
from kubecapy.apimachinery.conditions import is_true
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.testing.counting_proxy import When

pytestmark = pytest.mark.timeout(300)

CLUSTER, MASTER = ObjectKey("default", "killed"), ObjectKey("default", "killed-master")
VERSIONS = {"kubelet": "1.14.0", "controlPlane": "1.14.0"}
WISH = {
    **PLAIN_MACHINE,
    "floatingIPPool": {"filter": {"name": "public"}},
    "trunk": True,
    "tags": ["blue"],
    "rootVolume": {"diskSize": 20},
    "volumes": [{"name": "data", "diskSize": 1}],
    "userDataSecret": {"name": "master-user-data", "namespace": COMPONENTS},
}


MAKING = (
    "POST /ports",
    "PUT /ports/ID/tags",
    "POST /floatingips",
    "POST /trunks",
    "PUT /trunks/ID/tags",
    "POST /volumes",
    "POST /volumes",
    "POST /servers",
)
MADE = {"port": 1, "floating ip": 1, "trunk": 1, "volume": 2, "server": 1}
REMOVING = ("DELETE /servers/ID", "DELETE /floatingips/ID", "DELETE /trunks/ID", "DELETE /ports/ID")
"""The volumes go with the server."""


async def test_controllers_that_are_killed_at_every_change_leave_one_server_and_then_nothing(
    site: Site, eyes: Eyes, tmp_path: Path
) -> None:
    before = await asyncio.to_thread(eyes.inventory)
    async with open_killable(site, tmp_path) as killable:
        await declare(killable.client)
        kills = await killable.work_until("the server runs", lambda: is_running(killable.client))
        assert Counter(kills) == twice_each(MAKING)
        held = await asyncio.to_thread(eyes.inventory)
        assert before <= held
        assert Counter(thing.kind for thing in held - before) == MADE

        await killable.client.delete(CLUSTERS, CLUSTER)
        kills = await killable.work_until("all is gone", lambda: is_gone(killable.client))
        assert Counter(kills) == twice_each(REMOVING)
    assert await asyncio.to_thread(eyes.inventory) == before


async def declare(client: Client) -> None:
    """Declare a cluster with one machine that has of everything."""
    network = {"clusterNetwork": CLUSTER_NETWORK}
    await client.create(CLUSTERS, build(Cluster, CLUSTER.name, CLUSTER.namespace, network, {}))
    await client.create(MACHINES, build(Machine, MASTER.name, MASTER.namespace, {"versions": VERSIONS}, WISH))


async def is_running(client: Client) -> bool:
    machine = await client.get(MACHINES, MASTER)
    return is_true(machine.status.conditions, "InstanceReady")


async def is_gone(client: Client) -> bool:
    return await client.find(CLUSTERS, CLUSTER) is None


def twice_each(calls: Iterable[str]) -> Counter[Kill]:
    """Return what a sweep strikes: each call before its effect and, once more, after it."""
    return Counter(Kill(call, when) for call in calls for when in get_args(When))
