"""Keep the rules of security groups.

What fits together, and the words where it does not, are those of neutron/db/securitygroups_db.py and
neutron/extensions/securitygroup.py.
"""

import ipaddress
from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request, not_found
from kubecapy.devcloud.services.network.attributes import Attribute, choice, identifier, nullable
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.world import security, usage
from kubecapy.devcloud.world.network import SecurityGroupRule, revise
from kubecapy.devcloud.world.protocols import (
    ICMP,
    ICMP_V6,
    NUMBERS,
    OF_IPV6,
    WITH_PORTS,
    canonical,
    has_ports,
    number_of,
)
from kubecapy.devcloud.world.world import World

ETHERTYPES = ("IPv4", "IPv6")
ANY_PROTOCOL = (None, "any")
MAX_PROTOCOL = 255
FIRST_PORT, LAST_PORT = 1, 65_535
MAX_ICMP = 255


def _prefix(value: object) -> str | None:
    """Return an address or range with its mask; host bits stay, as Neutron keeps them."""
    if not value:
        return None
    try:
        return str(ipaddress.ip_interface(str(value)))
    except ValueError as error:
        raise bad_request(f"Invalid CIDR {value} given as IP prefix.", "InvalidCIDR") from error


def _protocol(value: object) -> str | None:
    spelled = str(value).lower()
    if value is None or spelled == "any":
        return None
    if spelled in NUMBERS or (spelled.isascii() and spelled.isdecimal() and int(spelled) <= MAX_PROTOCOL):
        return spelled
    raise bad_request(
        f"Security group rule protocol {value} not supported. Only protocol values {(*ANY_PROTOCOL, *NUMBERS)} and "
        f"integer representations [0 to {MAX_PROTOCOL}] are supported.",
        "SecurityGroupRuleInvalidProtocol",
    )


def _ethertype(value: object) -> str:
    for ethertype in ETHERTYPES:
        if str(value).lower() == ethertype.lower():
            return ethertype
    raise bad_request(
        f"Security group rule for ethertype '{value}' not supported. Allowed values are {list(ETHERTYPES)}.",
        "SecurityGroupRuleInvalidEtherType",
    )


def _port(value: object) -> int | None:
    text = str(value)
    if value is None:
        return None
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()) or int(text) > LAST_PORT:
        raise bad_request(f"Invalid value for port {value}", "SecurityGroupInvalidPortValue")
    return int(text)


RULE_ATTRIBUTES: Mapping[str, Attribute] = {
    "security_group_id": Attribute(identifier, required=True, on_update=False),
    "direction": Attribute(choice("ingress", "egress"), required=True, on_update=False),
    "ethertype": Attribute(_ethertype, on_update=False),
    "protocol": Attribute(_protocol, on_update=False),
    "port_range_min": Attribute(_port, on_update=False),
    "port_range_max": Attribute(_port, on_update=False),
    "remote_ip_prefix": Attribute(_prefix, on_update=False),
    "remote_group_id": Attribute(nullable(identifier), on_update=False),
}


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
        return render_rule(self._world, resource)

    def create(self, values: JsonObject, caller: Credentials, now: datetime) -> SecurityGroupRule:
        """Store a new rule.

        Raises:
            Refusal: 400 ports and protocol do not fit; 404 unknown group; 409 the rule exists, or quota used up.
        """
        world = self._world
        rule = _canonical(SecurityGroupRule(id=world.identifiers.uuid(), **values))
        _require_ports_fit(rule)
        _require_family_fits(rule)
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


def render_rule(world: World, rule: SecurityGroupRule) -> JsonObject:
    """Return a rule's JSON; it has neither a name nor tags of its own in Neutron."""
    view = render(rule)
    del view["name"]
    group = world.security_groups.get(rule.security_group_id)
    prefix = rule.remote_ip_prefix
    return view | {
        "remote_address_group_id": None,
        "normalized_cidr": str(ipaddress.ip_network(prefix, strict=False)) if prefix else None,
        "belongs_to_default_sg": group is not None and group.name == security.DEFAULT_GROUP,
    }


def _canonical(rule: SecurityGroupRule) -> SecurityGroupRule:
    """Return `rule` as Neutron stores it: the range of all ports is no range."""
    rule = replace(rule, protocol=canonical(rule.protocol, rule.ethertype))
    if (rule.port_range_min, rule.port_range_max) == (FIRST_PORT, LAST_PORT):
        return replace(rule, port_range_min=None, port_range_max=None)
    return rule


def _require_ports_fit(rule: SecurityGroupRule) -> None:
    low, high = rule.port_range_min, rule.port_range_max
    if low is None and high is None:
        return
    if rule.protocol is None:
        raise bad_request(
            "Must also specify protocol if port range is given.", "SecurityGroupProtocolRequiredWithPorts"
        )
    if has_ports(rule.protocol):
        _require_range(low, high)
    elif number_of(rule.protocol) in {ICMP, ICMP_V6}:
        _require_icmp(low, high)
    else:
        names = ", ".join(name.upper() for name in WITH_PORTS)
        raise bad_request(
            f"Ports cannot be specified for protocol {number_of(rule.protocol)}. Ports are only supported for {names}.",
            "SecurityGroupInvalidProtocolForPort",
        )


def _require_range(low: int | None, high: int | None) -> None:
    if 0 in {low, high}:
        raise bad_request("Invalid value for port 0", "SecurityGroupInvalidPortValue")
    if low is None or high is None or low > high:
        raise bad_request(
            "For TCP/UDP protocols, port_range_min must be <= port_range_max", "SecurityGroupInvalidPortRange"
        )


def _require_icmp(kind: int | None, code: int | None) -> None:
    for field, attribute, value in (("type", "port_range_min", kind), ("code", "port_range_max", code)):
        if value is not None and value > MAX_ICMP:
            raise bad_request(
                f"Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to {MAX_ICMP}.",
                "SecurityGroupInvalidIcmpValue",
            )
    if kind is None:
        raise bad_request(
            f"ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) is missing.",
            "SecurityGroupMissingIcmpType",
        )


def _require_family_fits(rule: SecurityGroupRule) -> None:
    prefix = rule.remote_ip_prefix
    if prefix is not None and rule.ethertype != f"IPv{ipaddress.ip_interface(prefix).version}":
        raise bad_request(
            f"Conflicting value ethertype {rule.ethertype} for CIDR {prefix}", "SecurityGroupRuleParameterConflict"
        )
    if rule.ethertype == "IPv4" and rule.protocol is not None and number_of(rule.protocol) in OF_IPV6:
        raise bad_request(
            f"Invalid ethertype {rule.ethertype} for protocol {rule.protocol}.",
            "SecurityGroupEthertypeConflictWithProtocol",
        )
    if prefix is not None and rule.remote_group_id is not None:
        raise bad_request(
            "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
            "SecurityGroupMultipleRemoteEntites",
        )
