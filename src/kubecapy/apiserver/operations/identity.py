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
    metadata = obj["metadata"]
    stated = read_text(obj, "metadata", "namespace")
    if stated and kind.namespaced and stated != namespace:
        raise BadRequest(_OTHER_NAMESPACE)
    # A text that is no number counts as none there too (apiserver/pkg/storage, APIObjectVersioner).
    revision = read_text(obj, "metadata", "resourceVersion")
    if revision.isascii() and revision.isdigit() and int(revision):
        raise BadRequest("resourceVersion should not be set on objects to be created")
    metadata.pop("resourceVersion", None)
    metadata.pop("namespace", None)
    if kind.namespaced:
        metadata["namespace"] = namespace


def check_address(kind: ServedKind, key: ObjectKey, wished: JsonObject) -> None:
    """Check that `wished` is meant for `key`, and give it the namespace that it may leave out, in place.

    Raises:
        BadRequest: it has no name, or another name or namespace.
    """
    metadata = wished["metadata"]
    if not metadata.get("name"):
        raise BadRequest(f"the name of the object ({key.name} based on URL) was undeterminable: name must be provided")
    if metadata["name"] != key.name:
        raise BadRequest(f"the name of the object ({metadata['name']}) does not match the name on the URL ({key.name})")
    if not kind.namespaced:
        metadata.pop("namespace", None)
    elif metadata.setdefault("namespace", key.namespace) != key.namespace:
        raise BadRequest(_OTHER_NAMESPACE)


def check_precondition(kind: ServedKind, key: ObjectKey, wished: JsonObject, old: JsonObject) -> None:
    """Check that `wished`, sent whole, replaces the object that its uid names; without one it replaces any.

    Raises:
        Conflict: it has another uid.
    """
    uid, stored = wished["metadata"].get("uid"), old["metadata"].get("uid")
    if uid and uid != stored:
        message = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {stored}"
        raise conflict(kind.qualified_plural, key.name, message)


def check_revision(
    kind: ServedKind, key: ObjectKey, wished: JsonObject, old: JsonObject, *, is_replacement: bool
) -> None:
    """Check that `wished` is based on the state `old`; without a revision it is based on any.

    Raises:
        BadRequest: the revision is none.
        Conflict: the object changed since.
        Invalid: a whole object of a kind that demands its revision was sent without one.
    """
    stated = wished["metadata"].get("resourceVersion") or "0"
    if not (stated.isascii() and stated.isdigit()):
        raise BadRequest(f'metadata.resourceVersion: Invalid value: "{stated}": expected a revision that was read')
    if stated == "0":
        if is_replacement and kind.strategy.needs_resource_version:
            wrong = invalid_field("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(kind.plural, kind.group, key.name, [wrong])
    elif stated != old["metadata"]["resourceVersion"]:
        raise conflict(kind.qualified_plural, key.name, _MODIFIED)
