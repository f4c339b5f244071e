"""Label and field selectors."""

from typing import Any

import pytest

from kubecapy.apimachinery.selectors import label_selector_from_object, parse_field_selector, parse_label_selector

LABELS = {"app": "web", "tier": "a", "k8s.io/size": "5", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=a", True),
        ("app=web, tier=b", False),
        ("app!=db", True),
        ("missing!=x", True),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("! app", False),
        ("app in (web, db)", True),
        ("tier in (b,c),app", False),
        ("tier notin (b,c)", True),
        ("missing notin (b)", True),
        ("k8s.io/size=5", True),
        ("k8s.io/size>4", True),
        ("k8s.io/size < 4", False),
        ("empty=", True),
        ("app=", False),
        ("missing=", False),
    ],
)
def test_a_label_selector_selects_as_kubernetes_does(text: str, matches: bool) -> None:
    assert parse_label_selector(text).matches(LABELS) is matches


@pytest.mark.parametrize(
    "text", ["=x", "a=b=c", "a in b", "a in (b", "a=-x", "/a=b", "a b", "a>x", "a=" + "x" * 64, ","]
)
def test_a_malformed_label_selector_is_refused_with_the_part_that_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"(found|Invalid value:) "):
        parse_label_selector(text)


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "db"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}, False),
    ],
)
def test_a_selector_object_selects_as_kubernetes_does(selector: dict[str, Any], matches: bool) -> None:
    assert label_selector_from_object(selector).matches(LABELS) is matches


@pytest.mark.parametrize(
    "expression",
    [
        {"key": "a", "operator": "Near"},
        {"key": "a", "operator": "In"},
        {"key": "a", "operator": "Exists", "values": ["x"]},
        {"key": "a", "operator": "Gt", "values": ["1"]},
    ],
)
def test_a_malformed_expression_is_refused(expression: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"operator"):
        label_selector_from_object({"matchExpressions": [expression]})


def test_only_a_selector_without_demands_is_empty() -> None:
    assert parse_label_selector(" ").is_empty
    assert not parse_label_selector("a").is_empty
    assert parse_field_selector("").is_empty


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("metadata.name=m", (("metadata.name", "=", "m"),)),
        ("a==b,c!=d", (("a", "=", "b"), ("c", "!=", "d"))),
        (r"a=b\,c\=d", (("a", "=", "b,c=d"),)),
        ("a=", (("a", "=", ""),)),
        ("spec.nodeName!=,x=1", (("spec.nodeName", "!=", ""), ("x", "=", "1"))),
    ],
)
def test_a_field_selector_is_a_list_of_demands(text: str, requirements: object) -> None:
    assert parse_field_selector(text).requirements == requirements


def test_an_absent_field_reads_as_empty() -> None:
    assert parse_field_selector("spec.nodeName=").matches({})
    assert not parse_field_selector("spec.nodeName!=").matches({})
    assert parse_field_selector("a=1,b!=1").matches({"a": "1", "b": "2"})


@pytest.mark.parametrize("text", ["metadata.name", "a", "a=b=c", "a=b\\"])
def test_a_malformed_field_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid (field )?selector"):
        parse_field_selector(text)
