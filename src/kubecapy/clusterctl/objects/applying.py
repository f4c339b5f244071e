"""Make the server hold an object as a person wrote it: create it, or change what differs.

A change is kubectl's three-way merge: what the person wrote wins, what an earlier apply wrote and this one does not
is removed, what others wrote stays. What was applied is kept in kubectl's own annotation, so that both tools can be
used in turn; not for Secrets, whose values would be stored twice.
Source: https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes.
"""

from typing import Literal

import msgspec

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.errors import AlreadyExists, Conflict
from kubecapy.apimachinery.json_codec import DecodeError, decode
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.patches import apply_merge_patch, diff_merge_patch
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.objects.discovery import Discovery

LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
CONFLICT_ATTEMPTS = 5

Outcome = Literal["created", "configured", "unchanged"]


class Applied(msgspec.Struct, frozen=True):
    """What an apply did."""

    resource: Resource[JsonObject]
    object: JsonObject
    """The object as the server holds it now."""
    outcome: Outcome

    def __str__(self) -> str:
        """Return the line that kubectl prints: `machine.cluster.k8s.io/m created`."""
        return f"{describe(self.resource, self.object['metadata']['name'])} {self.outcome}"


class Applier:
    """Applies objects to one server."""

    def __init__(self, client: Client, *, default_namespace: str = "default") -> None:
        """Apply through `client`; objects that name no namespace go to `default_namespace`."""
        self._client = client
        self._discovery = Discovery(client)
        self._default_namespace = default_namespace

    async def apply(self, obj: JsonObject) -> Applied:
        """Create or change one object; safe to repeat, `unchanged` where there was nothing to do.

        Raises:
            ClusterctlError: the server has no such kind.
            StatusError: the server refused the object.
        """
        resource = await self._discovery.resource_of(obj)
        wanted = _with_namespace(obj, resource, self._default_namespace)
        if "name" not in wanted["metadata"]:
            return Applied(resource, await self._client.create(resource, wanted), "created")
        if resource.plural != "secrets":
            wanted = _with_last_applied(wanted)
        key = ObjectKey(wanted["metadata"].get("namespace", ""), wanted["metadata"]["name"])
        for _ in range(CONFLICT_ATTEMPTS):
            live = await self._client.find(resource, key)
            try:
                if live is None:
                    return Applied(resource, await self._client.create(resource, wanted), "created")
                return await self._change(resource, key, live, wanted)
            except (AlreadyExists, Conflict) as error:
                conflict = error
        raise conflict

    async def _change(
        self, resource: Resource[JsonObject], key: ObjectKey, live: JsonObject, wanted: JsonObject
    ) -> Applied:
        patch = plan_change(live, wanted)
        if not patch:
            return Applied(resource, live, "unchanged")
        # Lists are replaced whole, so the change only holds for what was read.
        patch = apply_merge_patch(patch, {"metadata": {"resourceVersion": _revision(live)}})
        changed = await self._client.patch(resource, key, patch)
        # A list without the server's defaults differs from the stored one, yet changes nothing.
        return Applied(resource, changed, "unchanged" if _revision(changed) == _revision(live) else "configured")


def plan_change(live: JsonObject, wanted: JsonObject) -> JsonObject:
    """Return the merge patch that makes `live` hold `wanted`; empty where it does."""
    before = _last_applied(live)
    kept = apply_merge_patch(live, _removals(before, wanted))
    return diff_merge_patch(live, apply_merge_patch(kept, wanted))


def describe(resource: Resource[JsonObject], name: str) -> str:
    """Return `machine.cluster.k8s.io/name` as kubectl writes it."""
    kind = resource.kind.lower()
    return f"{kind}.{resource.group}/{name}" if resource.group else f"{kind}/{name}"


def _revision(obj: JsonObject) -> str:
    return str(obj["metadata"]["resourceVersion"])


def _with_namespace(obj: JsonObject, resource: Resource[JsonObject], default: str) -> JsonObject:
    metadata = dict(obj.get("metadata") or {})
    if resource.namespaced:
        metadata.setdefault("namespace", default)
    return {**obj, "metadata": metadata}


def _with_last_applied(obj: JsonObject) -> JsonObject:
    text = encode(obj).decode() + "\n"
    return apply_merge_patch(obj, {"metadata": {"annotations": {LAST_APPLIED_ANNOTATION: text}}})


def _last_applied(live: JsonObject) -> JsonObject:
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED_ANNOTATION, "{}")
    try:
        before: JsonObject = decode(text, dict)
    except DecodeError:
        return {}
    return before


def _removals(before: JsonObject, wanted: JsonObject) -> JsonObject:
    """Return the merge patch that removes what `before` names and `wanted` does not, at any depth."""
    patch: JsonObject = {}
    for key, old in before.items():
        if key not in wanted:
            patch[key] = None
        elif isinstance(old, dict) and isinstance(wanted[key], dict) and (below := _removals(old, wanted[key])):
            patch[key] = below
    return patch
