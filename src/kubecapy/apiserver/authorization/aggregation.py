"""Join the rules of cluster roles that aggregate others by label.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles. There a controller
writes the joined rules into the role; here they are joined when read, so that no pass of a controller is awaited.
"""

from collections.abc import Iterator, Mapping, Sequence

from kubecapy.api.rbac import ClusterRole, PolicyRule
from kubecapy.apimachinery.json_codec import convert, to_json_object
from kubecapy.apimachinery.meta import Value
from kubecapy.apimachinery.selectors import LabelSelector, label_selector_from_object


class Expression(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One demand on the labels."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class Selector(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A metav1.LabelSelector."""

    match_labels: Mapping[str, str] | None = None
    match_expressions: tuple[Expression, ...] = ()


class AggregationRule(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which cluster roles are joined: those that any of the selectors matches."""

    cluster_role_selectors: tuple[Selector, ...] = ()


def aggregated_rules(role: ClusterRole, all_roles: Sequence[ClusterRole]) -> tuple[PolicyRule, ...]:
    """Return the rules of `role` and of all that it aggregates, directly or through others."""
    return tuple(rule for member in _members(role, all_roles, set()) for rule in member.rules or ())


def _members(role: ClusterRole, all_roles: Sequence[ClusterRole], seen: set[str]) -> Iterator[ClusterRole]:
    """Yield `role` and its members; `seen` ends circles."""
    if role.metadata.name in seen:
        return
    seen.add(role.metadata.name)
    yield role
    selectors = _selectors(role)
    for other in all_roles:
        labels = other.metadata.labels or {}
        if any(selector.matches(labels) for selector in selectors):
            yield from _members(other, all_roles, seen)


def _selectors(role: ClusterRole) -> list[LabelSelector]:
    """Return the role's selectors; a malformed rule selects nothing, as it grants nothing."""
    if role.aggregation_rule is None:
        return []
    try:
        rule = convert(role.aggregation_rule, AggregationRule)
        return [label_selector_from_object(to_json_object(selector)) for selector in rule.cluster_role_selectors]
    except ValueError:
        return []
