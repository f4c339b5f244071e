"""Add and remove finalizers: names of those who must act before an object goes.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/. Order: a controller stores its
finalizer before its first effect outside the API, and removes it after the last effect is undone.
"""

import msgspec

from kubecapy.apimachinery.meta import ObjectMeta


def with_finalizer(meta: ObjectMeta, name: str) -> ObjectMeta:
    """Return `meta` with finalizer `name` at the end; `meta` itself where it is there already."""
    if name in meta.finalizers:
        return meta
    return msgspec.structs.replace(meta, finalizers=(*meta.finalizers, name))


def without_finalizer(meta: ObjectMeta, name: str) -> ObjectMeta:
    """Return `meta` without finalizer `name`; `meta` itself where it has none of that name."""
    if name not in meta.finalizers:
        return meta
    return msgspec.structs.replace(meta, finalizers=tuple(held for held in meta.finalizers if held != name))
