"""Write Services and Endpoints: the network is not ours, so only the form is completed and checked.

Sources: pkg/apis/core/v1/defaults.go and pkg/apis/core/validation (ValidateService) of Kubernetes, v1.36.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import name_errors
from kubecapy.apiserver.registry.access import fill, read, read_object, read_objects, read_text, section
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid, not_supported, required

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITIES = ("ClientIP", "None")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_LAST_PORT = 65535
_RANGE = f"must be between 1 and {_LAST_PORT}, inclusive"


def _prepare_create(service: JsonObject) -> None:
    service["status"] = {"loadBalancer": {}}


def _default(service: JsonObject) -> None:
    spec = section(service, "spec")
    fill(spec, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        fill(spec, internalTrafficPolicy="Cluster")
    for port in read_objects(spec, "ports"):
        fill(port, protocol="TCP")
        port["targetPort"] = port.get("targetPort") or port["port"]


def _default_endpoints(endpoints: JsonObject) -> None:
    for subset in read_objects(endpoints, "subsets"):
        for port in read_objects(subset, "ports"):
            fill(port, protocol="TCP")


def _validate(service: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    spec = read_object(service, "spec")
    type_, ports, is_headless = spec["type"], read_objects(spec, "ports"), spec.get("clusterIP") == "None"
    errors = [] if ports or is_headless or type_ == "ExternalName" else [required("spec.ports")]
    seen: set[str] = set()
    for index, port in enumerate(ports):
        errors += _port_errors(port, f"spec.ports[{index}]", seen, needs_name=len(ports) > 1)
    if spec["sessionAffinity"] not in _AFFINITIES:
        errors.append(not_supported("spec.sessionAffinity", spec["sessionAffinity"], _AFFINITIES))
    if type_ not in _TYPES:
        errors.append(not_supported("spec.type", type_, _TYPES))
    if type_ == "ExternalName":
        name = read_text(spec, "externalName").removesuffix(".")
        found = [invalid("spec.externalName", name, wrong) for wrong in name_errors(name, "subdomain")]
        errors += found if name else [required("spec.externalName")]
    return errors


def _port_errors(port: JsonObject, path: str, seen: set[str], *, needs_name: bool) -> Iterator[FieldError]:
    name, number, target = read_text(port, "name"), port["port"], read(port, "targetPort")
    if needs_name and not name:
        yield required(f"{path}.name")
    elif name:
        yield from (invalid(f"{path}.name", name, wrong) for wrong in name_errors(name, "label"))
        if name in seen:
            yield FieldError(f"{path}.name", "FieldValueDuplicate", f'Duplicate value: "{name}"')
        seen.add(name)
    if not 0 < number <= _LAST_PORT:
        yield invalid(f"{path}.port", number, _RANGE)
    if port["protocol"] not in _PROTOCOLS:
        yield not_supported(f"{path}.protocol", port["protocol"], _PROTOCOLS)
    if isinstance(target, int) and not 0 < target <= _LAST_PORT:
        yield invalid(f"{path}.targetPort", target, _RANGE)


SERVICES = Strategy(
    name_rule="label",
    has_status=True,
    creates_on_update=True,
    returns_deleted=True,
    prepare_create=_prepare_create,
    default=_default,
    validate=_validate,
)
ENDPOINTS = Strategy(creates_on_update=True, default=_default_endpoints)
