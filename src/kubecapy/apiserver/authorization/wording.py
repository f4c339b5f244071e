"""Word refusals as the API server does.

Source: k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go (v0.32).
"""

from collections.abc import Sequence

from kubecapy.apimachinery.errors import Forbidden, StatusDetails
from kubecapy.apiserver.interfaces import Attributes, UserInfo


def forbidden(user: UserInfo, attributes: Attributes, why: str = "") -> Forbidden:
    """Return the refusal, with what the authorizer says of its cause."""
    wish = _wish(user, attributes)
    return refused(attributes, f"{wish}: {why}" if why else wish)


def joined(errors: Sequence[str]) -> str:
    """Return several errors as Go joins them (k8s.io/apimachinery pkg/util/errors)."""
    return f"[{', '.join(errors)}]" if len(errors) > 1 else "".join(errors)


def refused(attributes: Attributes, reason: str) -> Forbidden:
    """Return the refusal of a request for `reason`."""
    if not attributes.is_resource:
        return Forbidden(f"forbidden: {reason}", details=StatusDetails())
    qualified = f"{attributes.resource}.{attributes.group}" if attributes.group else attributes.resource
    subject = f'{qualified} "{attributes.name}"' if attributes.name else qualified
    details = StatusDetails(name=attributes.name, group=attributes.group, kind=attributes.resource)
    return Forbidden(f"{subject} is forbidden: {reason}", details=details)


def _wish(user: UserInfo, attributes: Attributes) -> str:
    if not attributes.is_resource:
        return f'User "{user.name}" cannot {attributes.verb} path "{attributes.path}"'
    resource = f"{attributes.resource}/{attributes.subresource}" if attributes.subresource else attributes.resource
    place = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    return (
        f'User "{user.name}" cannot {attributes.verb} resource "{resource}" in API group "{attributes.group}" {place}'
    )
