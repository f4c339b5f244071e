"""Write the schemas that OpenAPI publishes for kinds.

Built-in kinds are described as far as this server checks them: what every object has, and sections left open.
"""

from collections.abc import Iterable

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.kinds import ServedKind

_META_PACKAGE = "io.k8s.apimachinery.pkg.apis.meta.v1"
META_SCHEMA = f"{_META_PACKAGE}.ObjectMeta"
OPTIONS_SCHEMA = f"{_META_PACKAGE}.DeleteOptions"
STATUS_SCHEMA = f"{_META_PACKAGE}.Status"
_OWNER_SCHEMA = f"{_META_PACKAGE}.OwnerReference"
_MANAGER_SCHEMA = f"{_META_PACKAGE}.ManagedFieldsEntry"
_FIELDS_SCHEMA = f"{_META_PACKAGE}.FieldsV1"

_CONVENTIONS = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
_API_VERSION = (
    "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized"
    f" schemas to the latest internal value, and may reject unrecognized values. More info: {_CONVENTIONS}#resources"
)
_KIND = (
    "Kind is a string value representing the REST resource this object represents. Servers may infer this from the"
    f" endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: {_CONVENTIONS}#types-kinds"
)
_METADATA = f"Standard object's metadata. More info: {_CONVENTIONS}#metadata"
_OPEN: JsonObject = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_TEXT: JsonObject = {"type": "string"}
_TEXTS: JsonObject = {"type": "object", "additionalProperties": {"type": "string"}}
_TIME: JsonObject = {"type": "string", "format": "date-time"}
_BUILTIN_SECTIONS: dict[str, dict[str, JsonObject]] = {
    "ConfigMap": {"data": _TEXTS, "binaryData": _TEXTS, "immutable": {"type": "boolean"}},
    "Secret": {"data": _TEXTS, "stringData": _TEXTS, "type": _TEXT, "immutable": {"type": "boolean"}},
    "Event": {"involvedObject": _OPEN, "message": _TEXT, "reason": _TEXT, "type": _TEXT},
    "Role": {"rules": {"type": "array", "items": _OPEN}},
    "ClusterRole": {"rules": {"type": "array", "items": _OPEN}, "aggregationRule": _OPEN},
    "RoleBinding": {"roleRef": _OPEN, "subjects": {"type": "array", "items": _OPEN}},
    "ClusterRoleBinding": {"roleRef": _OPEN, "subjects": {"type": "array", "items": _OPEN}},
    "Endpoints": {"subsets": {"type": "array", "items": _OPEN}},
    "ServiceAccount": {
        "secrets": {"type": "array", "items": _OPEN},
        "imagePullSecrets": {"type": "array", "items": _OPEN},
    },
}


def schema_name(kind: ServedKind) -> str:
    """Return the name of a kind's schema: its group's domain reversed, version and kind."""
    if kind.is_custom or "." in kind.group.removesuffix(".k8s.io"):
        return ".".join((*reversed(kind.group.split(".")), kind.version, kind.kind))
    group = kind.group.removesuffix(".k8s.io").split(".")[0] or "core"
    return f"io.k8s.api.{group}.{kind.version}.{kind.kind}"


def reference(name: str) -> JsonObject:
    """Return a reference to the schema `name`."""
    return {"$ref": f"#/components/schemas/{name}"}


def kind_schemas(kinds: Iterable[ServedKind]) -> dict[str, JsonObject]:
    """Return the schemas of `kinds`, of their lists and of what all of them share, by name."""
    schemas = dict(_SHARED)
    for kind in kinds:
        name = schema_name(kind)
        schemas[name] = _kind_schema(kind)
        if not kind.is_virtual:
            schemas[f"{name}List"] = _list_schema(kind, name)
    return schemas


def gvk_extension(kind: ServedKind) -> JsonObject:
    """Return the address of a kind as the extensions of OpenAPI carry it."""
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _kind_schema(kind: ServedKind) -> JsonObject:
    schema = dict(kind.openapi) if kind.openapi else _builtin_schema(kind)
    own = schema.get("properties")
    schema["properties"] = {
        **(own if isinstance(own, dict) else {}),
        "apiVersion": {"type": "string", "description": _API_VERSION},
        "kind": {"type": "string", "description": _KIND},
        "metadata": {"description": _METADATA, "allOf": [reference(META_SCHEMA)]},
    }
    return schema | {"type": "object", "x-kubernetes-group-version-kind": [gvk_extension(kind)]}


def _builtin_schema(kind: ServedKind) -> JsonObject:
    sections = _BUILTIN_SECTIONS.get(kind.kind, {"spec": _OPEN, "status": _OPEN})
    return {"type": "object", "description": kind.description, "properties": dict(sections)}


def _list_schema(kind: ServedKind, name: str) -> JsonObject:
    return {
        "type": "object",
        "description": f"{kind.collection_kind} is a list of {kind.plural}.",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "items": {"type": "array", "items": reference(name)},
        },
        "x-kubernetes-group-version-kind": [gvk_extension(kind) | {"kind": kind.collection_kind}],
    }


_META: JsonObject = {
    "type": "object",
    "description": "ObjectMeta is metadata that all persisted resources must have.",
    "properties": {
        "annotations": _TEXTS,
        "creationTimestamp": _TIME,
        "deletionGracePeriodSeconds": {"type": "integer", "format": "int64"},
        "deletionTimestamp": _TIME,
        "finalizers": {
            "type": "array",
            "items": {"type": "string"},
            "x-kubernetes-list-type": "set",
            "x-kubernetes-patch-strategy": "merge",
        },
        "generateName": _TEXT,
        "generation": {"type": "integer", "format": "int64"},
        "labels": _TEXTS,
        "name": _TEXT,
        "namespace": _TEXT,
        "managedFields": {"type": "array", "items": reference(_MANAGER_SCHEMA), "x-kubernetes-list-type": "atomic"},
        "ownerReferences": {
            "type": "array",
            "items": reference(_OWNER_SCHEMA),
            "x-kubernetes-list-map-keys": ["uid"],
            "x-kubernetes-list-type": "map",
            "x-kubernetes-patch-merge-key": "uid",
            "x-kubernetes-patch-strategy": "merge",
        },
        "resourceVersion": _TEXT,
        "selfLink": _TEXT,
        "uid": _TEXT,
    },
}
_OWNER: JsonObject = {
    "type": "object",
    "description": "OwnerReference names an object that this one belongs to.",
    "required": ["apiVersion", "kind", "name", "uid"],
    "properties": {
        "apiVersion": _TEXT,
        "blockOwnerDeletion": {"type": "boolean"},
        "controller": {"type": "boolean"},
        "kind": _TEXT,
        "name": _TEXT,
        "uid": _TEXT,
    },
    "x-kubernetes-map-type": "atomic",
}
_MANAGER: JsonObject = {
    "type": "object",
    "description": "ManagedFieldsEntry says who set which fields; this server keeps none.",
    "properties": {
        "apiVersion": _TEXT,
        "fieldsType": _TEXT,
        "fieldsV1": reference(_FIELDS_SCHEMA),
        "manager": _TEXT,
        "operation": _TEXT,
        "subresource": _TEXT,
        "time": _TIME,
    },
}
_OPTIONS: JsonObject = {
    "type": "object",
    "description": "DeleteOptions say how an object is deleted.",
    "properties": {
        "apiVersion": _TEXT,
        "kind": _TEXT,
        "gracePeriodSeconds": {"type": "integer", "format": "int64"},
        "preconditions": {"type": "object", "properties": {"uid": _TEXT, "resourceVersion": _TEXT}},
        "propagationPolicy": _TEXT,
    },
    "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "DeleteOptions"}],
}
_STATUS: JsonObject = {
    "type": "object",
    "description": "Status is a reply that is no object.",
    "properties": {
        "apiVersion": _TEXT,
        "kind": _TEXT,
        "code": {"type": "integer", "format": "int32"},
        "details": _OPEN,
        "message": _TEXT,
        "metadata": _OPEN,
        "reason": _TEXT,
        "status": _TEXT,
    },
    "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Status"}],
}
_SHARED: dict[str, JsonObject] = {
    META_SCHEMA: _META,
    OPTIONS_SCHEMA: _OPTIONS,
    STATUS_SCHEMA: _STATUS,
    _OWNER_SCHEMA: _OWNER,
    _MANAGER_SCHEMA: _MANAGER,
    _FIELDS_SCHEMA: {"type": "object", "description": "FieldsV1 is a set of fields."},
}
"""What the schemas of all kinds refer to."""
