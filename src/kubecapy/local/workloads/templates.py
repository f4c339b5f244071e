"""Make pods out of templates; pure."""

from collections.abc import Mapping

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.names import template_hash
from kubecapy.apimachinery.resources import Resource
from kubecapy.local.workloads.kinds import owned_by

HASH_LABEL = "pod-template-hash"


def hash_of(template: JsonObject) -> str:
    """Return the hash of a template; the label that carries it does not count."""
    metadata = dict(template.get("metadata") or {})
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != HASH_LABEL}
    metadata.pop("creationTimestamp", None)
    return template_hash({**template, "metadata": {**metadata, "labels": labels}})


def render_pod(
    owner: JsonObject, resource: Resource[JsonObject], naming: Mapping[str, str], labels: Mapping[str, str]
) -> JsonObject:
    """Return a pod of `owner`'s template; `naming` holds `name` or `generateName`, `labels` are added."""
    template: JsonObject = owner["spec"]["template"]
    metadata = template.get("metadata") or {}
    rendered: JsonObject = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **naming,
            "namespace": owner["metadata"]["namespace"],
            "labels": {**(metadata.get("labels") or {}), **labels},
            "ownerReferences": owned_by(owner, resource),
        },
        "spec": template["spec"],
    }
    if metadata.get("annotations"):
        rendered["metadata"]["annotations"] = metadata["annotations"]
    return rendered
