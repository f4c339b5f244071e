"""Turn a Deployment into ReplicaSets: one for each template it had, the newest with the pods.

A change of the template rolls: the new ReplicaSet gets one pod more than is wished, and an old pod goes for each new
one that is ready. With the strategy Recreate the old pods go first, and new ones come once the last old one has ended.
Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/.
"""

from collections.abc import Sequence

import msgspec

from kubecapy.apimachinery.errors import AlreadyExists
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.times import format_time
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.local.workloads.kinds import (
    DEPLOYMENTS,
    OWNER_INDEX,
    REPLICA_SETS,
    annotations_of,
    condition_of,
    is_deleting,
    key_of,
    labels_of,
    owned_by,
    replicas_of,
)
from kubecapy.local.workloads.status import write_status
from kubecapy.local.workloads.templates import HASH_LABEL, hash_of
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.reconciler import DONE, Result

REVISION = "deployment.kubernetes.io/revision"


class Scaling(msgspec.Struct, frozen=True):
    """How many replicas a ReplicaSet should have."""

    name: str
    replicas: int


class DeploymentReconciler:
    """Keeps the ReplicaSets of Deployments."""

    def __init__(
        self,
        client: Client,
        deployments: Informer[JsonObject],
        replica_sets: Informer[JsonObject],
        pods: Informer[JsonObject],
        clock: Clock,
    ) -> None:
        """Read from the informers; `replica_sets` and `pods` are indexed by the uid of the controller."""
        self._client = client
        self._pods = pods
        self._deployments = deployments
        self._replica_sets = replica_sets
        self._clock = clock

    async def reconcile(self, key: ObjectKey) -> Result:
        """Make the newest ReplicaSet, scale all of them, report."""
        deployment = self._deployments.get(key)
        if deployment is None or is_deleting(deployment):
            return DONE
        owned = self._replica_sets.list(key.namespace, index=(OWNER_INDEX, deployment["metadata"]["uid"]))
        digest = hash_of(deployment["spec"]["template"])
        newest = next((found for found in owned if labels_of(found).get(HASH_LABEL) == digest), None)
        if newest is None:
            await self._create(deployment, digest, owned)
            return DONE
        if not deployment["spec"].get("paused"):
            for scaling in self._plan(deployment, newest, owned):
                scaled = ObjectKey(key.namespace, scaling.name)
                await self._client.patch(REPLICA_SETS, scaled, {"spec": {"replicas": scaling.replicas}})
        await write_status(self._client, DEPLOYMENTS, deployment, self._status(deployment, newest, owned))
        return DONE

    def _plan(self, deployment: JsonObject, newest: JsonObject, owned: Sequence[JsonObject]) -> list[Scaling]:
        wished = replicas_of(deployment)
        if (deployment["spec"].get("strategy") or {}).get("type") != "Recreate":
            return plan_scaling(wished, newest, owned)
        old_pods = [
            pod
            for found in owned
            if found is not newest
            for pod in self._pods.list(index=(OWNER_INDEX, found["metadata"]["uid"]))
        ]
        return plan_recreation(wished, newest, owned, old_pods_left=bool(old_pods))

    async def _create(self, deployment: JsonObject, digest: str, owned: Sequence[JsonObject]) -> None:
        revisions = [int(annotations_of(found).get(REVISION, "0")) for found in owned]
        replica_set = render_replica_set(deployment, digest, max(revisions, default=0) + 1)
        if owned:
            # Others have the pods: the first pass after this one begins to roll.
            replica_set["spec"]["replicas"] = 0
        try:
            await self._client.create(REPLICA_SETS, replica_set)
        except AlreadyExists:
            return
        metadata = {"annotations": {REVISION: replica_set["metadata"]["annotations"][REVISION]}}
        await self._client.patch(DEPLOYMENTS, key_of(deployment), {"metadata": metadata})

    def _status(self, deployment: JsonObject, newest: JsonObject, owned: Sequence[JsonObject]) -> JsonObject:
        wished = replicas_of(deployment)
        total = sum(_count(found, "replicas") for found in owned)
        ready = sum(_count(found, "readyReplicas") for found in owned)
        available = sum(_count(found, "availableReplicas") for found in owned)
        return {
            "observedGeneration": deployment["metadata"].get("generation", 0),
            "replicas": total,
            "updatedReplicas": _count(newest, "replicas"),
            "readyReplicas": ready,
            "availableReplicas": available,
            "unavailableReplicas": max(wished - available, 0),
            "conditions": self._conditions(deployment, is_available=available >= wished),
        }

    def _conditions(self, deployment: JsonObject, *, is_available: bool) -> list[JsonObject]:
        status = "True" if is_available else "False"
        before = condition_of(deployment, "Available")
        if before is not None and before["status"] == status:
            return [before]
        now = format_time(self._clock.now())
        verb = "has" if is_available else "does not have"
        return [
            {
                "type": "Available",
                "status": status,
                "reason": "MinimumReplicasAvailable" if is_available else "MinimumReplicasUnavailable",
                "message": f"Deployment {verb} minimum availability.",
                "lastTransitionTime": now,
                "lastUpdateTime": now,
            }
        ]


def render_replica_set(deployment: JsonObject, digest: str, revision: int) -> JsonObject:
    """Return the ReplicaSet of the Deployment's present template."""
    spec = deployment["spec"]
    template: JsonObject = spec["template"]
    labels = {**((template.get("metadata") or {}).get("labels") or {}), HASH_LABEL: digest}
    match_labels = {**(spec["selector"].get("matchLabels") or {}), HASH_LABEL: digest}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{deployment['metadata']['name']}-{digest}",
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": {REVISION: str(revision)},
            "ownerReferences": owned_by(deployment, DEPLOYMENTS),
        },
        "spec": {
            "replicas": replicas_of(deployment),
            "selector": {**spec["selector"], "matchLabels": match_labels},
            "template": {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}},
        },
    }


def plan_scaling(wished: int, newest: JsonObject, owned: Sequence[JsonObject]) -> list[Scaling]:
    """Return which ReplicaSets to scale, and to what, for one step of a rollout; pure.

    The newest one may make up to one pod more than `wished` in all; old ones keep what is needed until as many new pods
    are ready.
    """
    old = [found for found in owned if found is not newest]
    kept = sum(replicas_of(found) for found in old)
    target = wished if not kept else min(wished, max(wished + 1 - kept, replicas_of(newest)))
    plan = [] if replicas_of(newest) == target else [Scaling(newest["metadata"]["name"], target)]
    allowed = max(wished - _count(newest, "readyReplicas"), 0)
    for found in sorted(old, key=lambda item: str(item["metadata"]["name"])):
        replicas = min(replicas_of(found), allowed)
        allowed -= replicas
        if replicas != replicas_of(found):
            plan.append(Scaling(found["metadata"]["name"], replicas))
    return plan


def plan_recreation(
    wished: int, newest: JsonObject, owned: Sequence[JsonObject], *, old_pods_left: bool
) -> list[Scaling]:
    """Return which ReplicaSets to scale where no old pod may run beside a new one; pure."""
    old = [found for found in owned if found is not newest and replicas_of(found)]
    if old:
        return [Scaling(found["metadata"]["name"], 0) for found in old]
    if old_pods_left or replicas_of(newest) == wished:
        return []
    return [Scaling(newest["metadata"]["name"], wished)]


def _count(obj: JsonObject, field: str) -> int:
    return int((obj.get("status") or {}).get(field) or 0)
