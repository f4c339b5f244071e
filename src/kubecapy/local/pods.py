"""Plan what a pod is on a machine without containers: a folder with its volumes, and processes that run in it.

Nothing here touches the machine. Volumes become files below the pod's folder; wherever an argument or a variable names
a mount point, the plan names the folder instead. Which program an image stands for is a table; an image that is not in
it is not run. Of the person's own environment nothing gets in.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from kubecapy.apimachinery.meta import JsonObject

SERVICE_ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
SERVICE_ACCOUNT_VOLUME = "kube-api-access"
LOOPBACK = "127.0.0.0/8"

_FILE_MODE = 0o644
_PRIVATE_MODE = 0o600
_REFERENCE = re.compile(r"\$(?:\$\(|\((?P<name>[A-Za-z_][\w.-]*)\))")

PlanFailure = Literal["CreateContainerConfigError", "InvalidVolume"]


class PlanError(Exception):
    """A pod cannot be run as it is; `reason` is what its container waits with, the message says what is missing."""

    def __init__(self, reason: PlanFailure, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.reason = reason


class ServiceAccountFiles(msgspec.Struct, frozen=True):
    """What is mounted for a pod's service account."""

    token: str
    ca: bytes
    namespace: str

    def __repr__(self) -> str:
        """Show no token."""
        return f"ServiceAccountFiles({self.namespace})"


class PodSources(msgspec.Struct, frozen=True):
    """What a pod refers to in its namespace, decoded."""

    secrets: Mapping[str, Mapping[str, bytes]] = {}
    """Data by the Secret's name."""
    config_maps: Mapping[str, Mapping[str, bytes]] = {}
    """Data by the ConfigMap's name."""
    service_account: ServiceAccountFiles | None = None
    """None where no token is mounted."""

    def __repr__(self) -> str:
        """Name the Secrets alone."""
        return f"PodSources(secrets={sorted(self.secrets)})"


class PodPlace(msgspec.Struct, frozen=True):
    """Where a pod runs, and what it is told of it."""

    folder: Path
    """The pod's own, on the machine."""
    api_host: str
    api_port: int
    pod_ip: str
    host_ip: str
    path: str = "/usr/local/bin:/usr/bin:/bin"
    """PATH of its processes."""
    guest_root: Path | None = None
    """Where `hostPath` volumes begin; None refuses them."""


class PlannedFile(msgspec.Struct, frozen=True):
    """A file to write before the processes start."""

    path: Path
    content: bytes
    mode: int

    def __repr__(self) -> str:
        """Show no content."""
        return f"PlannedFile({self.path}, {self.mode:o})"


class ContainerPlan(msgspec.Struct, frozen=True):
    """One process."""

    name: str
    image: str
    command: tuple[str, ...]
    """Program and arguments; empty where the image stands for no program and is only reported to run."""
    environment: Mapping[str, str]
    folder: Path
    """Working directory."""

    def __repr__(self) -> str:
        """Show no variable: they may hold secrets."""
        return f"ContainerPlan({self.name}, {self.image})"


class PodPlan(msgspec.Struct, frozen=True):
    """Everything to do for one pod, in this order: folders, files, processes."""

    folders: tuple[Path, ...]
    files: tuple[PlannedFile, ...]
    containers: tuple[ContainerPlan, ...]


class ImageTable(msgspec.Struct, frozen=True):
    """Which program an image stands for: repository, without tag and digest, to program and first arguments."""

    programs: Mapping[str, tuple[str, ...]]

    def find(self, image: str) -> tuple[str, ...] | None:
        """Return the program of `image`; None where the table has none."""
        repository = repository_of(image)
        return self.programs.get(repository) or self.programs.get(repository.removeprefix("docker.io/"))


def repository_of(image: str) -> str:
    """Return an image's repository: `registry:5000/a/b:v1@sha256:...` gives `registry:5000/a/b`."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def components_images(interpreter: str, bytecode_folder: str | None = None) -> ImageTable:
    """Return the table in which the image of our own components runs with the Python `interpreter`.

    `bytecode_folder` is where that interpreter keeps compiled modules (`sys.pycache_prefix`); a pod inherits no
    environment that would say so.
    """
    options = ("-X", f"pycache_prefix={bytecode_folder}") if bytecode_folder else ()
    return ImageTable({"kubecapy/manager": (interpreter, *options, "-m", "kubecapy.daemons")})


def plan_pod(pod: JsonObject, sources: PodSources, place: PodPlace, images: ImageTable) -> PodPlan:
    """Return what to do for `pod`.

    Raises:
        PlanError: it refers to something that is not there, or wants a volume of an unknown kind.
    """
    volumes = {volume["name"]: list(_volume_files(volume, pod, sources)) for volume in pod["spec"].get("volumes") or ()}
    host_folders = _host_folders(pod, place)
    files = [
        PlannedFile(place.folder / "volumes" / name / path, content, mode)
        for name, entries in volumes.items()
        for path, content, mode in entries
    ]
    files.extend(_service_account_files(sources, place))
    containers = tuple(
        _plan_container(container, pod, sources, place, images, host_folders)
        for container in pod["spec"].get("containers") or ()
    )
    folders = [place.folder / "volumes" / name for name in volumes if name not in host_folders]
    folders.extend(place.folder / name for name in ("home", "tmp"))
    folders.extend({planned.path.parent for planned in files})
    return PodPlan(tuple(sorted(set(folders))), tuple(files), containers)


def _service_account_files(sources: PodSources, place: PodPlace) -> Iterator[PlannedFile]:
    account = sources.service_account
    if account is None:
        return
    folder = place.folder / "volumes" / SERVICE_ACCOUNT_VOLUME
    yield PlannedFile(folder / "token", account.token.encode(), _PRIVATE_MODE)
    yield PlannedFile(folder / "ca.crt", account.ca, _FILE_MODE)
    yield PlannedFile(folder / "namespace", account.namespace.encode(), _FILE_MODE)


def _volume_files(volume: JsonObject, pod: JsonObject, sources: PodSources) -> Iterator[tuple[str, bytes, int]]:
    """Yield relative path, content and mode of the files in one volume."""
    if "secret" in volume:
        source = volume["secret"]
        yield from _keyed_files("secret", source.get("secretName", ""), source, sources.secrets)
    elif "configMap" in volume:
        source = volume["configMap"]
        yield from _keyed_files("configmap", source.get("name", ""), source, sources.config_maps)
    elif "downwardAPI" in volume:
        for item in volume["downwardAPI"].get("items") or ():
            yield item["path"], field_of(pod, item["fieldRef"]["fieldPath"], None).encode(), _FILE_MODE
    elif "projected" in volume:
        for source in volume["projected"].get("sources") or ():
            yield from _projected_files(source, pod, sources)
    elif not {"emptyDir", "hostPath"} & set(volume):
        kind = next((key for key in volume if key != "name"), "nothing")
        raise PlanError("InvalidVolume", f'volume "{volume["name"]}" of kind {kind} is not simulated')


def _projected_files(source: JsonObject, pod: JsonObject, sources: PodSources) -> Iterator[tuple[str, bytes, int]]:
    if "secret" in source:
        yield from _keyed_files("secret", source["secret"].get("name", ""), source["secret"], sources.secrets)
    elif "configMap" in source:
        inner = source["configMap"]
        yield from _keyed_files("configmap", inner.get("name", ""), inner, sources.config_maps)
    elif "downwardAPI" in source:
        yield from _volume_files({"name": "", "downwardAPI": source["downwardAPI"]}, pod, sources)
    elif "serviceAccountToken" in source and sources.service_account is not None:
        yield source["serviceAccountToken"].get("path", "token"), sources.service_account.token.encode(), _PRIVATE_MODE


def _keyed_files(
    kind: str, name: str, source: JsonObject, available: Mapping[str, Mapping[str, bytes]]
) -> Iterator[tuple[str, bytes, int]]:
    data = available.get(name)
    if data is None:
        if source.get("optional"):
            return
        raise PlanError("CreateContainerConfigError", f'{kind} "{name}" not found')
    # Kubernetes' default is 0644 inside a container; here the files lie on the person's own disk.
    default_mode = source.get("defaultMode", _PRIVATE_MODE if kind == "secret" else _FILE_MODE)
    items = source.get("items") or [{"key": key, "path": key} for key in sorted(data)]
    for item in items:
        if item["key"] not in data:
            message = f"references non-existent {kind} key: {item['key']}"
            raise PlanError("CreateContainerConfigError", message)
        yield item["path"], data[item["key"]], item.get("mode", default_mode)


def _host_folders(pod: JsonObject, place: PodPlace) -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for volume in pod["spec"].get("volumes") or ():
        if "hostPath" not in volume:
            continue
        if place.guest_root is None:
            raise PlanError("InvalidVolume", f'volume "{volume["name"]}" is a hostPath, but there is no host')
        parts = [part for part in volume["hostPath"]["path"].split("/") if part not in ("", ".", "..")]
        found[volume["name"]] = place.guest_root.joinpath(*parts)
    return found


def _plan_container(
    container: JsonObject,
    pod: JsonObject,
    sources: PodSources,
    place: PodPlace,
    images: ImageTable,
    host_folders: Mapping[str, Path],
) -> ContainerPlan:
    mounts = _mounts(container, sources, place, host_folders)
    own = dict(_variables(container, pod, sources, place))
    environment = {name: rewrite(value, mounts) for name, value in own.items()}
    environment = {**_standing_variables(pod, sources, place), **environment}
    command = _command(container, images, own)
    return ContainerPlan(
        name=container["name"],
        image=container.get("image", ""),
        command=tuple(rewrite(word, mounts) for word in command),
        environment=environment,
        folder=Path(rewrite(container["workingDir"], mounts)) if container.get("workingDir") else place.folder,
    )


def _mounts(
    container: JsonObject, sources: PodSources, place: PodPlace, host_folders: Mapping[str, Path]
) -> Mapping[str, Path]:
    """Return the folder of each mount point."""
    found: dict[str, Path] = {}
    if sources.service_account is not None:
        found[SERVICE_ACCOUNT_MOUNT] = place.folder / "volumes" / SERVICE_ACCOUNT_VOLUME
    for mount in container.get("volumeMounts") or ():
        base = host_folders.get(mount["name"], place.folder / "volumes" / mount["name"])
        found[mount["mountPath"].rstrip("/") or "/"] = base / mount.get("subPath", "")
    return found


def rewrite(text: str, mounts: Mapping[str, Path]) -> str:
    """Return `text` with every mount point that stands in it as a path replaced by its folder, longest first."""
    if not mounts:
        return text
    choices = "|".join(re.escape(path) for path in sorted(mounts, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])(?:{choices})(?=/|$|[\s:,;\"'])", lambda found: str(mounts[found.group()]), text)


def _command(container: JsonObject, images: ImageTable, variables: Mapping[str, str]) -> list[str]:
    """Return program and arguments; a `command` replaces the image's own program, unless it names just that."""
    program = images.find(container.get("image", ""))
    if program is None:
        return []
    arguments = [expand(str(word), variables) for word in container.get("args") or ()]
    given = [expand(str(word), variables) for word in container.get("command") or ()]
    if given and given[0].rpartition("/")[2] != program[-1].partition(".")[0]:
        return [*given, *arguments]
    return [*program, *given[1:], *arguments]


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return `text` with `$(NAME)` replaced by the variable; an unknown one stays, `$$(NAME)` gives `$(NAME)`."""

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "$("
        return variables.get(name, found.group())

    return _REFERENCE.sub(value, text)


def _standing_variables(pod: JsonObject, sources: PodSources, place: PodPlace) -> Mapping[str, str]:
    """Return what every process has: where the API is, a home, and no way through a proxy to loopback addresses."""
    api = {
        "KUBERNETES_SERVICE_HOST": place.api_host,
        "KUBERNETES_SERVICE_PORT": str(place.api_port),
        "KUBERNETES_SERVICE_PORT_HTTPS": str(place.api_port),
    }
    account = {}
    if sources.service_account is not None:
        account["SERVICE_ACCOUNT_DIR"] = str(place.folder / "volumes" / SERVICE_ACCOUNT_VOLUME)
    no_proxy = f"localhost,127.0.0.1,{LOOPBACK}"
    return {
        "HOME": str(place.folder / "home"),
        "HOSTNAME": pod["metadata"].get("name", ""),
        "LANG": "C.UTF-8",
        "NO_PROXY": no_proxy,
        "PATH": place.path,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(place.folder / "tmp"),
        "no_proxy": no_proxy,
        **api,
        **account,
    }


def _variables(
    container: JsonObject, pod: JsonObject, sources: PodSources, place: PodPlace
) -> Iterator[tuple[str, str]]:
    """Yield the container's own variables; a later one of the same name wins."""
    known: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        prefix = source.get("prefix", "")
        for name, value in _all_keys(source, sources):
            known[prefix + name] = value
            yield prefix + name, value
    for variable in container.get("env") or ():
        found = _value(variable, pod, sources, place, known)
        if found is not None:
            known[variable["name"]] = found
            yield variable["name"], found


def _all_keys(source: JsonObject, sources: PodSources) -> Iterator[tuple[str, str]]:
    kind = "secretRef" if "secretRef" in source else "configMapRef"
    reference: JsonObject = source.get(kind) or {}
    available = sources.secrets if kind == "secretRef" else sources.config_maps
    data = available.get(reference.get("name", ""))
    if data is None:
        if reference.get("optional"):
            return
        shown = "secret" if kind == "secretRef" else "configmap"
        raise PlanError("CreateContainerConfigError", f'{shown} "{reference.get("name", "")}" not found')
    for key in sorted(data):
        yield key, data[key].decode(errors="surrogateescape")


def _value(
    variable: JsonObject, pod: JsonObject, sources: PodSources, place: PodPlace, known: Mapping[str, str]
) -> str | None:
    """Return the value of one variable; None where an optional source is absent."""
    origin: JsonObject = variable.get("valueFrom") or {}
    if "fieldRef" in origin:
        return field_of(pod, origin["fieldRef"]["fieldPath"], place)
    if "secretKeyRef" in origin:
        return _key("secret", origin["secretKeyRef"], sources.secrets)
    if "configMapKeyRef" in origin:
        return _key("configmap", origin["configMapKeyRef"], sources.config_maps)
    if "resourceFieldRef" in origin:
        return "0"
    return expand(str(variable.get("value", "")), known)


def _key(kind: str, reference: JsonObject, available: Mapping[str, Mapping[str, bytes]]) -> str | None:
    data = available.get(reference.get("name", ""))
    if data is not None and reference["key"] in data:
        return data[reference["key"]].decode(errors="surrogateescape")
    if reference.get("optional"):
        return None
    name = reference.get("name", "")
    message = f'{kind} "{name}" not found' if data is None else f"couldn't find key {reference['key']} in {kind} {name}"
    raise PlanError("CreateContainerConfigError", message)


def field_of(pod: JsonObject, path: str, place: PodPlace | None) -> str:
    """Return a field of the pod as the downward API gives it.

    Raises:
        PlanError: the API has no such field.
    """
    addresses = {"status.podIP": "pod_ip", "status.podIPs": "pod_ip", "status.hostIP": "host_ip"}
    if path in addresses and place is not None:
        return str(getattr(place, addresses[path]))
    keyed = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if keyed:
        return str((pod["metadata"].get(keyed[1]) or {}).get(keyed[2], ""))
    fields = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName")
    if path not in fields:
        raise PlanError("CreateContainerConfigError", f"unsupported fieldPath: {path}")
    section, name = path.split(".")
    value: Any = (pod.get(section) or {}).get(name, "")
    return str(value) if value or name != "serviceAccountName" else "default"


def references_of(pod: JsonObject) -> tuple[Sequence[str], Sequence[str]]:
    """Return the names of the Secrets and of the ConfigMaps that `pod` refers to, sorted."""
    secrets: set[str] = set()
    config_maps: set[str] = set()
    for volume in pod["spec"].get("volumes") or ():
        for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]:
            secrets.add((source.get("secret") or {}).get("secretName") or (source.get("secret") or {}).get("name", ""))
            config_maps.add((source.get("configMap") or {}).get("name", ""))
    for container in pod["spec"].get("containers") or ():
        for source in container.get("envFrom") or ():
            secrets.add((source.get("secretRef") or {}).get("name", ""))
            config_maps.add((source.get("configMapRef") or {}).get("name", ""))
        for variable in container.get("env") or ():
            origin = variable.get("valueFrom") or {}
            secrets.add((origin.get("secretKeyRef") or {}).get("name", ""))
            config_maps.add((origin.get("configMapKeyRef") or {}).get("name", ""))
    return sorted(secrets - {""}), sorted(config_maps - {""})
