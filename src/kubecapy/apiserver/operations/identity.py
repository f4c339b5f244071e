"""Check that a written object is the one that its address means, in the state that its sender knows."""

from kubecapy.apimachinery.errors import BadRequest, conflict, invalid
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.registry.access import read_text
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field

_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
_OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


def place_new(kind: ServedKind, namespace: str, obj: JsonObject) -> None:
    """Put the new object `obj`, in place, where it was sent.

    Raises:
        BadRequest: it says that it belongs elsewhere, or that it has been stored before.
    """
    metadata = _metadata(obj)
    stated = read_text(obj, "metadata", "namespace")
    if stated and kind.namespaced and stated != namespace:
        raise BadRequest(f"{_OTHER_NAMESPACE} ({stated} != {namespace})")
    if read_text(obj, "metadata", "resourceVersion") not in ("", "0"):
        raise BadRequest("resourceVersion should not be set on objects to be created")
    metadata.pop("resourceVersion", None)
    metadata.pop("namespace", None)
    if kind.namespaced:
        metadata["namespace"] = namespace


def check_same(kind: ServedKind, key: ObjectKey, wished: JsonObject, old: JsonObject) -> None:
    """Check that `wished` is the object `old` at `key`; what it leaves out of its address is filled in place.

    Raises:
        BadRequest: it has another name or namespace.
        Conflict: it has another uid.
    """
    metadata = _metadata(wished)
    if metadata.setdefault("name", key.name) != key.name:
        raise BadRequest(f"the name of the object ({metadata['name']}) does not match the name on the URL ({key.name})")
    if key.namespace and metadata.setdefault("namespace", key.namespace) != key.namespace:
        raise BadRequest(f"{_OTHER_NAMESPACE} ({metadata['namespace']} != {key.namespace})")
    uid, stored = metadata.get("uid"), old["metadata"].get("uid")
    if uid and uid != stored:
        message = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {stored}"
        raise conflict(kind.qualified_plural, key.name, message)


def check_revision(
    kind: ServedKind, key: ObjectKey, wished: JsonObject, old: JsonObject, *, is_replacement: bool
) -> None:
    """Check that `wished` is based on the state `old`; without a revision it is based on any.

    Raises:
        Conflict: the object changed since.
        Invalid: a whole object of a kind that demands its revision was sent without one.
    """
    stated = wished["metadata"].get("resourceVersion") or "0"
    if stated == "0":
        if is_replacement and kind.strategy.needs_resource_version:
            wrong = invalid_field("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(kind.kind, kind.group, key.name, [wrong])
    elif stated != old["metadata"]["resourceVersion"]:
        raise conflict(kind.qualified_plural, key.name, _MODIFIED)


def _metadata(obj: JsonObject) -> JsonObject:
    """Return the metadata of `obj` for changing.

    Raises:
        BadRequest: it is no object.
    """
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise BadRequest("metadata: expected an object")
    return metadata
