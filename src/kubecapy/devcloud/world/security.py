"""Keep security groups and the default group that every project has."""

from collections.abc import Sequence
from datetime import datetime

from kubecapy.devcloud.refusals import conflict, not_found
from kubecapy.devcloud.world.network import SecurityGroup, SecurityGroupRule, stamp
from kubecapy.devcloud.world.protocols import number_of
from kubecapy.devcloud.world.world import World

DEFAULT_GROUP = "default"
ETHERTYPES = ("IPv4", "IPv6")
_ANYWHERE = ("0.0.0.0/0", "::/0")
"""Neutron compares these as if no prefix were given (neutron.db.securitygroups_db, `_rule_to_key`)."""


def get_group(world: World, group_id: str) -> SecurityGroup:
    """Return a security group.

    Raises:
        Refusal: 404, there is none.
    """
    group = world.security_groups.get(group_id)
    if group is None:
        raise not_found(f"Security group {group_id} does not exist", "SecurityGroupNotFound")
    return group


def require_groups(world: World, group_ids: Sequence[str]) -> None:
    """Refuse an id of `group_ids` that is no security group.

    Raises:
        Refusal: 404.
    """
    for group_id in group_ids:
        get_group(world, group_id)


def rules_of(world: World, group_id: str) -> list[SecurityGroupRule]:
    """Return the rules of a group, oldest first."""
    return [rule for rule in world.security_group_rules.values() if rule.security_group_id == group_id]


def ensure_default_group(world: World, project_id: str, now: datetime) -> SecurityGroup:
    """Return the project's group `default`; the first use makes it, as on real Neutron."""
    for group in world.security_groups.values():
        if group.project_id == project_id and group.name == DEFAULT_GROUP:
            return group
    group = add_group(
        world,
        SecurityGroup(
            id=world.identifiers.uuid(), project_id=project_id, name=DEFAULT_GROUP, description="Default security group"
        ),
        now,
    )
    for ethertype in ETHERTYPES:
        add_rule(
            world,
            SecurityGroupRule(
                id=world.identifiers.uuid(),
                project_id=project_id,
                security_group_id=group.id,
                direction="ingress",
                ethertype=ethertype,
                remote_group_id=group.id,
            ),
            now,
        )
    return group


def add_group(world: World, group: SecurityGroup, now: datetime) -> SecurityGroup:
    """Store a new group with Neutron's two first rules: everything may leave."""
    group = stamp(group, now)
    world.security_groups[group.id] = group
    for ethertype in ETHERTYPES:
        add_rule(
            world,
            SecurityGroupRule(
                id=world.identifiers.uuid(),
                project_id=group.project_id,
                security_group_id=group.id,
                direction="egress",
                ethertype=ethertype,
            ),
            now,
        )
    return group


def add_rule(world: World, rule: SecurityGroupRule, now: datetime) -> SecurityGroupRule:
    """Store a new rule.

    Raises:
        Refusal: 409, the group has a rule of the same content.
    """
    for other in rules_of(world, rule.security_group_id):
        if _content(other) == _content(rule):
            raise conflict(f"Security group rule already exists. Rule id is {other.id}.", "SecurityGroupRuleExists")
    rule = stamp(rule, now)
    world.security_group_rules[rule.id] = rule
    return rule


def remove_group(world: World, group: SecurityGroup) -> None:
    """Remove a group with its rules, and with those of other groups that name it.

    Neutron's database lets these go with it (neutron.db.models.securitygroup, `remote_group_id`, ondelete CASCADE).

    Raises:
        Refusal: 409, a port uses it.
    """
    if is_in_use(world, group):
        raise conflict(f"Security Group {group.id} in use.", "SecurityGroupInUse")
    for rule in list(world.security_group_rules.values()):
        if group.id in (rule.security_group_id, rule.remote_group_id):
            del world.security_group_rules[rule.id]
    del world.security_groups[group.id]


def is_in_use(world: World, group: SecurityGroup) -> bool:
    """Return whether a port is in a group."""
    return any(group.id in port.security_groups for port in world.ports.values())


def _content(rule: SecurityGroupRule) -> tuple[object, ...]:
    """Return what makes a rule; a protocol's name and number are the same to Neutron."""
    return (
        rule.direction,
        rule.ethertype,
        None if rule.protocol is None else number_of(rule.protocol),
        rule.port_range_min,
        rule.port_range_max,
        None if rule.remote_ip_prefix in _ANYWHERE else rule.remote_ip_prefix,
        rule.remote_group_id,
    )
