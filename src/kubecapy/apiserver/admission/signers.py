"""Decide who may approve and sign for a signer of certificates."""

from typing import Final

from kubecapy.apiserver.authorization import Authorizer
from kubecapy.apiserver.interfaces import Attributes, UserInfo

_GROUP: Final = "certificates.k8s.io"


def may_use_signer(authorizer: Authorizer, user: UserInfo, verb: str, signer: str) -> bool:
    """Return whether `user` may `approve` or `sign` for `signer`, by its full name or by `<domain>/*`.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization.
    """
    domain = signer.partition("/")[0]
    names = (signer, f"{domain}/*")
    asked = (Attributes(verb=verb, group=_GROUP, version="v1", resource="signers", name=name) for name in names)
    return any(authorizer.is_allowed(user, attributes) for attributes in asked)
