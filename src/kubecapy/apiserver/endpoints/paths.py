"""Read what a request addresses out of its path.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris.
"""

import msgspec

from kubecapy.apiserver.interfaces import Attributes

_METHOD_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The resource that a path names."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def parse_target(path: str) -> Target | None:
    """Return the resource that the decoded `path` names; None for any other path."""
    parts = path.strip("/").split("/")
    if len(parts) >= 3 and parts[0] == "api":
        return _below_version("", parts[1], parts[2:])
    if len(parts) >= 4 and parts[0] == "apis":
        return _below_version(parts[1], parts[2], parts[3:])
    return None


def attributes_of(method: str, path: str, target: Target | None, *, is_watch: bool) -> Attributes:
    """Return what authorization judges: the verb that `method` means here, and the address."""
    if target is None:
        return Attributes(verb=method.lower(), path=path)
    return Attributes(
        verb=_verb(method, target, is_watch=is_watch),
        group=target.group,
        version=target.version,
        resource=target.plural,
        subresource=target.subresource,
        # A namespace is judged as being inside of itself, so that a Role in it can grant reading it.
        namespace=target.namespace or (target.name if (target.group, target.plural) == ("", "namespaces") else ""),
        name=target.name,
        path=path,
    )


def _verb(method: str, target: Target, *, is_watch: bool) -> str:
    if method in ("GET", "HEAD"):
        if is_watch:
            return "watch"
        return "get" if target.name else "list"
    if method == "DELETE":
        return "delete" if target.name else "deletecollection"
    return _METHOD_VERBS.get(method, method.lower())


def _below_version(group: str, version: str, rest: list[str]) -> Target | None:
    if not all(rest):
        return None
    namespace = ""
    # `namespaces/x` is the object x, `namespaces/x/status` a part of it, `namespaces/x/pods` something in it.
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        return None
    plural, name, subresource = (*rest, "", "")[:3]
    return Target(group=group, version=version, plural=plural, namespace=namespace, name=name, subresource=subresource)
