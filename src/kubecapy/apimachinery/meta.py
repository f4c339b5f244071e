"""Describe what every Kubernetes object carries: its metadata and its address.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

JsonObject = dict[str, Any]
"""A decoded JSON object whose shape this code does not know, as the API server and opaque fields carry it."""


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Base of every API type: frozen, camelCase on the wire, absent where it equals its default.

    An optional field whose zero means something (replicas 0, false) defaults to None, so that the zero is written.

    The garbage collector does not look at values: they are made from the inside out and never changed, so none can
    refer to itself. While 10,000 machines are listed it looks through all that is there again and again, and would take
    as long as the decoding; a value is 16 bytes smaller without it, too.
    """


def always_written(text: str) -> str:
    """Return the default of a field that is written even where it equals `text`: `apiVersion` and `kind`.

    msgspec leaves out a field that equals its plain default, but not one whose default comes from a factory.
    """
    return msgspec.field(default_factory=lambda: text)


class OwnerReference(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Names the object that this one belongs to."""

    api_version: str
    """Group and version of the owner, such as `cluster.k8s.io/v1alpha1`."""
    kind: str
    """Kind of the owner."""
    name: str
    """Name of the owner, in the same namespace or cluster-scoped."""
    uid: str
    """Uid of the owner; a new object of the same name is another owner."""
    controller: bool | None = None
    """True for the one owner that manages this object."""
    block_owner_deletion: bool | None = None
    """True where a foreground delete of the owner waits for this object."""


class ObjectMeta(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Metadata of one object; the server fills uid, resourceVersion, generation and creationTimestamp."""

    name: str = ""
    """Unique within kind and namespace."""
    generate_name: str = ""
    """Prefix of a name that the server completes with five characters."""
    namespace: str = ""
    """Empty for cluster-scoped kinds."""
    uid: str = ""
    """Unique in space and time; empty before the object is stored."""
    resource_version: str = ""
    """Opaque revision of the stored object; only equality means anything."""
    generation: int = 0
    """Grows with each change of the spec."""
    creation_timestamp: str | None = None
    """RFC 3339, whole seconds."""
    deletion_timestamp: str | None = None
    """RFC 3339; set once deletion was asked for and finalizers remain."""
    deletion_grace_period_seconds: int | None = None
    """Seconds that a pod is given to end."""
    labels: Mapping[str, str] | None = None
    """Identifying key and value pairs that selectors see."""
    annotations: Mapping[str, str] | None = None
    """Other key and value pairs."""
    finalizers: tuple[str, ...] = ()
    """Names of those who must act before the object goes."""
    owner_references: tuple[OwnerReference, ...] = ()
    """Objects that this one belongs to."""


class KubernetesObject(Protocol):
    """Anything with metadata; kinds are Structs with `api_version`, `kind`, `metadata` and their own fields."""

    @property
    def metadata(self) -> ObjectMeta:
        """Return the object's metadata."""
        ...


class ObjectKey(NamedTuple):
    """Addresses one object of a known kind; `namespace` is empty for cluster-scoped kinds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Return `namespace/name`, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def key_of(obj: KubernetesObject) -> ObjectKey:
    """Return the key of `obj`."""
    return ObjectKey(obj.metadata.namespace, obj.metadata.name)


def is_deleting(obj: KubernetesObject) -> bool:
    """Return whether deletion of `obj` was asked for."""
    return obj.metadata.deletion_timestamp is not None


def has_finalizer(obj: KubernetesObject, finalizer: str) -> bool:
    """Return whether `finalizer` holds `obj`."""
    return finalizer in obj.metadata.finalizers


def labels_of(obj: KubernetesObject) -> Mapping[str, str]:
    """Return the labels of `obj`, empty where it has none."""
    return obj.metadata.labels or {}


def annotations_of(obj: KubernetesObject) -> Mapping[str, str]:
    """Return the annotations of `obj`, empty where it has none."""
    return obj.metadata.annotations or {}
