"""Names and marks: stable, short enough, and never mixed up."""

import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.openstack.machines import claimed, make_machine, moved

from kubecapy.providers.openstack.naming import (
    Owner,
    cluster_description,
    is_host_name,
    mark,
    mark_of,
    provider_id,
    server_id_of,
)

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)


IDENTITIES = st.uuids().map(str)


def machine_owner(name: str, identity: str = "uid") -> Owner:
    return Owner("ns", "c", name, mark("uid of cluster", "ns", "c"), mark(identity, "ns", name))


def test_the_mark_of_an_object_never_changes() -> None:
    assert mark("4f3d8a52-0c1e-4f3e-9a56-0d4b7c1f2a10", "default", "test1") == "kubecapy-0f22c57a75971a6197f0"


@given(IDENTITIES, NAMES, NAMES, IDENTITIES, NAMES, NAMES)
def test_two_objects_never_share_a_mark(
    one: str, in_: str, name: str, other: str, other_in: str, other_name: str
) -> None:
    same = (one, in_, name) == (other, other_in, other_name)
    assert (mark(one, in_, name) == mark(other, other_in, other_name)) == same
    assert mark(one, "a-b", "c") != mark(one, "a", "b-c")


def test_marks_and_descriptions_keep_to_the_limits_of_the_services() -> None:
    long = mark("i" * 36, "n" * 63, "c" * 253)
    assert len(long) <= 60
    assert set(long) <= set(string.ascii_lowercase + string.digits + "-")
    assert len(cluster_description(long, "n" * 63, "c" * 253)) == 255
    assert cluster_description(long, "n" * 63, "c" * 253).startswith(long)


@given(NAMES, NAMES, st.sampled_from(["", "1", "storage"]))
def test_a_port_belongs_to_exactly_one_machine(machine: str, other: str, suffix: str) -> None:
    owner, stranger = machine_owner(machine), machine_owner(other)
    assert owner.owns_port(owner.port_name(suffix), owner.description)
    assert not owner.owns_port(owner.port_name(suffix), "")
    if other != machine:
        assert not stranger.owns_port(owner.port_name(suffix), owner.description)


def test_a_port_belongs_to_one_life_of_a_name() -> None:
    before, after = machine_owner("node", "first"), machine_owner("node", "second")
    assert not after.owns_port(before.port_name(), before.description)


def test_a_port_is_known_where_the_cluster_is_not() -> None:
    owner = machine_owner("node")
    alone = msgspec.structs.replace(owner, cluster="", mark="")
    assert alone.description == ""
    assert alone.owns_port(owner.port_name("1"), owner.description)
    assert not alone.owns_port(owner.port_name("1"), "mine")


def test_an_identity_moves_with_its_object_and_is_never_changed() -> None:
    stored = claimed(make_machine())
    assert mark_of(stored) == mark_of(make_machine()) == mark_of(moved(stored))
    assert claimed(moved(stored)).metadata.annotations == stored.metadata.annotations
    assert mark_of(moved(make_machine())) != mark_of(stored)


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
