"""Decide which rules of a security group are to be made and which to be deleted; pure.

A rule is what it lets through: two rules of one content are the same to Neutron, whatever is written beside them. Ours
are told by the cluster's mark in their description. Whatever else is in the group stays: what people add, what a
controller of load balancers adds, and the two rules by which Neutron lets everything out of a new group.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from kubecapy.providers.openstack.services.resources import SecurityGroupRule

_NUMBERS: Final[Mapping[str, str]] = {
    "icmp": "1", "igmp": "2", "ipip": "4", "tcp": "6", "egp": "8", "udp": "17", "dccp": "33", "ipv6-encap": "41",
    "ipv6-route": "43", "ipv6-frag": "44", "rsvp": "46", "gre": "47", "esp": "50", "ah": "51", "ipv6-icmp": "58",
    "icmpv6": "58", "ipv6-nonxt": "59", "ipv6-opts": "60", "ospf": "89", "vrrp": "112", "pgm": "113", "sctp": "132",
    "udplite": "136", "ip": "0", "hopopt": "0",
}  # fmt: skip
"""Neutron answers with the name or the number that it was given, and compares by number (neutron_lib.constants,
IP_PROTOCOL_MAP)."""
_ICMP, _ICMP_OF_IPV6 = "1", "58"
_NAMES: Final = {_ICMP: "icmp", "6": "tcp", "17": "udp", _ICMP_OF_IPV6: "ipv6-icmp"}
"""What every release of Neutron takes by name, and people read better so."""
_ANYWHERE: Final = ("0.0.0.0/0", "::/0")
"""Neutron takes these and none at all for the same (neutron.db.securitygroups_db, `_rule_to_key`)."""


class RuleContent(msgspec.Struct, frozen=True, order=True):
    """What a rule lets through, in one spelling; empty and -1 mean any."""

    direction: str
    ether_type: str
    protocol: str = ""
    """Its number; the name for TCP, UDP and ICMP."""
    port_min: int = -1
    port_max: int = -1
    remote_prefix: str = ""
    remote_group_id: str = ""


class WishedRule(msgspec.Struct, frozen=True):
    """One rule that a group must have."""

    content: RuleContent
    purpose: str
    """For people."""


class RulePlan(msgspec.Struct, frozen=True):
    """What brings a group to its wish."""

    create: tuple[WishedRule, ...] = ()
    delete: tuple[SecurityGroupRule, ...] = ()


def content(
    direction: str,
    ether_type: str,
    protocol: str | int | None = None,
    ports: tuple[int | None, int | None] = (None, None),
    *,
    remote_prefix: str | None = None,
    remote_group_id: str | None = None,
) -> RuleContent:
    """Return a content in the one spelling that makes equal ones equal."""
    low, high = (-1 if port is None else port for port in ports)
    prefix = str(ipaddress.ip_network(remote_prefix, strict=False)) if remote_prefix else ""
    prefix = "" if prefix in _ANYWHERE else prefix
    return RuleContent(direction, ether_type, _spelled(protocol, ether_type), low, high, prefix, remote_group_id or "")


def content_of(rule: SecurityGroupRule) -> RuleContent:
    """Return what an observed rule lets through."""
    return content(
        rule.direction,
        rule.ethertype or "",
        rule.protocol,
        (rule.port_range_min, rule.port_range_max),
        remote_prefix=rule.remote_ip_prefix,
        remote_group_id=rule.remote_group_id,
    )


def plan_rules(observed: Sequence[SecurityGroupRule], wished: Iterable[WishedRule], mark: str) -> RulePlan:
    """Return what is missing, each content once, and what of ours is too much.

    A wish that anybody's rule meets is met. Of ours, one rule of each wished content stays.
    """
    wishes = {wish.content: wish for wish in reversed(list(wished))}
    met: set[RuleContent] = set()
    surplus: list[SecurityGroupRule] = []
    for rule in observed:
        found = content_of(rule)
        is_needed = found in wishes and found not in met
        if not is_needed and (rule.description or "").startswith(mark):
            surplus.append(rule)
        met.add(found)
    missing = [wish for found, wish in sorted(wishes.items()) if found not in met]
    return RulePlan(tuple(missing), tuple(surplus))


def _spelled(protocol: str | int | None, ether_type: str) -> str:
    text = "" if protocol is None else str(protocol).lower()
    if text in ("", "any"):
        return ""
    number = _NUMBERS.get(text, text)
    if (number, ether_type) == (_ICMP, "IPv6"):
        number = _ICMP_OF_IPV6
    return _NAMES.get(number, number)
