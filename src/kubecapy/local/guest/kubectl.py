"""Offer a little kubectl to a guest's shell: apply, create, delete, get and version.

Source: https://kubernetes.io/docs/reference/kubectl/.
"""

from collections.abc import Mapping, Sequence

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
from kubecapy.local.guest.shell.commands import Call, Command

_VALUED = frozenset({"f", "filename", "kubeconfig", "n", "namespace", "o", "output", "request-timeout", "timeout"})
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def kubectl_commands(host: Host) -> Mapping[str, Command]:
    """Return the command by its name; it works once the program is installed."""

    async def kubectl(call: Call) -> int:
        flags, words = _read(call.arguments)
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
                return await verbs[verb](host, client, flags, words[1:], call)
        except OSError as error:
            return _fail(call, f"stat {error.filename}: {error.strerror}")
        except (KubeconfigError, DecodeError, Unreachable, LookupError) as error:
            return _fail(call, str(error))
        except StatusError as error:
            call.err(f"Error from server ({error.reason}): {error}\n")
            return 1

    return {"kubectl": kubectl}


async def _apply(host: Host, client: Client, flags: Mapping[str, str], words: Sequence[str], call: Call) -> int:  # noqa: ARG001
    for obj in _manifests(host, flags, call):
        resource = await _discover(client, obj)
        created = await ensure_object(client, resource, obj)
        call.out(f"{_shown(resource, obj)} {'created' if created else 'configured'}\n")
    return 0


async def _create(host: Host, client: Client, flags: Mapping[str, str], words: Sequence[str], call: Call) -> int:  # noqa: ARG001
    status = 0
    for obj in _manifests(host, flags, call):
        resource = await _discover(client, obj)
        try:
            await client.create(resource, obj)
        except AlreadyExists as error:
            call.err(f"Error from server (AlreadyExists): {error}\n")
            status = 1
        else:
            call.out(f"{_shown(resource, obj)} created\n")
    return status


async def _delete(host: Host, client: Client, flags: Mapping[str, str], words: Sequence[str], call: Call) -> int:  # noqa: ARG001
    for obj in _manifests(host, flags, call):
        resource = await _discover(client, obj)
        await client.delete(resource, key_of_object(obj))
        call.out(f"{_shown(resource, obj).replace('/', ' ', 1)} deleted\n")
    return 0


async def _get(host: Host, client: Client, flags: Mapping[str, str], words: Sequence[str], call: Call) -> int:  # noqa: ARG001
    kind, *names = words or ("",)
    resource = await _discover_plural(client, kind)
    namespace = (
        "" if flags.get("A") or flags.get("all-namespaces") else flags.get("n") or flags.get("namespace") or "default"
    )
    path = resource.path(namespace, names[0] if names else "")
    form = flags.get("o") or flags.get("output") or ""
    if form in ("yaml", "json"):
        reply = await client.request("GET", path)
        call.out(f"{reply.decode()}\n" if form == "json" else dump_yaml(decode(reply, dict)))
        return 0
    table = decode(await client.request("GET", path, accept=_TABLE), dict)
    columns = [index for index, column in enumerate(table["columnDefinitions"]) if not column.get("priority")]
    rows = [[table["columnDefinitions"][index]["name"].upper() for index in columns]]
    rows.extend([str(row["cells"][index]) for index in columns] for row in table.get("rows") or ())
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    for row in rows:
        call.out("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    return 0


def _manifests(host: Host, flags: Mapping[str, str], call: Call) -> list[JsonObject]:
    path = flags.get("f") or flags.get("filename")
    if not path:
        raise LookupError("must specify one of -f and -k")
    text = call.stdin.read() if path == "-" else host.files.read_text(path, call.cwd)
    objects = [manifest.object for manifest in load_manifests(text, path)]
    namespace = flags.get("n") or flags.get("namespace")
    return [_placed(obj, namespace) for obj in objects]


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


def _read(arguments: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    flags: dict[str, str] = {}
    words: list[str] = []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        flags[name] = value if equals else pending.pop(0) if name in _VALUED and pending else "true"
    return flags, words
