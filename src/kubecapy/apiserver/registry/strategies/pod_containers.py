"""Complete and check the containers of pod specs, in the order of upstream.

Sources: pkg/apis/core/v1/defaults.go and pkg/apis/core/validation (validateContainers) of Kubernetes, v1.36.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.field_errors import duplicate
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import name_errors
from kubecapy.apiserver.registry.access import fill, read_object, read_objects, read_text
from kubecapy.apiserver.registry.strategies.errors import invalid, not_supported, required

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_LAST_PORT = 65535


def default_container(container: JsonObject) -> None:
    """Fill the absent fields of a container in place."""
    _, _, tag = str(container.get("image", "")).rpartition("/")[2].partition(":")
    fill(
        container,
        imagePullPolicy="Always" if tag in ("", "latest") else "IfNotPresent",
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    for port in read_objects(container, "ports"):
        fill(port, protocol="TCP")


def validate_containers(spec: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the containers of the pod spec at `path`."""
    if not read_objects(spec, "containers"):
        yield required(f"{path}.containers")
    volumes = {read_text(volume, "name") for volume in read_objects(spec, "volumes")}
    seen: set[str] = set()
    for group in ("containers", "initContainers"):
        for index, container in enumerate(read_objects(spec, group)):
            place = f"{path}.{group}[{index}]"
            yield from _container_errors(container, place, volumes)
            name = read_text(container, "name")
            if name in seen:
                yield duplicate(f"{place}.name", name)
            seen.add(name)


def _container_errors(container: JsonObject, path: str, volumes: set[str]) -> Iterator[FieldError]:
    if name := read_text(container, "name"):
        yield from (invalid(f"{path}.name", name, wrong) for wrong in name_errors(name, "label"))
    else:
        yield required(f"{path}.name")
    if not read_text(container, "image"):
        yield required(f"{path}.image")
    for index, port in enumerate(read_objects(container, "ports")):
        yield from _port_errors(port, f"{path}.ports[{index}]")
    for index, variable in enumerate(read_objects(container, "env")):
        yield from _variable_errors(variable, f"{path}.env[{index}]")
    for index, mount in enumerate(read_objects(container, "volumeMounts")):
        yield from _mount_errors(mount, f"{path}.volumeMounts[{index}]", volumes)
    if (policy := read_text(container, "imagePullPolicy")) not in _PULL_POLICIES:
        yield not_supported(f"{path}.imagePullPolicy", policy, _PULL_POLICIES)


def _port_errors(port: JsonObject, path: str) -> Iterator[FieldError]:
    number = port["containerPort"]
    if not number:
        yield required(f"{path}.containerPort")
    elif not 0 < number <= _LAST_PORT:
        yield invalid(f"{path}.containerPort", number, f"must be between 1 and {_LAST_PORT}, inclusive")
    if port["protocol"] not in _PROTOCOLS:
        yield not_supported(f"{path}.protocol", port["protocol"], _PROTOCOLS)


def _variable_errors(variable: JsonObject, path: str) -> Iterator[FieldError]:
    if not read_text(variable, "name"):
        yield required(f"{path}.name")
    for source in ("configMapKeyRef", "secretKeyRef"):
        reference = read_object(variable, "valueFrom", source)
        for name in ("name", "key") if reference else ():
            if not read_text(reference, name):
                yield required(f"{path}.valueFrom.{source}.{name}")


def _mount_errors(mount: JsonObject, path: str, volumes: set[str]) -> Iterator[FieldError]:
    name, place = read_text(mount, "name"), read_text(mount, "mountPath")
    if not name:
        yield required(f"{path}.name")
    if name not in volumes:
        yield FieldError(f"{path}.name", "FieldValueNotFound", f'Not found: "{name}"')
    if not place:
        yield required(f"{path}.mountPath")
    yield from path_errors(mount, "subPath", path)


def path_errors(holder: JsonObject, name: str, path: str) -> Iterator[FieldError]:
    """Yield why the path in `holder` leads out of the folder that it is relative to."""
    text = read_text(holder, name)
    if text.startswith("/"):
        yield invalid(f"{path}.{name}", text, "must be a relative path")
    if ".." in text.split("/"):
        yield invalid(f"{path}.{name}", text, "must not contain '..'")
