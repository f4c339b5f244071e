"""Names and marks: stable, short enough, and never mixed up."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecapy.providers.openstack.naming import (
    Owner,
    cluster_mark,
    is_host_name,
    port_description,
    port_name,
    provider_id,
    server_id_of,
)

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)


def test_the_mark_of_a_cluster_never_changes() -> None:
    assert cluster_mark("default", "test1") == "kubecapy-7e575fea59dd2447af84"


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_clusters_never_share_a_mark(namespace: str, name: str, other_namespace: str, other: str) -> None:
    same = (namespace, name) == (other_namespace, other)
    assert (cluster_mark(namespace, name) == cluster_mark(other_namespace, other)) == same


def test_marks_and_descriptions_keep_to_the_limits_of_the_services() -> None:
    mark = cluster_mark("n" * 63, "c" * 253)
    assert len(mark) <= 60
    assert set(mark) <= set(string.ascii_lowercase + string.digits + "-")
    assert len(port_description("n" * 63, "c" * 253)) == 255
    assert port_description("n" * 63, "c" * 253).startswith(mark)


@given(NAMES, NAMES, st.integers(0, 20))
def test_a_port_belongs_to_exactly_one_machine(machine: str, other: str, index: int) -> None:
    assert Owner("ns", "c", machine).owns_port_name(port_name(machine, index))
    if other != machine:
        assert not Owner("ns", "c", other).owns_port_name(port_name(machine, index))


def test_the_first_port_has_the_machines_name_as_in_the_original() -> None:
    assert [port_name("node", index) for index in range(3)] == ["node", "node_1", "node_2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("openstack:///x", "x"), ("openstack:////x", "x"), ("aws:///x", ""), ("", ""), (None, "")],
)
def test_provider_ids_of_both_forms_are_read(text: str | None, expected: str) -> None:
    assert server_id_of(text) == expected
    assert server_id_of(provider_id("x")) == "x"


@pytest.mark.parametrize(
    ("name", "expected"), [("node-1", True), ("a" * 63, True), ("a" * 64, False), ("a.b", False), ("-a", False)]
)
def test_a_host_name_is_one_label(name: str, expected: bool) -> None:
    assert is_host_name(name) == expected
