"""Point from an object to its owners, so that garbage collection and owner mapping find them.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/.
"""

from typing import Any

import msgspec

from kubecapy.apimachinery.meta import KubernetesObject, ObjectMeta, OwnerReference
from kubecapy.apimachinery.resources import Resource


def owner_reference_to(
    obj: KubernetesObject, resource: Resource[Any], *, controller: bool = False, block: bool = False
) -> OwnerReference:
    """Return the reference to the stored `obj` of `resource`.

    Raises:
        ValueError: `obj` has no uid, that is, it was never stored.
    """
    if not obj.metadata.uid:
        raise ValueError(f"{resource.kind} {obj.metadata.name} has no uid: only a stored object can own another")
    return OwnerReference(
        api_version=resource.api_version,
        kind=resource.kind,
        name=obj.metadata.name,
        uid=obj.metadata.uid,
        controller=True if controller else None,
        block_owner_deletion=True if block else None,
    )


def with_owner(meta: ObjectMeta, owner: OwnerReference) -> ObjectMeta:
    """Return `meta` with `owner` in place of the reference with its uid, else at the end; `meta` where it has it."""
    if owner in meta.owner_references:
        return meta
    others = tuple(known for known in meta.owner_references if known.uid != owner.uid)
    return msgspec.structs.replace(meta, owner_references=(*others, owner))
