"""Show and change the replicas of an object as autoscaling/v1 Scale."""

from kubecapy.apimachinery.errors import BadRequest, invalid
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import qualified_name_errors
from kubecapy.apiserver.registry.access import read, read_count, read_object, write
from kubecapy.apiserver.registry.kinds import ScalePaths
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field

_SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(obj: JsonObject, paths: ScalePaths) -> JsonObject:
    """Return the Scale of `obj`; replicas that are not set count as 0."""
    metadata = {name: obj["metadata"][name] for name in _SHOWN_METADATA if name in obj["metadata"]}
    status: JsonObject = {"replicas": read_count(obj, *paths.status_replicas)}
    selector = _selector_text(read(obj, *paths.selector)) if paths.selector else ""
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": read_count(obj, *paths.spec_replicas)},
        "status": status,
    }


def with_scale(obj: JsonObject, scale: JsonObject, paths: ScalePaths) -> JsonObject:
    """Return `obj`, changed in place, with the replicas and the precondition of `scale`.

    Raises:
        BadRequest: the replicas are no number.
        Invalid: they are negative.
    """
    replicas = read(scale, "spec", "replicas") or 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise BadRequest("spec.replicas: expected an integer")
    if replicas < 0:
        wrong = invalid_field("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("Scale", "autoscaling", obj["metadata"]["name"], [wrong])
    write(obj, paths.spec_replicas, replicas)
    stated = read_object(scale, "metadata").get("resourceVersion")
    if stated:
        obj["metadata"]["resourceVersion"] = stated
    return obj


def _selector_text(selector: object) -> str:
    if isinstance(selector, str):
        return selector
    labels = read_object(selector, "matchLabels") if isinstance(selector, dict) else {}
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels) if not qualified_name_errors(key))
