"""Show objects of a server: as tables, as YAML or JSON, once or as they change."""

import json
from collections.abc import Sequence
from typing import Literal

import click
import msgspec

from kubecapy.apimachinery.codec import decode, dump_yaml
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource
from kubecapy.clusterctl.connecting import ClusterChoice, OpenCluster, open_cluster
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.objects.applying import describe
from kubecapy.clusterctl.objects.discovery import Discovery
from kubecapy.clusterctl.objects.tables import TABLE_ACCEPT, Table, TablePrinter
from kubecapy.clusterctl.objects.targets import Target


class ShowOptions(msgspec.Struct, frozen=True):
    """What the person asked for."""

    targets: Sequence[Target]
    namespace: str
    all_namespaces: bool
    selector: str
    output: Literal["table", "wide", "json", "yaml", "name"]
    watch: bool
    headers: bool


class Selection(msgspec.Struct, frozen=True):
    """One kind, the namespace to look in (empty for all) and perhaps one object."""

    resource: Resource[JsonObject]
    namespace: str
    name: str


async def show(options: ShowOptions, choice: ClusterChoice, invocation: Invocation) -> None:
    """Print the objects that `options` name; with `watch`, until the person stops it.

    Raises:
        ClusterctlError: the server has no such kind.
        StatusError: an object that was named is not there, or may not be read.
    """
    async with open_cluster(choice, invocation) as cluster:
        discovery = Discovery(cluster.client)
        selections = [await _select(target, options, cluster, discovery) for target in options.targets]
        if options.watch and len(selections) > 1:
            raise ClusterctlError("only one kind can be watched at a time")
        if options.output in ("table", "wide"):
            await _TableShow(cluster, options).show(selections)
        else:
            await _show_objects(cluster, options, selections)


async def _select(target: Target, options: ShowOptions, cluster: OpenCluster, discovery: Discovery) -> Selection:
    resource = await discovery.find_by_name(target.type)
    everywhere = options.all_namespaces or not resource.namespaced
    namespace = "" if everywhere else options.namespace or cluster.namespace
    return Selection(resource, namespace, target.name)


class _TableShow:
    """Prints selections as tables."""

    def __init__(self, cluster: OpenCluster, options: ShowOptions) -> None:
        self._cluster = cluster
        self._options = options

    async def show(self, selections: Sequence[Selection]) -> None:
        shown = 0
        for selection in selections:
            printer = self._printer()
            table = await self._fetch(selection)
            if table.rows and shown:
                click.echo()
            _echo(printer.lines(table) if table.rows else [])
            shown += len(table.rows)
            if self._options.watch:
                await self._follow(selection, printer)
        if not shown and not self._options.watch:
            _say_nothing_found(selections)

    def _printer(self) -> TablePrinter:
        options = self._options
        return TablePrinter(
            wide=options.output == "wide", with_namespace=options.all_namespaces, with_header=options.headers
        )

    async def _fetch(self, selection: Selection) -> Table:
        query = {"labelSelector": self._options.selector} if self._options.selector else {}
        path = selection.resource.path(selection.namespace, selection.name)
        return decode(await self._cluster.client.request("GET", path, query=query, accept=TABLE_ACCEPT), Table)

    async def _follow(self, selection: Selection, printer: TablePrinter) -> None:
        """Print a row whenever an object changes; the row of a deleted one is not printed again."""
        client = self._cluster.client
        revision = (await client.list(selection.resource, namespace=selection.namespace)).resource_version
        fields = f"metadata.name={selection.name}" if selection.name else ""
        while True:
            async with client.watch(
                selection.resource,
                namespace=selection.namespace,
                resource_version=revision,
                labels=self._options.selector,
                fields=fields,
            ) as deltas:
                async for delta in deltas:
                    revision = delta.resource_version
                    if delta.object is not None and delta.type in ("ADDED", "MODIFIED"):
                        await self._show_one(selection, delta.object, printer)

    async def _show_one(self, selection: Selection, obj: JsonObject, printer: TablePrinter) -> None:
        metadata = obj["metadata"]
        path = selection.resource.path(metadata.get("namespace", ""), metadata["name"])
        table = decode(await self._cluster.client.request("GET", path, accept=TABLE_ACCEPT), Table)
        _echo(printer.lines(table))


async def _show_objects(cluster: OpenCluster, options: ShowOptions, selections: Sequence[Selection]) -> None:
    found: list[tuple[Selection, JsonObject]] = []
    for selection in selections:
        found.extend((selection, obj) for obj in await _read(cluster, options, selection))
    if options.output == "name":
        _echo([describe(selection.resource, obj["metadata"]["name"]) for selection, obj in found])
        return
    single = len(selections) == 1 and selections[0].name
    document = found[0][1] if single else _list_of([obj for _, obj in found])
    click.echo(json.dumps(document, indent=4) if options.output == "json" else dump_yaml(document).rstrip("\n"))


async def _read(cluster: OpenCluster, options: ShowOptions, selection: Selection) -> Sequence[JsonObject]:
    resource = selection.resource
    if selection.name:
        reply = await cluster.client.request("GET", resource.path(selection.namespace, selection.name))
        return [decode(reply, dict)]
    listing = await cluster.client.list(resource, namespace=selection.namespace, labels=options.selector)
    # A list leaves the kind of its entries out; a reader of the printed entry needs it.
    return [{"apiVersion": resource.api_version, "kind": resource.kind, **obj} for obj in listing.items]


def _list_of(objects: Sequence[JsonObject]) -> JsonObject:
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}


def _say_nothing_found(selections: Sequence[Selection]) -> None:
    namespace = selections[0].namespace
    click.echo(f"No resources found in {namespace} namespace." if namespace else "No resources found", err=True)


def _echo(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)
