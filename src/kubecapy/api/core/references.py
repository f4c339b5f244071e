"""Point at other objects."""

from typing import Any

from kubecapy.apimachinery.meta import KubernetesObject, Value
from kubecapy.apimachinery.resources import Resource


class ObjectReference(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Points at any object (core/v1 ObjectReference)."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    resource_version: str = ""
    field_path: str = ""


class LocalObjectReference(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Points at an object of a kind that the field implies, in the same namespace."""

    name: str = ""


def reference_to(obj: KubernetesObject, resource: Resource[Any]) -> ObjectReference:
    """Return a reference to the stored `obj` of `resource`."""
    meta = obj.metadata
    return ObjectReference(
        api_version=resource.api_version,
        kind=resource.kind,
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
    )
