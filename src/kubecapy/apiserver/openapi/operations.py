"""Write the paths that OpenAPI publishes for kinds.

kubectl reads three things here: that PATCH and POST take `fieldValidation`, so that the server validates; the address
of the kind on each operation; and which patches the kind takes.
"""

from collections.abc import Iterable

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.openapi.schemas import OPTIONS_SCHEMA, STATUS_SCHEMA, gvk_extension, reference, schema_name
from kubecapy.apiserver.registry.kinds import ServedKind

_PATCHES = ("application/json-patch+json", "application/merge-patch+json")
"""Strategic merge is served for built-in kinds but not published: kubectl then computes such patches from the types
that it has compiled in, which know more of these kinds than the open schemas here."""


def kind_paths(kinds: Iterable[ServedKind]) -> dict[str, JsonObject]:
    """Return the path items of `kinds` by path."""
    paths: dict[str, JsonObject] = {}
    for kind in kinds:
        collection = _collection_path(kind)
        paths[collection] = _collection(kind)
        if kind.is_virtual:
            continue
        if kind.namespaced:
            paths[_root(kind)] = {"get": _operation(kind, "list", "read", "ForAllNamespaces", _list_reply(kind))}
        paths[f"{collection}/{{name}}"] = _item(kind, "")
        for subresource in kind.subresources:
            if subresource.name == "status":
                paths[f"{collection}/{{name}}/status"] = _item(kind, "Status")
    return paths


def _root(kind: ServedKind) -> str:
    return f"/apis/{kind.group}/{kind.version}/{kind.plural}" if kind.group else f"/api/{kind.version}/{kind.plural}"


def _collection_path(kind: ServedKind) -> str:
    root = _root(kind)
    return f"{root[: -len(kind.plural)]}namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else root


def _collection(kind: ServedKind) -> JsonObject:
    name = schema_name(kind)
    item: JsonObject = {"parameters": _path_parameters(kind, with_name=False)}
    if "list" in kind.verbs:
        item["get"] = _operation(kind, "list", "list", "", _list_reply(kind))
    create = _operation(kind, "create", "post", "", reference(name), _write_parameters())
    item["post"] = create | {"requestBody": _body(("*/*",), name)}
    if "deletecollection" in kind.verbs:
        item["delete"] = _operation(kind, "delete", "deletecollection", "Collection", reference(STATUS_SCHEMA))
    return item


def _item(kind: ServedKind, part: str) -> JsonObject:
    name = schema_name(kind)
    shown = reference(name)
    replace = _operation(kind, "replace", "put", part, shown, _write_parameters())
    patch = _operation(kind, "patch", "patch", part, shown, _write_parameters())
    item: JsonObject = {
        "parameters": _path_parameters(kind, with_name=True),
        "get": _operation(kind, "read", "get", part, shown),
        "put": replace | {"requestBody": _body(("*/*",), name)},
        "patch": patch | {"requestBody": _body(_PATCHES, "")},
    }
    if not part:
        delete = _operation(kind, "delete", "delete", part, reference(STATUS_SCHEMA))
        item["delete"] = delete | {"requestBody": _body(("*/*",), OPTIONS_SCHEMA)}
    return item


def _operation(
    kind: ServedKind,
    verb: str,
    action: str,
    part: str,
    reply: JsonObject,
    parameters: list[JsonObject] | None = None,
) -> JsonObject:
    scope = "Namespaced" if kind.namespaced else ""
    group = kind.group.split(".")[0].capitalize() or "Core"
    return {
        "tags": [f"{kind.group or 'core'}_{kind.version}"],
        "operationId": f"{verb}{group}{kind.version.capitalize()}{scope}{kind.kind}{part}",
        "parameters": parameters or [],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reply}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": gvk_extension(kind),
    }


def _list_reply(kind: ServedKind) -> JsonObject:
    return reference(f"{schema_name(kind)}List")


def _body(types: Iterable[str], name: str) -> JsonObject:
    schema = reference(name) if name else {"type": "object"}
    return {"content": {type_: {"schema": schema} for type_ in types}}


def _path_parameters(kind: ServedKind, *, with_name: bool) -> list[JsonObject]:
    names = (["namespace"] if kind.namespaced else []) + (["name"] if with_name else [])
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "uniqueItems": True}}
        for name in names
    ]


def _write_parameters() -> list[JsonObject]:
    return [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in ("fieldManager", "fieldValidation")
    ]
