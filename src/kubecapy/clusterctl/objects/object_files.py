"""Apply or delete the objects that files and names stand for."""

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.errors import not_found
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apimachinery.resources import Resource
from kubecapy.clock import Clock
from kubecapy.clusterctl.connecting import ClusterChoice, OpenCluster, open_cluster
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.objects.applying import Applier
from kubecapy.clusterctl.objects.discovery import Discovery
from kubecapy.clusterctl.objects.manifest_files import read_manifests
from kubecapy.clusterctl.objects.targets import Target

DELETE_POLL_SECONDS = 0.5


class DeleteOptions(msgspec.Struct, frozen=True):
    """What the person wants gone."""

    files: Sequence[Path]
    targets: Sequence[Target]
    namespace: str
    selector: str
    wait: bool
    """Whether to wait until finalizers are done and the objects are gone."""
    ignore_not_found: bool


async def apply_files(files: Sequence[Path], namespace: str, choice: ClusterChoice, invocation: Invocation) -> None:
    """Create or change every object of `files` and print a line for each; all files are read first."""
    manifests = [manifest for path in files for manifest in read_manifests(path)]
    async with open_cluster(choice, invocation) as cluster:
        applier = Applier(cluster.client, default_namespace=namespace or cluster.namespace)
        for manifest in manifests:
            click.echo(str(await applier.apply(manifest.object)))


async def delete_named(options: DeleteOptions, choice: ClusterChoice, invocation: Invocation) -> None:
    """Delete the objects that `options` name, print a line for each, then wait until they are gone.

    Raises:
        NotFound: an object is not there, unless that is to be ignored.
    """
    manifests = [manifest for path in options.files for manifest in read_manifests(path)]
    async with open_cluster(choice, invocation) as cluster:
        deletion = _Deletion(cluster, options, invocation.clock)
        for resource, key in await deletion.resolve(manifests):
            await deletion.delete(resource, key)
        if options.wait:
            await deletion.wait()


class _Deletion:
    """Deletes objects of one cluster and remembers what is still going."""

    def __init__(self, cluster: OpenCluster, options: DeleteOptions, clock: Clock) -> None:
        self._cluster = cluster
        self._options = options
        self._clock = clock
        self._discovery = Discovery(cluster.client)
        self._going: list[tuple[Resource[JsonObject], ObjectKey, str]] = []

    async def resolve(self, manifests: Sequence[Manifest]) -> list[tuple[Resource[JsonObject], ObjectKey]]:
        """Return the objects that the manifests and the targets stand for, before any is deleted."""
        found: list[tuple[Resource[JsonObject], ObjectKey]] = []
        for manifest in manifests:
            metadata = manifest.object.get("metadata") or {}
            if "name" not in metadata:
                raise ClusterctlError(f"{manifest}: the object has no metadata.name, so it cannot be deleted by file")
            resource = await self._discovery.resource_of(manifest.object)
            found.append((resource, self._key(resource, metadata["name"], metadata.get("namespace", ""))))
        for target in self._options.targets:
            found.extend(await self._resolve_target(target))
        return found

    async def delete(self, resource: Resource[JsonObject], key: ObjectKey) -> None:
        """Ask for the deletion of one object and say so."""
        live = await self._cluster.client.find(resource, key)
        if live is None:
            if self._options.ignore_not_found:
                return
            raise not_found(resource.qualified_plural, key.name)
        uid = live["metadata"]["uid"]
        await self._cluster.client.delete(resource, key, uid=uid)
        click.echo(f'{resource.kind.lower()}{"." if resource.group else ""}{resource.group} "{key.name}" deleted')
        self._going.append((resource, key, uid))

    async def wait(self) -> None:
        """Return once everything that was deleted is gone; another object of the name does not count."""
        for resource, key, uid in self._going:
            while (live := await self._cluster.client.find(resource, key)) and live["metadata"]["uid"] == uid:
                await self._clock.sleep(DELETE_POLL_SECONDS)

    async def _resolve_target(self, target: Target) -> list[tuple[Resource[JsonObject], ObjectKey]]:
        resource = await self._discovery.find_by_name(target.type)
        if target.name:
            return [(resource, self._key(resource, target.name))]
        if not self._options.selector:
            raise ClusterctlError(f"which {target.type}? Expected a name or a selector: -l key=value")
        namespace = self._key(resource, "").namespace
        listing = await self._cluster.client.list(resource, namespace=namespace, labels=self._options.selector)
        return [(resource, self._key(resource, obj["metadata"]["name"])) for obj in listing.items]

    def _key(self, resource: Resource[JsonObject], name: str, namespace: str = "") -> ObjectKey:
        if not resource.namespaced:
            return ObjectKey("", name)
        return ObjectKey(namespace or self._options.namespace or self._cluster.namespace, name)
