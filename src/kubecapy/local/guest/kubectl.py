"""Offer a little kubectl to a guest's shell: apply, create, delete, get and version.

Source: https://kubernetes.io/docs/reference/kubectl/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubecapy.apimachinery.codec import DecodeError, decode, dump_yaml, load_manifests
from kubecapy.apimachinery.errors import AlreadyExists, StatusError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import Resource, split_api_version
from kubecapy.client.http import HttpClient
from kubecapy.client.interfaces import Client, Unreachable
from kubecapy.client.kubeconfig import KubeconfigError, load
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.layout import ADMIN_CONF
from kubecapy.local.guest.objects import ensure_object, key_of_object
from kubecapy.local.guest.programs import find_program
from kubecapy.local.guest.shell.commands import Call, Command, split_go_flags

_VALUED = frozenset({"f", "filename", "kubeconfig", "n", "namespace", "o", "output", "request-timeout", "timeout"})
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def kubectl_commands(host: Host) -> Mapping[str, Command]:
    """Return the command by its name; it works once the program is installed."""

    async def kubectl(call: Call) -> int:
        flags, words = split_go_flags(call.arguments, _VALUED)
        verb = words[0] if words else ""
        if verb == "version":
            program = find_program(host.files, call.name)
            call.out(f"Client Version: v{program.version if program else ''}\n")
            return 0
        verbs = {"apply": _apply, "create": _create, "delete": _delete, "get": _get}
        if verb not in verbs:
            return _fail(
                call, f'the simulated kubectl has no "{verb}"; it knows {", ".join(sorted(verbs))} and version'
            )
        try:
            connection = load(host.files.read(_kubeconfig(host, flags, call), call.cwd))
            async with HttpClient(connection, host.clock) as client:
                return await verbs[verb](_Run(host, client, flags, words[1:], call))
        except OSError as error:
            return _fail(call, f"stat {error.filename}: {error.strerror}")
        except (KubeconfigError, DecodeError, Unreachable, LookupError) as error:
            return _fail(call, str(error))
        except StatusError as error:
            call.err(f"Error from server ({error.reason}): {error}\n")
            return 1

    return {"kubectl": kubectl}


@dataclass(frozen=True)
class _Run:
    """One call that talks to a cluster."""

    host: Host
    client: Client
    flags: Mapping[str, str]
    words: Sequence[str]
    """What follows the verb."""
    call: Call

    @property
    def namespace(self) -> str | None:
        """The namespace that a flag names."""
        return self.flags.get("n") or self.flags.get("namespace")


async def _apply(run: _Run) -> int:
    for obj in _manifests(run):
        resource = await _discover(run.client, obj)
        created = await ensure_object(run.client, resource, obj)
        run.call.out(f"{_shown(resource, obj)} {'created' if created else 'configured'}\n")
    return 0


async def _create(run: _Run) -> int:
    status = 0
    for obj in _manifests(run):
        resource = await _discover(run.client, obj)
        try:
            await run.client.create(resource, obj)
        except AlreadyExists as error:
            run.call.err(f"Error from server (AlreadyExists): {error}\n")
            status = 1
        else:
            run.call.out(f"{_shown(resource, obj)} created\n")
    return status


async def _delete(run: _Run) -> int:
    for obj in _manifests(run):
        resource = await _discover(run.client, obj)
        await run.client.delete(resource, key_of_object(obj))
        run.call.out(f"{_shown(resource, obj).replace('/', ' ', 1)} deleted\n")
    return 0


async def _get(run: _Run) -> int:
    kind, *names = run.words or ("",)
    resource = await _discover_plural(run.client, kind)
    everywhere = run.flags.get("A") or run.flags.get("all-namespaces")
    namespace = "" if everywhere else run.namespace or "default"
    path = resource.path(namespace, names[0] if names else "")
    form = run.flags.get("o") or run.flags.get("output") or ""
    if form in ("yaml", "json"):
        reply = await run.client.request("GET", path)
        run.call.out(f"{reply.decode()}\n" if form == "json" else dump_yaml(decode(reply, dict)))
        return 0
    table = decode(await run.client.request("GET", path, accept=_TABLE), dict)
    columns = [index for index, column in enumerate(table["columnDefinitions"]) if not column.get("priority")]
    rows = [[table["columnDefinitions"][index]["name"].upper() for index in columns]]
    rows.extend([str(row["cells"][index]) for index in columns] for row in table.get("rows") or ())
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    for row in rows:
        run.call.out("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    return 0


def _manifests(run: _Run) -> list[JsonObject]:
    path = run.flags.get("f") or run.flags.get("filename")
    if not path:
        raise LookupError("must specify one of -f and -k")
    text = run.call.stdin.read() if path == "-" else run.host.files.read_text(path, run.call.cwd)
    objects = [manifest.object for manifest in load_manifests(text, path)]
    return [_placed(obj, run.namespace) for obj in objects]


def _placed(obj: JsonObject, namespace: str | None) -> JsonObject:
    if not namespace or obj["metadata"].get("namespace"):
        return obj
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


async def _discover(client: Client, obj: JsonObject) -> Resource[JsonObject]:
    group, version = split_api_version(obj["apiVersion"])
    for entry in await _entries(client, group, version):
        if entry["kind"] == obj["kind"]:
            return _resource(group, version, entry)
    raise LookupError(f'no matches for kind "{obj["kind"]}" in version "{obj["apiVersion"]}"')


async def _discover_plural(client: Client, word: str) -> Resource[JsonObject]:
    plural, _, group = word.partition(".")
    groups = [(group, "v1")] if group else [("", "v1"), ("apps", "v1"), ("certificates.k8s.io", "v1")]
    for name, version in groups:
        for entry in await _entries(client, name, version):
            if plural in (entry["name"], entry.get("singularName"), *(entry.get("shortNames") or ())):
                return _resource(name, version, entry)
    raise LookupError(f'the server doesn\'t have a resource type "{word}"')


async def _entries(client: Client, group: str, version: str) -> list[JsonObject]:
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    listed = decode(await client.request("GET", path), dict)
    return [entry for entry in listed.get("resources") or () if "/" not in entry["name"]]


def _resource(group: str, version: str, entry: JsonObject) -> Resource[JsonObject]:
    return Resource(group, version, entry["kind"], entry["name"], dict, bool(entry["namespaced"]))


def _shown(resource: Resource[JsonObject], obj: JsonObject) -> str:
    group = f".{resource.group}" if resource.group else ""
    return f"{resource.kind.casefold()}{group}/{obj['metadata']['name']}"


def _kubeconfig(host: Host, flags: Mapping[str, str], call: Call) -> str:
    home = f"{call.environment.get('HOME', '/root')}/.kube/config"
    named = flags.get("kubeconfig") or call.environment.get("KUBECONFIG")
    return named or (home if host.files.is_file(home) else ADMIN_CONF)


def _fail(call: Call, message: str) -> int:
    call.err(f"error: {message}\n")
    return 1
