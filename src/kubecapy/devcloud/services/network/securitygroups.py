"""Keep security groups and their rules."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request, conflict, not_found
from kubecapy.devcloud.services.network.attributes import (
    Attribute,
    Unfit,
    boolean,
    choice,
    identifier,
    integer,
    nullable,
)
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.world import security, usage
from kubecapy.devcloud.world.network import SecurityGroup, SecurityGroupRule, revise
from kubecapy.devcloud.world.world import World

PORT_PROTOCOLS = frozenset({"tcp", "udp", "sctp", "dccp", "udplite", "6", "17", "132"})


def _prefix(value: object) -> str:
    try:
        return str(ipaddress.ip_network(str(value), strict=False))
    except ValueError as error:
        raise Unfit(f"'{value}' is not a valid IP subnet") from error


def _protocol(value: object) -> str:
    spelled = str(value).lower()
    if spelled.isdecimal() and int(spelled) > 255:
        raise Unfit(f"'{value}' is not a valid protocol number")
    return spelled


RULE_ATTRIBUTES: Mapping[str, Attribute] = {
    "security_group_id": Attribute(identifier, required=True, on_update=False),
    "direction": Attribute(choice("ingress", "egress"), required=True, on_update=False),
    "ethertype": Attribute(choice("IPv4", "IPv6"), on_update=False),
    "protocol": Attribute(nullable(_protocol), on_update=False),
    "port_range_min": Attribute(nullable(integer), on_update=False),
    "port_range_max": Attribute(nullable(integer), on_update=False),
    "remote_ip_prefix": Attribute(nullable(_prefix), on_update=False),
    "remote_group_id": Attribute(nullable(identifier), on_update=False),
}


class SecurityGroups:
    """The kind security group."""

    singular = "security_group"
    path = "security-groups"
    type = SecurityGroup
    derived = frozenset[str]()
    attributes: Mapping[str, Attribute] = {"stateful": Attribute(boolean)}

    def __init__(self, world: World) -> None:
        """Keep the security groups of `world`."""
        self._world = world
        self.table = world.security_groups

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown group."""
        return not_found(f"Security group {identifier} does not exist", "SecurityGroupNotFound")

    def can_see(self, resource: SecurityGroup, caller: Credentials) -> bool:
        """Return whether the group is the caller's or shared."""
        return caller.owns(resource.project_id) or resource.shared

    def view(self, resource: SecurityGroup, _caller: Credentials) -> JsonObject:
        """Return the group's JSON with its rules."""
        view = render(resource)
        view["security_group_rules"] = [render_rule(rule) for rule in security.rules_of(self._world, resource.id)]
        return view

    def create(self, values: JsonObject, _caller: Credentials, now: datetime) -> SecurityGroup:
        """Store a new group, with rules that let everything leave.

        Raises:
            Refusal: 409, the name is `default`, or the quota is used up.
        """
        if values.get("name") == security.DEFAULT_GROUP:
            raise conflict("Default security group already exists.", "SecurityGroupDefaultAlreadyExists")
        usage.require_network_quota(self._world, values["project_id"], "security_group")
        return security.add_group(self._world, SecurityGroup(id=self._world.identifiers.uuid(), **values), now)

    def update(
        self,
        resource: SecurityGroup,
        values: JsonObject,
        _caller: Credentials,
        now: datetime,
    ) -> SecurityGroup:
        """Change a group."""
        changed = revise(resource, now, **values)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: SecurityGroup, caller: Credentials, _now: datetime) -> None:
        """Remove a group with its rules.

        Raises:
            Refusal: 409, it is in use, or it is the default and the caller no administrator.
        """
        if resource.name == security.DEFAULT_GROUP and not caller.is_admin:
            raise conflict(
                "Insufficient rights for removing default security group.", "SecurityGroupCannotRemoveDefault"
            )
        security.remove_group(self._world, resource)


class SecurityGroupRules:
    """The kind security group rule."""

    singular = "security_group_rule"
    path = "security-group-rules"
    type = SecurityGroupRule
    derived = frozenset({"normalized_cidr", "remote_address_group_id"})
    attributes = RULE_ATTRIBUTES

    def __init__(self, world: World) -> None:
        """Keep the rules of `world`."""
        self._world = world
        self.table = world.security_group_rules

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown rule."""
        return not_found(f"Security group rule {identifier} does not exist", "SecurityGroupRuleNotFound")

    def can_see(self, resource: SecurityGroupRule, caller: Credentials) -> bool:
        """Return whether the rule is the caller's."""
        return caller.owns(resource.project_id)

    def view(self, resource: SecurityGroupRule, _caller: Credentials) -> JsonObject:
        """Return the rule's JSON."""
        return render_rule(resource)

    def create(self, values: JsonObject, caller: Credentials, now: datetime) -> SecurityGroupRule:
        """Store a new rule.

        Raises:
            Refusal: 400 ports and protocol do not fit; 404 unknown group; 409 the rule exists, or quota used up.
        """
        world = self._world
        rule = SecurityGroupRule(id=world.identifiers.uuid(), **values)
        _require_sensible(rule)
        for group_id in filter(None, (rule.security_group_id, rule.remote_group_id)):
            if not caller.owns(security.get_group(world, group_id).project_id):
                raise not_found(f"Security group {group_id} does not exist", "SecurityGroupNotFound")
        usage.require_network_quota(world, rule.project_id, "security_group_rule")
        return security.add_rule(world, rule, now)

    def update(
        self,
        resource: SecurityGroupRule,
        values: JsonObject,
        _caller: Credentials,
        now: datetime,
    ) -> SecurityGroupRule:
        """Change a rule's description; nothing else can be changed."""
        changed = revise(resource, now, **values)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: SecurityGroupRule, _caller: Credentials, _now: datetime) -> None:
        """Remove a rule."""
        del self.table[resource.id]


def render_rule(rule: SecurityGroupRule) -> JsonObject:
    """Return a rule's JSON; it has neither a name nor tags of its own in Neutron."""
    view = render(rule)
    del view["name"]
    return view | {"remote_address_group_id": None, "normalized_cidr": rule.remote_ip_prefix}


def _require_sensible(rule: SecurityGroupRule) -> None:
    if rule.remote_ip_prefix is not None and rule.remote_group_id is not None:
        raise bad_request(
            "Only remote_ip_prefix or remote_group_id may be provided.", "SecurityGroupRemoteGroupAndRemoteIpPrefix"
        )
    low, high = rule.port_range_min, rule.port_range_max
    if low is None and high is None:
        return
    if rule.protocol is None:
        raise bad_request(
            "Must also specify protocol if port range is given.", "SecurityGroupProtocolRequiredWithPorts"
        )
    if rule.protocol in PORT_PROTOCOLS and (low is None or high is None or low > high):
        raise bad_request(
            "For TCP/UDP protocols, port_range_min must be <= port_range_max", "SecurityGroupInvalidPortRange"
        )
