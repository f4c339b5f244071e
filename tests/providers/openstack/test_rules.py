"""The plan for a security group's rules: exactly what is missing is made, exactly what of ours is too much goes."""

from hypothesis import given
from hypothesis import strategies as st

from kubecapy.providers.openstack.api.managed_groups import ExtraRule, ManagedSecurityGroups
from kubecapy.providers.openstack.services.resources import SecurityGroupRule
from kubecapy.providers.openstack.services.rules import RuleContent, WishedRule, content, content_of, plan_rules
from kubecapy.providers.openstack.services.wished_rules import GroupSettings, wished_rules

MARK = "kubecapy-0123456789abcdef0123"
IDS = {"control-plane": "cp", "worker": "w"}

protocols = st.sampled_from([None, "any", "tcp", "6", 6, "TCP", "udp", "icmp", "1", "4", "ipip", "sctp", "112"])
ports = st.sampled_from([(None, None), (22, 22), (1, 65535), (30000, 32767)])
remotes = st.sampled_from([(None, None), ("0.0.0.0/0", None), ("10.0.0.0/8", None), ("10.1.2.3", None), (None, "cp")])
descriptions = st.sampled_from(
    [f"{MARK} etcd", MARK, "", None, "ours", "kubecapy-ffffffffffffffffffff other", "my rule"]
)


@st.composite
def observed_rules(draw: st.DrawFn) -> list[SecurityGroupRule]:
    rules = draw(
        st.lists(
            st.tuples(st.sampled_from(["ingress", "egress"]), protocols, ports, remotes, descriptions),
            max_size=12,
        )
    )
    return [
        SecurityGroupRule(f"r{n}", direction, "IPv4", protocol, low, high, prefix, group, description)
        for n, (direction, protocol, (low, high), (prefix, group), description) in enumerate(rules)
    ]


@st.composite
def wishes(draw: st.DrawFn) -> list[WishedRule]:
    rules = draw(st.lists(st.tuples(st.sampled_from(["ingress", "egress"]), protocols, ports, remotes), max_size=12))
    return [
        WishedRule(content(direction, "IPv4", protocol, span, remote_prefix=prefix, remote_group_id=group), "wished")
        for direction, protocol, span, (prefix, group) in rules
    ]


def is_ours(rule: SecurityGroupRule) -> bool:
    return (rule.description or "").startswith(MARK)


def applied(observed: list[SecurityGroupRule], wished: list[WishedRule]) -> list[SecurityGroupRule]:
    plan = plan_rules(observed, wished, MARK)
    made = [made_rule(n, rule.content) for n, rule in enumerate(plan.create)]
    return [rule for rule in observed if rule not in plan.delete] + made


def made_rule(number: int, wanted: RuleContent) -> SecurityGroupRule:
    return SecurityGroupRule(
        f"new{number}",
        wanted.direction,
        wanted.ether_type,
        wanted.protocol or None,
        wanted.port_min if wanted.port_min >= 0 else None,
        wanted.port_max if wanted.port_max >= 0 else None,
        wanted.remote_prefix or None,
        wanted.remote_group_id or None,
        f"{MARK} made",
    )


@given(observed_rules(), wishes())
def test_what_is_ours_and_what_met_the_wish_are_exactly_what_is_wished(
    observed: list[SecurityGroupRule], wished: list[WishedRule]
) -> None:
    after = applied(observed, wished)
    contents = {wish.content for wish in wished}
    assert {content_of(rule) for rule in after} >= contents
    ours = [content_of(rule) for rule in after if is_ours(rule)]
    assert set(ours) <= contents
    assert len(ours) == len(set(ours))


@given(observed_rules(), wishes())
def test_the_rules_of_others_survive(observed: list[SecurityGroupRule], wished: list[WishedRule]) -> None:
    foreign = [rule for rule in observed if not is_ours(rule)]
    assert [rule for rule in applied(observed, wished) if not is_ours(rule)] == foreign


@given(observed_rules(), wishes())
def test_a_second_plan_is_empty(observed: list[SecurityGroupRule], wished: list[WishedRule]) -> None:
    second = plan_rules(applied(observed, wished), wished, MARK)
    assert (second.create, second.delete) == ((), ())


@given(observed_rules(), wishes())
def test_a_plan_makes_no_rule_that_neutron_would_refuse_as_a_twin(
    observed: list[SecurityGroupRule], wished: list[WishedRule]
) -> None:
    plan = plan_rules(observed, wished, MARK)
    made = [rule.content for rule in plan.create]
    assert len(made) == len(set(made))
    assert not {content_of(rule) for rule in observed} & set(made)


def openings(role: str, **changes: object) -> set[tuple[str, int, int, str]]:
    groups = ManagedSecurityGroups(**changes)
    settings = GroupSettings(groups, IDS, api_port=443)
    rules = wished_rules(settings, "control-plane" if role == "cp" else "worker")
    return {
        (found.protocol, found.port_min, found.port_max, found.remote_group_id or found.remote_prefix)
        for found in (rule.content for rule in rules)
        if found.direction == "ingress"
    }


def test_a_control_plane_lets_in_what_kubernetes_needs() -> None:
    assert openings("cp") == {
        ("tcp", 443, 443, ""),
        ("tcp", 2379, 2380, "cp"),
        ("tcp", 10250, 10250, "cp"),
        ("tcp", 10250, 10250, "w"),
    }


def test_a_worker_lets_in_what_kubernetes_needs() -> None:
    assert openings("w") == {
        ("tcp", 30000, 32767, ""),
        ("udp", 30000, 32767, ""),
        ("tcp", 10250, 10250, "cp"),
        ("tcp", 10250, 10250, "w"),
    }


def test_a_pod_network_opens_its_ports_between_machines() -> None:
    both = ("cp", "w")
    calico = {(*opening, peer) for opening in (("tcp", 179, 179), ("4", -1, -1), ("udp", 4789, 4789)) for peer in both}
    cilium = {
        (*opening, peer) for opening in (("udp", 8472, 8472), ("tcp", 4240, 4240), ("icmp", -1, -1)) for peer in both
    }
    flannel = {("udp", 8472, 8472, peer) for peer in both}
    for name, wanted in (("calico", calico), ("cilium", cilium), ("flannel", flannel)):
        for role in both:
            assert openings(role, cni=name) - openings(role) == wanted


def test_everything_between_machines_replaces_single_ports() -> None:
    everything = {("", -1, -1, "cp"), ("", -1, -1, "w")}
    assert openings("cp", allow_all_in_cluster_traffic=True, cni="calico") == {("tcp", 443, 443, ""), *everything}


def test_ssh_is_let_in_from_where_it_is_asked_for() -> None:
    for role in ("cp", "w"):
        added = openings(role, ssh_allowed_cidrs=("192.0.2.0/24", "2001:db8::/32")) - openings(role)
        assert added == {("tcp", 22, 22, "192.0.2.0/24"), ("tcp", 22, 22, "2001:db8::/32")}


def test_further_rules_go_where_they_are_asked_for() -> None:
    both = ExtraRule(name="a", protocol="tcp", port_range_min=9100, port_range_max=9100, remote_ip_prefix="10.0.0.0/8")
    control_plane = ExtraRule(name="b", protocol="vrrp", remote_managed_groups=("controlplane",))
    worker = ExtraRule(name="c", protocol="udp", remote_managed_groups=("controlplane", "worker"))
    changes = {
        "cluster_nodes_security_group_rules": (both,),
        "control_plane_nodes_security_group_rules": (control_plane,),
        "worker_nodes_security_group_rules": (worker,),
    }
    shared = ("tcp", 9100, 9100, "10.0.0.0/8")
    assert openings("cp", **changes) - openings("cp") == {shared, ("112", -1, -1, "cp")}
    assert openings("w", **changes) - openings("w") == {shared, ("udp", -1, -1, "cp"), ("udp", -1, -1, "w")}


def test_a_network_of_both_families_gets_rules_of_both() -> None:
    settings = GroupSettings(ManagedSecurityGroups(cni="cilium"), IDS, 6443, ("IPv4", "IPv6"))
    contents = [rule.content for rule in wished_rules(settings, "worker")]
    four, six = ([found for found in contents if found.ether_type == family] for family in ("IPv4", "IPv6"))
    assert len(four) == len(six)
    assert "ipv6-icmp" in {found.protocol for found in six}
