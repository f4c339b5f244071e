"""Decide whether one rule covers one request.

Source: k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go (v1.32): `*` stands for everything, `*/log` for the
subresource of everything, `/healthz/*` for all paths below.
"""

from collections.abc import Sequence

from kubecapy.api.rbac import PolicyRule
from kubecapy.apiserver.interfaces import Attributes


def allows(rule: PolicyRule, attributes: Attributes) -> bool:
    """Return whether `rule` allows the request."""
    if not _covers(rule.verbs, attributes.verb):
        return False
    if not attributes.is_resource:
        return any(_covers_path(pattern, attributes.path) for pattern in rule.non_resource_urls)
    return (
        _covers(rule.api_groups, attributes.group)
        and _covers_resource(rule.resources, attributes.resource, attributes.subresource)
        and (not rule.resource_names or attributes.name in rule.resource_names)
    )


def _covers(allowed: Sequence[str], wanted: str) -> bool:
    return wanted in allowed or "*" in allowed


def _covers_resource(allowed: Sequence[str], resource: str, subresource: str) -> bool:
    wanted = f"{resource}/{subresource}" if subresource else resource
    if _covers(allowed, wanted):
        return True
    return bool(subresource) and f"*/{subresource}" in allowed


def _covers_path(pattern: str, path: str) -> bool:
    if pattern in ("*", path):
        return True
    return pattern.endswith("*") and path.startswith(pattern.rstrip("*"))
