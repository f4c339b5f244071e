"""Show a stored object in the version that is asked for, and store it in the one of its kind.

Versions differ in their names and schemas, not in what they say: there is no conversion but `None`. Source:
pkg/apiserver/schema of k8s.io/apiextensions-apiserver (customresource_handler.go, schemaCoercingConverter).
"""

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.kinds import ServedKind


def is_storage_version(kind: ServedKind) -> bool:
    """Return whether objects are stored in the version that `kind` is."""
    return kind.storage_version in ("", kind.version)


def shows_as_stored(kind: ServedKind) -> bool:
    """Return whether every stored object is shown as it is: all are of the version that `kind` is."""
    return is_storage_version(kind) and all(version == kind.version for version in kind.stored_versions)


def as_shown(obj: JsonObject, kind: ServedKind) -> JsonObject:
    """Return the stored object `obj` as `kind` shows it, without the fields of other versions; `obj` is given away."""
    obj["apiVersion"] = kind.api_version
    if kind.schema is None or shows_as_stored(kind):
        return obj
    shown: JsonObject = kind.schema.prune(obj)[0]
    return shown


def as_stored(obj: JsonObject, kind: ServedKind) -> JsonObject:
    """Return `obj` as it is stored, with the fields and the defaults of that version; `obj` is given away."""
    if is_storage_version(kind):
        return obj
    obj["apiVersion"] = f"{kind.group}/{kind.storage_version}"
    if kind.storage_schema is None:
        return obj
    stored: JsonObject = kind.storage_schema.default(kind.storage_schema.prune(obj)[0])
    return stored
