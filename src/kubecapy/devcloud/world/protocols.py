"""Know the IP protocols that security group rules may name, and which of them are the same."""

# Source: neutron_lib/constants.py, IP_PROTOCOL_MAP.
NUMBERS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
WITH_PORTS = ("dccp", "sctp", "tcp", "udp", "udplite")
ICMP, ICMP_V6 = 1, 58
# Those that IPv4 cannot carry.
OF_IPV6 = frozenset({41, 43, 44, 58, 59, 60})


def number_of(protocol: str) -> int:
    """Return the number of a protocol that is given by name or number."""
    return int(protocol) if protocol.isdecimal() else NUMBERS[protocol]


def has_ports(protocol: str) -> bool:
    """Return whether a protocol has ports."""
    return number_of(protocol) in {NUMBERS[name] for name in WITH_PORTS}


def canonical(protocol: str | None, ethertype: str) -> str | None:
    """Return `protocol` as Neutron stores it: ICMP of IPv6 has a name and number of its own."""
    if ethertype != "IPv6":
        return protocol
    if protocol in {"icmp", "icmpv6"}:
        return "ipv6-icmp"
    return str(ICMP_V6) if protocol == str(ICMP) else protocol
