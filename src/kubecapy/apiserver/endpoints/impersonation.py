"""Let a sender act as somebody else, where it may.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from multidict import CIMultiDictProxy

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apiserver.interfaces import Attributes, Authorizes, UserInfo

_USER, _UID, _GROUP, _EXTRA = "Impersonate-User", "Impersonate-Uid", "Impersonate-Group", "Impersonate-Extra-"
_ACCOUNT_PREFIX = "system:serviceaccount:"
_ANONYMOUS = "system:anonymous"
_IDENTITY = "authentication.k8s.io"


def act_as(user: UserInfo, headers: CIMultiDictProxy[str], authorizer: Authorizes) -> UserInfo:
    """Return whom `user` acts as by the `Impersonate-*` headers; `user` itself without them.

    Raises:
        BadRequest: groups or other facts are impersonated without a user.
        Forbidden: `user` may not act as one of those named.
    """
    asked = [name for name in headers if name.lower().startswith("impersonate-")]
    if not asked:
        return user
    name = headers.get(_USER, "")
    if not name:
        raise BadRequest(f"requested {', '.join(sorted(set(asked)))} without impersonating a user")
    impersonated = UserInfo(
        name=name,
        uid=headers.get(_UID, ""),
        groups=tuple(headers.getall(_GROUP, ())),
        extra=_extra(headers),
    )
    for attributes in _permissions(impersonated):
        authorizer.authorize(user, attributes)
    return _with_implied_groups(impersonated)


def _extra(headers: CIMultiDictProxy[str]) -> Mapping[str, tuple[str, ...]]:
    names = {name.lower() for name in headers if name.lower().startswith(_EXTRA.lower())}
    return {unquote(name.removeprefix(_EXTRA.lower())): tuple(headers.getall(name)) for name in sorted(names)}


def _permissions(user: UserInfo) -> Iterator[Attributes]:
    """Yield what one must be allowed in order to act as `user`."""
    namespace, _, account = user.name.removeprefix(_ACCOUNT_PREFIX).partition(":")
    if user.name.startswith(_ACCOUNT_PREFIX) and account:
        yield _impersonate("", "serviceaccounts", account, namespace=namespace)
    else:
        yield _impersonate("", "users", user.name)
    for group in user.groups:
        yield _impersonate("", "groups", group)
    if user.uid:
        yield _impersonate(_IDENTITY, "uids", user.uid)
    for key, values in user.extra.items():
        for value in values:
            yield _impersonate(_IDENTITY, "userextras", value, subresource=key)


def _impersonate(group: str, resource: str, name: str, *, namespace: str = "", subresource: str = "") -> Attributes:
    return Attributes(
        verb="impersonate",
        group=group,
        version="v1",
        resource=resource,
        subresource=subresource,
        namespace=namespace,
        name=name,
    )


def _with_implied_groups(user: UserInfo) -> UserInfo:
    """Add the groups that a user of that name is always in."""
    implied = ["system:unauthenticated" if user.name == _ANONYMOUS else "system:authenticated"]
    namespace, _, account = user.name.removeprefix(_ACCOUNT_PREFIX).partition(":")
    if user.name.startswith(_ACCOUNT_PREFIX) and account and not user.groups:
        implied = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", *implied]
    groups = (*user.groups, *(group for group in implied if group not in user.groups))
    return UserInfo(user.name, user.uid, groups, user.extra)
