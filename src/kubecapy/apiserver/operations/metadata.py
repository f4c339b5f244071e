"""Check and keep the metadata of written objects.

Sources: k8s.io/apiserver pkg/registry/rest (BeforeCreate, BeforeUpdate); k8s.io/apimachinery pkg/api/validation.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.codec import DecodeError, convert
from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject, ObjectMeta
from kubecapy.apimachinery.names import NameRule, qualified_name_error, validate_labels, validate_name
from kubecapy.apimachinery.schema.pruning import METADATA_FIELDS
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.strategies.errors import forbidden, invalid, required

FOREGROUND_FINALIZER = "foregroundDeletion"
ORPHAN_FINALIZER = "orphan"
_MAX_ANNOTATION_BYTES = 256 * 1024
_PLAIN_FINALIZERS = (FOREGROUND_FINALIZER, ORPHAN_FINALIZER, "kubernetes")
_DROPPED = frozenset({"managedFields", "selfLink", "clusterName"})
"""What clients may send and this server does not keep."""
_KNOWN = METADATA_FIELDS - _DROPPED
_SYSTEM = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_KEPT_ON_UPDATE = ("generateName", *_SYSTEM)


def read_metadata(kind: ServedKind, obj: JsonObject) -> list[str]:
    """Reduce the metadata of `obj` to what is known, in place, and return the paths of unknown fields.

    Raises:
        BadRequest: the metadata, or a field of it, has the wrong type.
    """
    metadata = obj.get("metadata")
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise cannot_be_handled(kind, "metadata: expected an object")
    kept = {name: value for name, value in metadata.items() if name in _KNOWN and value is not None}
    try:
        convert(kept, ObjectMeta)
    except DecodeError as error:
        raise cannot_be_handled(kind, f"json: metadata.{error.path}: {error.message}") from error
    obj["metadata"] = kept
    return [f"metadata.{name}" for name in metadata if name not in _KNOWN and name not in _DROPPED]


def cannot_be_handled(kind: ServedKind, why: str) -> BadRequest:
    """Return the error for a body that does not decode as its kind."""
    return BadRequest(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}')


def clear_system_fields(obj: JsonObject) -> None:
    """Drop from a new object, in place, what only the server sets."""
    for name in _SYSTEM:
        obj["metadata"].pop(name, None)


def keep_system_fields(obj: JsonObject, old: JsonObject) -> None:
    """Give `obj`, in place, the metadata of `old` that no client can change."""
    for name in _KEPT_ON_UPDATE:
        if name in old["metadata"]:
            obj["metadata"][name] = old["metadata"][name]
        else:
            obj["metadata"].pop(name, None)


def validate_metadata(kind: ServedKind, obj: JsonObject) -> list[FieldError]:
    """Return what is wrong with the metadata of `obj`."""
    return validate_metadata_by(kind.strategy.name_rule, obj["metadata"])


def validate_metadata_by(rule: NameRule, metadata: JsonObject) -> list[FieldError]:
    """Return what is wrong with `metadata`, whose name must follow `rule`."""
    return [
        *_validate_name(metadata, rule),
        *validate_labels(metadata.get("labels") or {}, "metadata.labels"),
        *_validate_annotations(metadata.get("annotations") or {}),
        *_validate_finalizers(metadata.get("finalizers") or []),
        *_validate_owners(metadata.get("ownerReferences") or []),
    ]


def validate_metadata_change(obj: JsonObject, old: JsonObject) -> list[FieldError]:
    """Return what an update may not change: an object that is being deleted takes no new finalizers."""
    if "deletionTimestamp" not in old["metadata"]:
        return []
    known = set(old["metadata"].get("finalizers") or ())
    new = [name for name in obj["metadata"].get("finalizers") or () if name not in known]
    if not new:
        return []
    listed = ", ".join(f'"{name}"' for name in new)
    detail = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
    return [forbidden("metadata.finalizers", detail)]


def _validate_name(metadata: JsonObject, rule: NameRule) -> Iterator[FieldError]:
    name = metadata.get("name", "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif wrong := validate_name(name, rule):
        yield invalid("metadata.name", name, wrong)


def _validate_annotations(annotations: dict[str, str]) -> Iterator[FieldError]:
    for key in annotations:
        if wrong := qualified_name_error(key.lower()):
            yield invalid("metadata.annotations", key, wrong)
    if sum(len(key) + len(value) for key, value in annotations.items()) > _MAX_ANNOTATION_BYTES:
        detail = f"Too long: may not be more than {_MAX_ANNOTATION_BYTES} bytes"
        yield FieldError("metadata.annotations", "FieldValueTooLong", detail)


def _validate_finalizers(finalizers: list[str]) -> Iterator[FieldError]:
    for index, name in enumerate(finalizers):
        if name in _PLAIN_FINALIZERS:
            continue
        if wrong := qualified_name_error(name):
            yield invalid("metadata.finalizers", name, wrong)
        elif "/" not in name and "." not in name:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(f"metadata.finalizers[{index}]", name, detail)
    if FOREGROUND_FINALIZER in finalizers and ORPHAN_FINALIZER in finalizers:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        yield invalid("metadata.finalizers", finalizers, detail)


def _validate_owners(owners: list[JsonObject]) -> Iterator[FieldError]:
    for index, owner in enumerate(owners):
        path = f"metadata.ownerReferences[{index}]"
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                yield invalid(f"{path}.{field}", owner.get(field, ""), f"{field} must not be empty")
    controllers = [str(owner.get("kind")) for owner in owners if owner.get("controller")]
    if len(controllers) > 1:
        detail = f"Only one reference can have Controller set to true. Found {len(controllers)}"
        yield invalid("metadata.ownerReferences", controllers, detail)
