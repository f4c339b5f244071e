"""Keep the security groups of a cluster and their rules."""

from collections.abc import Sequence
from typing import Any

import msgspec

from kubecapy.contract.errors import ProviderError
from kubecapy.providers.openstack.api.cluster_status import Role
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.cluster_naming import ClusterOwner
from kubecapy.providers.openstack.services.kinds import SECURITY_GROUPS
from kubecapy.providers.openstack.services.owned import OwnedWish, ensure_owned
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need, telling_what_is_left
from kubecapy.providers.openstack.services.resources import SecurityGroup, SecurityGroupRule
from kubecapy.providers.openstack.services.rules import RuleContent, WishedRule, plan_rules
from kubecapy.telemetry.logs import V, get_logger

_LOG = get_logger(__name__)


class _Made(msgspec.Struct, frozen=True):
    """The answer to a request that makes several rules."""

    security_group_rules: tuple[SecurityGroupRule, ...]


async def ensure_group(
    project: Project,
    owner: ClusterOwner,
    role: Role,
    tags: tuple[str, ...],
    recorded_id: str,
    max_age_seconds: float,
) -> SecurityGroup:
    """Find or make the group of machines of `role`, whatever its rules."""
    wish = OwnedWish(owner.group_name(role), owner.group_description(role), recorded_id, owner.tags_with(tags))
    return await ensure_owned(project, SECURITY_GROUPS, owner, wish, max_age_seconds)


async def ensure_rules(
    project: Project, owner: ClusterOwner, group: SecurityGroup, wished: Sequence[WishedRule]
) -> SecurityGroup:
    """Make the rules that are missing, in one request, then delete those of ours that are too many.

    Order: nothing that is let through by the old rules and the new ones is cut off in between.
    """
    plan = plan_rules(group.rules, wished, owner.mark)
    if plan.create:
        group = await _create_rules(project, owner, group, plan.create)
    for rule in plan.delete:
        group = await _delete_rule(project, owner, group, rule)
    return group


async def _create_rules(
    project: Project, owner: ClusterOwner, group: SecurityGroup, rules: Sequence[WishedRule]
) -> SecurityGroup:
    _LOG.log(V(2), "creating %d rules of security group %s of %s", len(rules), group.name, owner)
    doing = f"creating rules of security group {group.name} of {owner}"
    call = Call(doing=doing, service="network", method="POST", path="/security-group-rules")
    body = {"security_group_rules": [_rule_body(owner, group, rule) for rule in rules]}
    listing = project.shared(SECURITY_GROUPS)
    try:
        async with telling_what_is_left(project, Need(security_group_rules=len(rules))):
            made = await project.client.write(call, body, "", _Made)
    except ProviderError:
        listing.invalidate()  # They may be there all the same, or another rule of the same content is.
        raise
    changed = msgspec.structs.replace(group, rules=(*group.rules, *made.security_group_rules))
    listing.note_changed(changed)
    return changed


async def _delete_rule(
    project: Project, owner: ClusterOwner, group: SecurityGroup, rule: SecurityGroupRule
) -> SecurityGroup:
    _LOG.log(V(2), "deleting rule %s of security group %s of %s", rule.id, group.name, owner)
    doing = f"deleting a rule of security group {group.name} of {owner}"
    path = f"/security-group-rules/{rule.id}"
    await project.client.delete(Call(doing=doing, service="network", method="DELETE", path=path))
    changed = msgspec.structs.replace(group, rules=tuple(kept for kept in group.rules if kept.id != rule.id))
    project.shared(SECURITY_GROUPS).note_changed(changed)
    return changed


def _rule_body(owner: ClusterOwner, group: SecurityGroup, rule: WishedRule) -> dict[str, Any]:
    body = {"security_group_id": group.id, "description": owner.rule_description(rule.purpose)}
    return body | _content_body(rule.content)


def _content_body(content: RuleContent) -> dict[str, Any]:
    """Return a content in Neutron's names; what means any is left out."""
    given: dict[str, Any] = {
        "direction": content.direction,
        "ethertype": content.ether_type,
        "protocol": content.protocol,
        "remote_ip_prefix": content.remote_prefix,
        "remote_group_id": content.remote_group_id,
    }
    body = {name: value for name, value in given.items() if value}
    if content.port_min >= 0:
        body["port_range_min"] = content.port_min
    if content.port_max >= 0:
        body["port_range_max"] = content.port_max
    return body
