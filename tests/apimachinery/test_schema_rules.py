"""Rules in the Common Expression Language are evaluated where and when the API server evaluates them."""

import subprocess
import sys
from typing import Any

import pytest

from kubecapy.apimachinery.schema import SchemaError, compile_schema


def ruled(field: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {**field, "x-kubernetes-validations": list(rules)}}}


STRING = {"type": "string"}
TEXT = {"type": "string", "maxLength": 30}
OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}, "s": TEXT}}


@pytest.mark.parametrize(
    ("field", "rule", "value", "holds"),
    [
        (OBJECT, "self.a <= self.b", {"a": 1, "b": 2}, True),
        (OBJECT, "self.a <= self.b", {"a": 3, "b": 2}, False),
        (OBJECT, "!has(self.a) || self.a > 0", {}, True),
        (OBJECT, "self.s.matches('^x[0-9]$')", {"s": "x1"}, True),
        (OBJECT, "self.s.startsWith('a') && size(self.s) == 2", {"s": "ab"}, True),
        (OBJECT, "self.a in [1, 2]", {"a": 3}, False),
        (OBJECT, "self.s.split(',').all(part, part.size() > 0)", {"s": "a,,b"}, False),
        (OBJECT, "isURL(self.s)", {"s": "https://example.org"}, True),
        (OBJECT, "isIP(self.s) || isCIDR(self.s)", {"s": "10.0.0.0/8"}, True),
        (OBJECT, "isIP(self.s) || isCIDR(self.s)", {"s": "ten"}, False),
        (OBJECT, "self.s.find('[0-9]+') == '12'", {"s": "ab12cd3"}, True),
        (OBJECT, "self.s.lowerAscii() == 'ab'", {"s": "AB"}, True),
        (STRING, "self != ''", "", False),
        (
            {"type": "array", "maxItems": 5, "items": {"type": "integer"}},
            "self.all(x, x > 0) && self.exists(x, x == 2)",
            [1, 2],
            True,
        ),
        (
            {"type": "array", "maxItems": 5, "items": {"type": "integer"}},
            "self.isSorted() && self.sum() == 6",
            [1, 2, 3],
            True,
        ),
    ],
)
def test_a_rule_decides(field: dict[str, Any], rule: str, value: Any, holds: bool) -> None:
    errors = compile_schema(ruled(field, {"rule": rule})).validate({"spec": value})

    assert (errors == []) is holds


def test_message_message_expression_and_the_rule_itself_are_the_three_ways_to_say_why() -> None:
    schema = compile_schema(
        ruled(
            OBJECT,
            {"rule": "self.a > 1", "message": "a must be greater than one"},
            {"rule": "self.a > 2", "messageExpression": "'a is %d'.format([self.a])", "message": "unused"},
            {"rule": "self.a > 3", "messageExpression": "string(self.b)", "message": "fallback"},
            {"rule": "self.a > 4"},
        )
    )

    assert [str(error) for error in schema.validate({"spec": {"a": 0}})] == [
        "spec: Invalid value: a must be greater than one",
        "spec: Invalid value: a is 0",
        "spec: Invalid value: fallback",
        "spec: Invalid value: failed rule: self.a > 4",
    ]


def test_a_rule_may_name_its_reason_and_the_field_it_is_about() -> None:
    rule = {"rule": "has(self.a)", "message": "a is needed", "reason": "FieldValueRequired", "fieldPath": ".a"}

    (error,) = compile_schema(ruled(OBJECT, rule)).validate({"spec": {}})

    assert (error.type, str(error)) == ("FieldValueRequired", "spec.a: Required value: a is needed")


def test_a_transition_rule_waits_for_an_update() -> None:
    schema = compile_schema(ruled(STRING, {"rule": "self == oldSelf", "message": "is immutable"}))

    assert schema.validate({"spec": "b"}) == []
    assert schema.validate({"spec": "b"}, {}) == []
    assert schema.validate({"spec": "a"}, {"spec": "a"}) == []
    assert [str(error) for error in schema.validate({"spec": "b"}, {"spec": "a"})] == [
        'spec: Invalid value: "b": is immutable'
    ]


def test_items_of_a_list_map_meet_their_old_selves_by_key() -> None:
    items = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "value": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.value >= oldSelf.value", "message": "may not shrink"}],
    }
    field = {
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    }
    schema = compile_schema({"type": "object", "properties": {"spec": field}})
    old = {"spec": [{"name": "a", "value": 5}, {"name": "b", "value": 1}]}
    new = {"spec": [{"name": "b", "value": 1}, {"name": "a", "value": 4}, {"name": "c", "value": 0}]}

    assert [str(error) for error in schema.validate(new, old)] == ["spec[1]: Invalid value: may not shrink"]


def test_rules_wait_until_types_are_right() -> None:
    schema = compile_schema(ruled(OBJECT, {"rule": "self.a > 1"}))

    errors = schema.validate({"spec": {"a": "one"}})

    assert [error.path for error in errors] == ["spec.a", "<nil>"]


def test_a_rule_that_fails_on_a_value_is_an_error_of_the_value() -> None:
    (error,) = compile_schema(ruled(OBJECT, {"rule": "self.a / self.b > 0"})).validate({"spec": {"a": 1, "b": 0}})

    assert error.path == "spec"
    assert "division by zero" in error.detail


def test_a_null_that_may_be_null_is_not_given_to_rules() -> None:
    schema = compile_schema(ruled({"type": "string", "nullable": True}, {"rule": "size(self) > 3"}))

    assert schema.validate({"spec": None}) == []


@pytest.mark.parametrize(
    "rule",
    ["self.a ===", "selv.a == 1", "self.noSuchFunction()", "nowhere(self.a)"],
    ids=["syntax", "unknown variable", "unknown method", "unknown function"],
)
def test_a_rule_that_cannot_work_makes_no_schema(rule: str) -> None:
    with pytest.raises(SchemaError, match=r"x-kubernetes-validations\[0\].rule: .*compilation failed"):
        compile_schema(ruled(OBJECT, {"rule": rule}))


def test_an_optional_old_self_lets_a_transition_rule_hold_on_creation_too() -> None:
    rule = {"rule": "oldSelf.orValue('none') == 'none' || self == oldSelf.value()", "optionalOldSelf": True}
    schema = compile_schema(ruled(STRING, rule))

    assert schema.validate({"spec": "b"}) == []
    assert schema.validate({"spec": "b"}, {"spec": "none"}) == []
    assert [error.path for error in schema.validate({"spec": "b"}, {"spec": "a"})] == ["spec"]


def test_what_broke_a_rule_before_may_stay_unchanged() -> None:
    rule = {"rule": "self.a > 1"}
    never = {"rule": "self.a == oldSelf.a + 1"}

    assert compile_schema(ruled(OBJECT, rule)).validate({"spec": {"a": 0}}, {"spec": {"a": 0}}) == []
    assert compile_schema(ruled(OBJECT, rule)).validate({"spec": {"a": 1}}, {"spec": {"a": 0}}) != []
    assert compile_schema(ruled(OBJECT, never)).validate({"spec": {"a": 0}}, {"spec": {"a": 0}}) != []


@pytest.mark.parametrize(("length", "said"), [(5 * 1024, "x" * 5 * 1024), (5 * 1024 + 1, "too long")])
def test_a_message_that_is_made_has_a_greatest_length(length: int, said: str) -> None:
    rule = {"rule": "self == ''", "messageExpression": "self", "message": "too long"}
    schema = compile_schema(ruled({"type": "string", "maxLength": 6000}, rule))

    (error,) = schema.validate({"spec": "x" * length})

    assert error.detail.endswith(f": {said}")


def test_a_schema_without_rules_does_not_load_what_reads_rules() -> None:
    program = (
        "import sys; from kubecapy.apimachinery.schema import compile_schema\n"
        "compile_schema({'type': 'object'}); assert not [name for name in sys.modules if 'apimachinery.cel' in name]\n"
        "compile_schema({'type': 'object', 'x-kubernetes-validations': [{'rule': 'true'}]})\n"
        "assert 'kubecapy.apimachinery.cel.evaluation' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_default_is_held_against_the_rules_before_those_below_it_are_filled_in() -> None:
    inner = {"type": "integer", "default": 1}
    field = {
        "type": "object",
        "default": {},
        "properties": {"a": inner},
        "x-kubernetes-validations": [{"rule": "self.a > 0", "message": "a must be positive"}],
    }

    with pytest.raises(SchemaError) as raised:
        compile_schema({"type": "object", "properties": {"spec": field}})

    assert [str(error) for error in raised.value.errors] == [
        (
            'openAPIV3Schema.properties[spec].default: Invalid value: "object": '
            "no such key: a evaluating rule: a must be positive"
        )
    ]
