"""Bring the Cluster API stack to a management cluster: kinds, rights, credentials and controllers."""

from collections.abc import Sequence
from functools import partial
from itertools import groupby

from kubecapy.apimachinery.errors import NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.bootstrap_cluster.holds import holders_of
from kubecapy.clusterctl.inputs.components import CRD_KIND, Controller, in_order, key_of_object
from kubecapy.clusterctl.objects.applying import Applied, Applier
from kubecapy.clusterctl.objects.raw_resources import RAW_CRDS
from kubecapy.clusterctl.objects.workload_pods import list_pods_of, why_not_ready
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter

APPLY_LIMIT_SECONDS = 900.0
"""As in Cluster API v0.1.10, for applying and for the kinds to be served."""
CONTROLLERS_LIMIT_SECONDS = 900.0
"""Images may have to be pulled first."""


async def apply_objects(client: Client, objects: Sequence[JsonObject], waiter: Waiter) -> list[Applied]:
    """Apply `objects`, each after what it needs; what follows CRDs waits until all of them are served.

    Raises:
        ClusterctlError, StatusError: an object was refused; those before it are applied.
    """
    applier = Applier(client)
    applied: list[Applied] = []
    for are_definitions, group in groupby(in_order(objects), key=_is_definition):
        alike = list(group)
        for obj in alike:
            what = f"{obj['kind']} {key_of_object(obj)} to be applied"
            done = await waiter.wait_for(what, partial(_apply, applier, obj), limit_seconds=APPLY_LIMIT_SECONDS)
            waiter.progress.detail(4, str(done))
            applied.append(done)
        for definition in alike if are_definitions else ():
            await _wait_until_served(client, key_of_object(definition), waiter)
    return applied


async def wait_for_controllers(client: Client, controllers: Sequence[Controller], waiter: Waiter) -> None:
    """Return once every workload has as many ready pods as it should.

    Raises:
        ClusterctlError: they do not become ready in time; the message names the workload, and what its pods say.
    """
    for controller in controllers:
        await waiter.wait_for(
            f"{controller} to be ready",
            partial(_look_at_controller, client, controller),
            limit_seconds=CONTROLLERS_LIMIT_SECONDS,
        )


def _is_definition(obj: JsonObject) -> bool:
    return bool(obj["kind"] == CRD_KIND)


async def _apply(applier: Applier, obj: JsonObject) -> Applied:
    try:
        return await applier.apply(obj)
    except NotFound as error:
        # A new cluster makes its namespaces a moment after it serves.
        raise NotYet(error.message) from error


async def _wait_until_served(client: Client, key: ObjectKey, waiter: Waiter) -> None:
    async def look() -> None:
        crd = await client.get(RAW_CRDS, key)
        conditions = (crd.get("status") or {}).get("conditions") or ()
        if not any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
            raise NotYet("not established yet")

    await waiter.wait_for(f"{CRD_KIND} {key.name} to be served", look, limit_seconds=APPLY_LIMIT_SECONDS)


async def _look_at_controller(client: Client, controller: Controller) -> None:
    live = await client.find(controller.resource, controller.key)
    if live is None:
        raise NotYet("it is not there")
    if holders := holders_of(live):
        raise NotYet(f"it is stopped while {', '.join(sorted(holders))} is moved; if that was cut short, go on with it")
    wanted, ready = live["spec"].get("replicas", 1), (live.get("status") or {}).get("readyReplicas") or 0
    if ready < wanted:
        why = why_not_ready(live, await list_pods_of(client, live))
        raise NotYet(f"{ready} of {wanted} pods are ready{f' ({why})' if why else ''}")
