"""Write pods: they begin as Pending and, once bound to a node, go only when the node's kubelet says so."""

from kubecapy.api.core import MIRROR_ANNOTATION
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import fill, read, read_object, read_objects, read_text, section
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import forbidden, unchanged
from kubecapy.apiserver.registry.strategies.pod_templates import (
    DEFAULT_GRACE_SECONDS,
    default_pod_spec,
    validate_pod_spec,
)
from kubecapy.apiserver.registry.strategies.service_class import service_class_of

_ENDED = ("Succeeded", "Failed")


def _prepare_create(pod: JsonObject) -> None:
    spec = section(pod, "spec")
    _fill_requests(spec)
    pod["status"] = {"phase": "Pending", "qosClass": service_class_of(spec)}
    # The mirror of a static pod acts as nobody, as there (plugin/pkg/admission/serviceaccount).
    default = "" if MIRROR_ANNOTATION in read_object(pod, "metadata", "annotations") else "default"
    account = read_text(spec, "serviceAccountName") or read_text(spec, "serviceAccount") or default
    if not account:
        return
    spec["serviceAccountName"] = spec["serviceAccount"] = account


def _fill_requests(spec: JsonObject) -> None:
    """Let a container ask for what it may use at most, where it says nothing else; templates are left as they are."""
    for container in (*read_objects(spec, "containers"), *read_objects(spec, "initContainers")):
        limits = read_object(container, "resources", "limits")
        if limits:
            container["resources"]["requests"] = {**limits, **read_object(container, "resources", "requests")}


def _default(pod: JsonObject) -> None:
    spec = section(pod, "spec")
    default_pod_spec(spec)
    fill(spec, enableServiceLinks=True)


def _validate(pod: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = list(validate_pod_spec(read_object(pod, "spec"), "spec"))
    bound = read_text(old, "spec", "nodeName") if old else ""
    if bound and read_text(pod, "spec", "nodeName") != bound:
        errors.append(forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`"))
    if read(pod, "status", "qosClass") is not None:
        errors += unchanged(pod, old, "status", "qosClass")
    return errors


def _grace_seconds(pod: JsonObject, asked: int | None) -> int:
    """A pod without a node or a running container has nothing to end gracefully (pkg/registry/core/pod/strategy)."""
    if not read_text(pod, "spec", "nodeName") or read_text(pod, "status", "phase") in _ENDED:
        return 0
    if asked is not None:
        return asked
    own = read(pod, "spec", "terminationGracePeriodSeconds")
    return own if isinstance(own, int) else DEFAULT_GRACE_SECONDS


PODS = Strategy(
    has_status=True,
    has_generation=True,
    returns_deleted=True,
    prepare_create=_prepare_create,
    default=_default,
    validate=_validate,
    grace_seconds=_grace_seconds,
)
