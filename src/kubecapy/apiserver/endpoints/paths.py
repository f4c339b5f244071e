"""Read what a request addresses out of its path.

Sources: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris; k8s.io/apiserver
pkg/endpoints/request/requestinfo.go.
"""

import msgspec

from kubecapy.apiserver.interfaces import Attributes

_METHOD_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_NAMESPACE_PARTS = ("status", "finalize")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The resource that a path names."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    """All that follows the name: no part of any object where it holds a slash."""
    is_watch: bool = False
    """Whether the path is of the old form `/api/v1/watch/pods`."""


def parse_target(path: str) -> Target | None:
    """Return the resource that the decoded `path` names; None for any other path."""
    parts = path.strip("/").split("/")
    if path.startswith("//"):
        return None
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
        subresource=target.subresource.partition("/")[0],
        # A namespace is judged as being inside of itself, so that a Role in it can grant reading it.
        namespace=target.namespace or (target.name if (target.group, target.plural) == ("", "namespaces") else ""),
        name=target.name,
        path=path,
    )


def _verb(method: str, target: Target, *, is_watch: bool) -> str:
    if target.is_watch:
        return "watch"
    if method in ("GET", "HEAD"):
        if target.name:
            return "get"
        return "watch" if is_watch else "list"
    if method == "DELETE":
        return "delete" if target.name else "deletecollection"
    return _METHOD_VERBS.get(method, "")


def _below_version(group: str, version: str, rest: list[str]) -> Target | None:
    is_watch = rest[0] == "watch" and len(rest) > 1
    if is_watch:
        rest = rest[1:]
    namespace = ""
    # `namespaces/x` is the object x, `namespaces/x/status` a part of it, `namespaces/x/pods` something in it.
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in _NAMESPACE_PARTS:
        namespace, rest = rest[1], rest[2:]
    plural, name = (*rest, "")[:2]
    return Target(
        group=group,
        version=version,
        plural=plural,
        namespace=namespace,
        name=name,
        subresource="/".join(rest[2:]),
        is_watch=is_watch,
    )
