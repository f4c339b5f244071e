"""Show and change the replicas of an object as autoscaling/v1 Scale."""

from kubecapy.apimachinery.errors import invalid
from kubecapy.apimachinery.go_types import read_as
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_count, write
from kubecapy.apiserver.registry.kinds import ScalePaths
from kubecapy.apiserver.registry.selector_texts import selector_text
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field

_SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_TYPE = "autoscaling/v1.Scale"


def scale_of(obj: JsonObject, paths: ScalePaths) -> JsonObject:
    """Return the Scale of `obj`; replicas that are not set count as 0."""
    selector = read(obj, *paths.selector) if paths.selector else None
    scale = {
        "metadata": {name: obj["metadata"].get(name) for name in _SHOWN_METADATA},
        "spec": {"replicas": read_count(obj, *paths.spec_replicas)},
        "status": {
            "replicas": read_count(obj, *paths.status_replicas),
            "selector": selector if isinstance(selector, str) else selector_text(selector),
        },
    }
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", **read_as(scale, _TYPE).value}


def with_scale(obj: JsonObject, scale: JsonObject, paths: ScalePaths) -> JsonObject:
    """Return `obj`, changed in place, with the replicas of `scale`, on the conditions that its metadata states."""
    write(obj, paths.spec_replicas, read_count(scale, "spec", "replicas"))
    for name in ("uid", "resourceVersion"):
        if stated := scale["metadata"].get(name):
            obj["metadata"][name] = stated
    return obj


def refuse_negative(scale: JsonObject) -> None:
    """Check the Scale of a built-in kind; custom kinds check the object itself (autoscaling/validation).

    Raises:
        Invalid: it wishes less than nothing.
    """
    replicas = read_count(scale, "spec", "replicas")
    if replicas < 0:
        wrong = invalid_field("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("Scale", "autoscaling", scale["metadata"]["name"], [wrong])
