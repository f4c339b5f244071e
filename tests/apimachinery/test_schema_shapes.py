"""Defaults fill what is missing, pruning drops what is unknown; inputs stay as they were."""

import copy
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.patterns import PatternError, compile_pattern
from kubecapy.apimachinery.schema import compile_schema
from kubecapy.apimachinery.schema.of_types import refine, structural_schema

OPENAPI: JsonObject = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "default": {},
            "properties": {
                "replicas": {"type": "integer", "default": 1},
                "note": {"type": "string", "nullable": True, "default": "none"},
                "strategy": {"type": "object", "properties": {"type": {"type": "string", "default": "RollingUpdate"}}},
                "items": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"size": {"type": "integer", "default": 10}}},
                },
                "free": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": True,
                    "properties": {"strict": {"type": "object", "properties": {"a": {"type": "string"}}}},
                },
                "template": {
                    "type": "object",
                    "x-kubernetes-embedded-resource": True,
                    "properties": {"spec": {"type": "object"}},
                },
                "map": {
                    "type": "object",
                    "additionalProperties": {"type": "object", "properties": {"a": {"type": "string"}}},
                },
            },
        }
    },
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"spec": {"replicas": 1, "note": "none"}}),
        ({"spec": {"replicas": 0}}, {"spec": {"replicas": 0, "note": "none"}}),
        ({"spec": {"replicas": None, "note": None}}, {"spec": {"replicas": 1, "note": None}}),
        (
            {"spec": {"strategy": {}, "items": [{}, {"size": 3}]}},
            {
                "spec": {
                    "strategy": {"type": "RollingUpdate"},
                    "items": [{"size": 10}, {"size": 3}],
                    "replicas": 1,
                    "note": "none",
                }
            },
        ),
        ({"spec": "wrong type"}, {"spec": "wrong type"}),
    ],
    ids=["all absent", "zero is a value", "null only where allowed", "nested", "wrong type is left alone"],
)
def test_defaults_fill_in_what_is_absent(before: JsonObject, after: JsonObject) -> None:
    given = copy.deepcopy(before)

    assert compile_schema(OPENAPI).default(given) == after
    assert given == before


def test_a_default_is_a_fresh_value_each_time() -> None:
    schema = compile_schema(OPENAPI)

    schema.default({})["spec"]["replicas"] = 99

    assert schema.default({})["spec"]["replicas"] == 1


def test_unknown_fields_are_dropped_and_named() -> None:
    obj = {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {
            "name": "x",
            "colour": "red",
            "ownerReferences": [{"uid": "u", "nme": "typo"}],
            "labels": {"any": "thing"},
        },
        "extra": 1,
        "spec": {
            "replica": 2,
            "items": [{"size": 1, "wait": 2}],
            "free": {"anything": {"goes": True}, "strict": {"a": "x", "b": "y"}},
            "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "x": 1}, "spec": {"q": 1}},
            "map": {"one": {"a": "x", "b": "y"}},
        },
    }
    before = copy.deepcopy(obj)

    pruned, unknown = compile_schema(OPENAPI).prune(obj)

    assert unknown == [
        "extra",
        "spec.free.strict.b",
        "spec.items[0].wait",
        "spec.map.one.b",
        "spec.replica",
        "spec.template.spec.q",
        "spec.template.metadata.x",
    ]
    assert pruned["spec"]["free"] == {"anything": {"goes": True}, "strict": {"a": "x"}}
    assert pruned["metadata"] == obj["metadata"]
    assert obj == before


class Inner(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Inner thing."""

    first_name: str
    """Name as people say it."""
    count: int = 0


class Outer(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Outer thing."""

    inner: Inner
    others: tuple[Inner, ...] = ()
    """More of them."""
    labels: Mapping[str, str] | None = None
    anything: Mapping[str, Any] | None = None
    flag: bool | None = None


def test_a_struct_becomes_a_structural_schema() -> None:
    inner = {
        "type": "object",
        "description": "Inner thing.",
        "required": ["firstName"],
        "properties": {
            "firstName": {"type": "string", "description": "Name as people say it."},
            "count": {"type": "integer", "format": "int64"},
        },
    }

    assert structural_schema(Outer) == {
        "type": "object",
        "description": "Outer thing.",
        "required": ["inner"],
        "properties": {
            "inner": inner,
            "others": {"type": "array", "items": inner, "description": "More of them."},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "anything": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "flag": {"type": "boolean"},
        },
    }
    compile_schema(structural_schema(Outer))


def test_a_type_without_a_schema_is_named() -> None:
    class Odd(msgspec.Struct):
        when: bytes

    with pytest.raises(TypeError, match="BytesType"):
        structural_schema(Odd)


def test_refinements_step_into_members_and_items() -> None:
    refined = refine(structural_schema(Outer), {"others[].count": {"minimum": 1}, "inner": {"nullable": True}})

    assert refined["properties"]["others"]["items"]["properties"]["count"]["minimum"] == 1
    assert refined["properties"]["inner"]["nullable"] is True
    with pytest.raises(KeyError):
        refine(structural_schema(Outer), {"nowhere.count": {}})


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^a$", "a\n", False),
        (r"^\d+$", "٣", False),
        (r"^[[:alpha:]]+$", "abc", True),
        (r"^[[:alpha:]]+$", "ab1", False),
        (r"^[]a]+$", "]a", True),
        (r"^[^]]+$", "a]", False),
        (r"^[a[]+$", "a[", True),
        (r"^[$]$", "$", True),
        (r"a\z", "ba", True),
        (r"\$$", "x$", True),
        ("(?i)ABC", "xabcx", True),
    ],
)
def test_patterns_are_read_as_go_reads_them(pattern: str, text: str, matches: bool) -> None:
    assert bool(compile_pattern(pattern).search(text)) is matches


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\1", "a(", "[[:nope:]]", "*"])
def test_what_go_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_an_unknown_field_comes_with_the_nearest_known_name() -> None:
    schema = compile_schema(
        {
            "type": "object",
            "properties": {
                "spec": {
                    "type": "object",
                    "properties": {
                        "versions": {"type": "string"},
                        "items": {
                            "type": "array",
                            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                        },
                    },
                }
            },
        }
    )

    found = schema.find_unknown({"spec": {"version": "1", "items": [{"nmae": "a"}]}, "status": {}})

    assert [str(error) for error in found] == [
        'spec.items[0].nmae: unknown field "nmae", did you mean "name"?',
        'spec.version: unknown field "version", did you mean "versions"?',
        'status: unknown field "status"',
    ]
