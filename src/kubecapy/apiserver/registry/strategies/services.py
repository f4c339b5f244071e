"""Write Services: the network is not ours, so only the form is completed and checked."""

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import fill, read_objects, read_text, section
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import not_supported, required

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def _prepare_create(service: JsonObject) -> None:
    service["status"] = {"loadBalancer": {}}


def _default(service: JsonObject) -> None:
    spec = section(service, "spec")
    fill(spec, type="ClusterIP", sessionAffinity="None")
    for port in read_objects(spec, "ports"):
        fill(port, protocol="TCP")
        port["targetPort"] = port.get("targetPort") or port.get("port")


def _validate(service: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    type_ = read_text(service, "spec", "type")
    errors = [] if type_ in _TYPES else [not_supported("spec.type", type_, _TYPES)]
    if type_ != "ExternalName" and read_text(service, "spec", "clusterIP") != "None":
        errors += [] if read_objects(service, "spec", "ports") else [required("spec.ports")]
    return errors


SERVICES = Strategy(
    name_rule="label",
    has_status=True,
    creates_on_update=True,
    returns_deleted=True,
    prepare_create=_prepare_create,
    default=_default,
    validate=_validate,
)
