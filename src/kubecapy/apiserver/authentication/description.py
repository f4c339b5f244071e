"""Write users as the API shows them (authentication.k8s.io/v1 UserInfo)."""

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.interfaces import UserInfo


def describe(user: UserInfo) -> JsonObject:
    """Return username, uid, groups and extra of `user`; uid and extra are left out where they are empty."""
    shown: JsonObject = {"username": user.name}
    if user.uid:
        shown["uid"] = user.uid
    shown["groups"] = list(user.groups)
    if user.extra:
        shown["extra"] = {key: list(values) for key, values in user.extra.items()}
    return shown
