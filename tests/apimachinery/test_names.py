"""Names, labels and suffixes."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecapy.api.cluster.v1alpha1 import MachineSpec, MachineVersions, ProviderSpec
from kubecapy.apimachinery.names import (
    NameRule,
    fnv1a_32,
    generate_name,
    name_errors,
    name_prefix_errors,
    qualified_name_errors,
    safe_encode,
    template_hash,
    validate_labels,
)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("a", "subdomain"), ("a.b-c.1", "subdomain"), ("a-b", "label"), ("x" * 63, "label"), ("Node:1", "path-segment")],
)
def test_right_names_pass(name: str, rule: NameRule) -> None:
    assert name_errors(name, rule) == []


@pytest.mark.parametrize(
    ("name", "rule", "message"),
    [
        ("", "subdomain", "a lowercase RFC 1123 subdomain must consist of"),
        ("A", "subdomain", "a lowercase RFC 1123 subdomain must consist of"),
        ("a..b", "subdomain", "a lowercase RFC 1123 subdomain must consist of"),
        ("a\n", "subdomain", "a lowercase RFC 1123 subdomain must consist of"),
        ("a.b", "label", "must not contain dots"),
        ("a_b", "label", "a lowercase RFC 1123 label must consist of"),
        ("x" * 64, "label", "must be no more than 63 characters"),
        ("x" * 254, "subdomain", "must be no more than 253 characters"),
        ("..", "path-segment", "may not be '..'"),
        ("a/b", "path-segment", "may not contain '/'"),
        ("a%b", "path-segment", "may not contain '%'"),
    ],
)
def test_wrong_names_are_refused_in_the_api_servers_words(name: str, rule: NameRule, message: str) -> None:
    (found,) = name_errors(name, rule)

    assert found.startswith(message)


def test_every_fault_of_a_name_is_told() -> None:
    assert [found[:20] for found in name_errors("X" * 64, "label")] == ["must be no more than", "a lowercase RFC 1123"]
    assert [found[:20] for found in qualified_name_errors("/")] == [
        "prefix part must be ",
        "name part must be no",
        "name part must consi",
    ]


def test_a_prefix_may_end_in_a_dash() -> None:
    assert name_prefix_errors("web-", "label") == []
    assert name_prefix_errors("-", "label") != []


def test_wrong_labels_are_all_named() -> None:
    errors = validate_labels({"ok": "v", "-bad": "v", "a/b/c": "v", "B.io/x": "v", "k": "no spaces"}, "metadata.labels")

    assert [error.path for error in errors] == ["metadata.labels"] * 4
    assert ['"-bad"' in str(errors[0]), '"a/b/c"' in str(errors[1]), '"B.io/x"' in str(errors[2])] == [True] * 3
    assert '"no spaces": a valid label must be an empty string or consist of' in str(errors[3])


@pytest.mark.parametrize("name", ["machine.cluster.k8s.io", "cluster.k8s.io/paused", "A_b.c-1"])
def test_qualified_names_may_have_a_prefix(name: str) -> None:
    assert qualified_name_errors(name) == []


@given(st.text("ab-", max_size=80), st.integers())
def test_a_generated_name_is_the_prefix_with_five_safe_characters(prefix: str, seed: int) -> None:
    name = generate_name(prefix, random.Random(seed))

    assert len(name) <= 63
    assert name[:-5] == prefix[:58]
    assert re.fullmatch("[bcdfghjklmnpqrstvwxz2456789]{5}", name[-5:])


def test_decimal_digits_are_encoded_as_upstream_encodes_them() -> None:
    assert safe_encode("0123456789") == "456789bcdf"


def test_a_template_hash_depends_on_the_content_alone() -> None:
    spec = MachineSpec(provider_spec=ProviderSpec(value={"a": 1, "b": 2}))
    same = MachineSpec(provider_spec=ProviderSpec(value={"b": 2, "a": 1}))
    other = MachineSpec(provider_spec=ProviderSpec(value={"a": 1}), versions=MachineVersions(kubelet="1.14.0"))

    assert template_hash(spec) == template_hash(same)
    assert template_hash(spec) != template_hash(other)


@pytest.mark.parametrize(
    ("data", "digest"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)], ids=["empty", "a", "foobar"]
)
def test_the_hash_is_fnv_1a(data: bytes, digest: int) -> None:
    assert fnv1a_32(data) == digest
