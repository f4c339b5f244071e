"""Tell what an object is, for as long as it lives and wherever it moves.

A uid is new in every API server; an identity is the object's first uid, kept in an annotation that moves and backups
carry along. Whoever makes things outside derives their names and marks from it.
"""

from typing import Final

import msgspec

from kubecapy.apimachinery.meta import KubernetesObject, ObjectMeta, annotations_of

IDENTITY_ANNOTATION: Final = "cluster.k8s.io/identity"
"""Annotation of a Cluster or Machine; written once, with the finalizer, by the reconciler of its kind."""


def identity_of(obj: KubernetesObject) -> str:
    """Return the identity of `obj`: the annotation, else the uid, which the annotation will hold."""
    return annotations_of(obj).get(IDENTITY_ANNOTATION) or obj.metadata.uid


def has_identity(obj: KubernetesObject) -> bool:
    """Return whether the identity of `obj` is stored, so that it outlives a move."""
    return bool(annotations_of(obj).get(IDENTITY_ANNOTATION))


def with_identity(meta: ObjectMeta) -> ObjectMeta:
    """Return `meta` with its uid as identity; `meta` itself where it has one already."""
    known = meta.annotations or {}
    if known.get(IDENTITY_ANNOTATION):
        return meta
    return msgspec.structs.replace(meta, annotations={**known, IDENTITY_ANNOTATION: meta.uid})
