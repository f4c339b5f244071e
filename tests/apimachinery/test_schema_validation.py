"""A compiled schema finds what is wrong and says it as the API server does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecapy.apimachinery.schema import SchemaError, compile_schema


def of_spec(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def errors_of(openapi: dict[str, Any], obj: Any, *old: Any) -> list[str]:
    return [str(error) for error in compile_schema(openapi).validate(obj, *old)]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "string", 'Invalid value: "string": {path} in body must be of type integer: "string"'),
        ({"type": "integer"}, True, 'Invalid value: "boolean": {path} in body must be of type integer: "boolean"'),
        ({"type": "string"}, None, 'Invalid value: "null": {path} in body must be of type string: "null"'),
        ({"type": "object"}, [], 'Invalid value: "array": {path} in body must be of type object: "array"'),
        (
            {"x-kubernetes-int-or-string": True},
            {},
            'Invalid value: "object": {path} in body must be of type integer,string: "object"',
        ),
        ({"type": "string", "enum": ["a", "b"]}, "x", 'Unsupported value: "x": supported values: "a", "b"'),
        ({"type": "integer", "enum": [1, 2]}, 3, 'Unsupported value: 3: supported values: "1", "2"'),
        ({"type": "string", "minLength": 2}, "a", 'Invalid value: "a": {path} in body should be at least 2 chars long'),
        ({"type": "string", "maxLength": 1}, "ab", "Too long: may not be more than 1 bytes"),
        ({"type": "string", "pattern": "^a+$"}, "b", "Invalid value: \"b\": {path} in body should match '^a+$'"),
        (
            {"type": "string", "format": "ipv4"},
            "1.2.3",
            'Invalid value: "1.2.3": {path} in body must be of type ipv4: "1.2.3"',
        ),
        (
            {"type": "integer", "minimum": 1},
            0,
            "Invalid value: 0: {path} in body should be greater than or equal to 1",
        ),
        (
            {"type": "integer", "maximum": 5, "exclusiveMaximum": True},
            5,
            "Invalid value: 5: {path} in body should be less than 5",
        ),
        ({"type": "number", "multipleOf": 0.5}, 0.7, "Invalid value: 0.7: {path} in body should be a multiple of 0.5"),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 1},
            ["a", "b"],
            "Too many: 2: must have at most 1 items",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            [],
            "Invalid value: 0: {path} in body should have at least 1 items",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
            {},
            "Invalid value: 0: {path} in body should have at least 1 properties",
        ),
    ],
)
def test_a_value_that_breaks_a_keyword_is_worded_as_the_api_server_does(
    schema: dict[str, Any], value: Any, expected: str
) -> None:
    found = errors_of(of_spec(field=schema), {"spec": {"field": value}})

    assert found == [f"spec.field: {expected.format(path='spec.field')}"]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (
            {"type": "integer"},
            1.5,
            [
                'spec.field: Invalid value: "number": spec.field in body must be of type integer: "number"',
                '<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.field',
            ],
        ),
        (
            {"type": "integer", "format": "int32"},
            2**31,
            ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.field'],
        ),
        (
            {"type": "string", "anyOf": [{"pattern": "^a"}, {"pattern": "^b"}]},
            "c",
            [
                '<nil>: Invalid value: "": "spec.field" must validate at least one schema (anyOf)',
                "spec.field: Invalid value: \"c\": spec.field in body should match '^a'",
            ],
        ),
        (
            {"type": "string", "oneOf": [{"pattern": "a"}, {"pattern": "b"}]},
            "ab",
            [
                (
                    '<nil>: Invalid value: "": "spec.field" must validate one and only one schema (oneOf).'
                    " Found 2 valid alternatives"
                ),
            ],
        ),
        (
            {"type": "string", "not": {"enum": ["x"]}},
            "x",
            ['<nil>: Invalid value: "": "spec.field" must not validate the schema (not)'],
        ),
    ],
    ids=["fraction", "range", "anyOf", "oneOf", "not"],
)
def test_what_has_no_place_of_its_own_is_told_of_the_whole_object(
    schema: dict[str, Any], value: Any, expected: list[str]
) -> None:
    assert errors_of(of_spec(field=schema), {"spec": {"field": value}}) == expected


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 1.0),
        ({"type": "number"}, 3),
        ({"type": "string", "nullable": True}, None),
        ({"x-kubernetes-int-or-string": True}, "25%"),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}, 3),
        ({"x-kubernetes-preserve-unknown-fields": True}, ["anything", None, {"a": 1}]),
        ({"type": "integer", "multipleOf": 5}, 15),
        ({"type": "string", "maxLength": 2}, "äö"),
        ({"type": "string", "format": "no-such-format"}, "x"),
        ({"type": "boolean", "enum": [True]}, True),
        ({"type": "string", "allOf": [{"minLength": 1}, {"maxLength": 3}]}, "ab"),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": False}, 0),
    ],
)
def test_a_value_that_satisfies_its_schema_is_accepted(schema: dict[str, Any], value: Any) -> None:
    assert errors_of(of_spec(field=schema), {"spec": {"field": value}}) == []


def test_true_is_not_one_in_an_enumeration() -> None:
    schema = {"x-kubernetes-preserve-unknown-fields": True, "enum": [1, [0]]}

    assert errors_of(of_spec(field=schema), {"spec": {"field": True}}) != []
    assert errors_of(of_spec(field=schema), {"spec": {"field": [False]}}) != []
    assert errors_of(of_spec(field=schema), {"spec": {"field": [0]}}) == []


def test_every_error_is_found_at_once_with_its_path() -> None:
    openapi = of_spec(
        taints={
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "effect"],
                "properties": {"key": {"type": "string"}, "effect": {"type": "string"}},
            },
        },
        labels={"type": "object", "additionalProperties": {"type": "string"}},
    )
    obj = {"spec": {"taints": [{"key": 1}, "x"], "labels": {"a": 1}}}

    assert errors_of(openapi, obj) == [
        'spec.taints[0].key: Invalid value: "integer": spec.taints[0].key in body must be of type string: "integer"',
        "spec.taints[0].effect: Required value",
        'spec.taints[1]: Invalid value: "string": spec.taints[1] in body must be of type object: "string"',
        'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
    ]


@pytest.mark.parametrize(
    ("list_schema", "value", "expected"),
    [
        (
            {"x-kubernetes-list-type": "set", "items": {"type": "string"}},
            ["a", "b", "a"],
            ['spec.field[2]: Duplicate value: "a"'],
        ),
        (
            {
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port", "protocol"],
                "items": {
                    "type": "object",
                    "required": ["port"],
                    "properties": {
                        "port": {"type": "integer"},
                        "protocol": {"type": "string", "default": "TCP"},
                    },
                },
            },
            [{"port": 1, "protocol": "TCP"}, {"port": 1, "protocol": "UDP"}, {"port": 1, "protocol": "TCP"}],
            ['spec.field[2]: Duplicate value: {"port":1,"protocol":"TCP"}'],
        ),
        ({"items": {"type": "string"}}, ["a", "a"], []),
    ],
    ids=["set", "map", "atomic"],
)
def test_lists_that_are_sets_or_maps_hold_no_entry_twice(
    list_schema: dict[str, Any], value: Any, expected: list[str]
) -> None:
    assert errors_of(of_spec(field={"type": "array", **list_schema}), {"spec": {"field": value}}) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"x": 1}, {"x": 1, "y": "b"}, []),
        ({"x": 1}, {"x": 2, "y": "b"}, ["spec.field.x"]),
        ({"x": True}, {"x": 1}, ["spec.field.x"]),
        ({}, {"x": 1}, ["spec.field.x"]),
        ({"z": 1}, {"z": 1, "x": "a"}, ["spec.field.y"]),
        ({"z": 1}, {"z": 1}, []),
        (
            {"list": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]},
            {"list": [{"n": "b", "v": 2}, {"n": "a", "v": 3}], "y": "b"},
            ["spec.field.list[1].v"],
        ),
    ],
    ids=[
        "wrong and unchanged",
        "wrong and changed",
        "true is not one",
        "new",
        "object without a required field changes",
        "object without a required field stays",
        "items by key",
    ],
)
def test_what_was_wrong_before_may_stay_as_long_as_it_does_not_change(
    old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    item = {"type": "object", "required": ["n"], "properties": {"n": {"type": "string"}, "v": {"type": "string"}}}
    keyed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"], "items": item}
    text = {"type": "string"}
    field = {
        "type": "object",
        "required": [] if "z" not in old else ["y"],
        "properties": {"x": text, "y": text, "z": {"type": "integer"}, "list": keyed},
    }
    schema = compile_schema(of_spec(field=field))

    errors = schema.validate({"spec": {"field": new}}, {"spec": {"field": old}})

    assert [error.path for error in errors] == expected


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("date-time", "2024-01-31T10:00:00Z", "2024-01-31 10:00"),
        ("date-time", "2024-01-31t10:00:00.5+02:00", "2024-02-31T10:00:00Z"),
        ("date", "2024-02-29", "20240229"),
        ("ipv6", "fe80::1", "1.2.3.4"),
        ("cidr", "10.0.0.1/8", "10.0.0.0"),
        ("mac", "fa:16:3e:00:00:01", "fa:16:3e:00:00"),
        ("uuid", "e2d9ead6-759b-4592-873d-981d3db07c86", "e2d9ead6"),
        ("byte", "aGVsbG8=", "aGVsbG8"),
        ("hostname", "a-1.example.org", "-a.example"),
        ("uri", "https://example.org/x", "no uri"),
        ("duration", "1h30m", "an hour"),
        ("email", "a@example.org", "example.org"),
    ],
)
def test_formats_tell_good_from_bad(format_: str, good: str, bad: str) -> None:
    openapi = of_spec(field={"type": "string", "format": format_})

    assert errors_of(openapi, {"spec": {"field": good}}) == []
    assert errors_of(openapi, {"spec": {"field": bad}}) != []


@pytest.mark.parametrize(
    ("openapi", "place"),
    [
        ({"type": "object", "properties": {"x": {}}}, "openAPIV3Schema.properties[x].type"),
        ({"type": "object", "properties": {"x": {"type": "list"}}}, "openAPIV3Schema.properties[x].type"),
        ({"type": "object", "properties": {"x": {"type": "array"}}}, "openAPIV3Schema.properties[x].items"),
        (
            {"type": "object", "properties": {"x": {"$ref": "#/a", "type": "string"}}},
            "openAPIV3Schema.properties[x].$ref",
        ),
        ({"type": "object", "additionalProperties": False}, "openAPIV3Schema.additionalProperties"),
        ({"type": "object", "anyOf": [{"description": "no"}]}, "openAPIV3Schema.anyOf[0].description"),
        (
            {"type": "object", "properties": {"x": {"type": "string", "pattern": "("}}},
            "openAPIV3Schema.properties[x].pattern",
        ),
        (
            {"type": "object", "properties": {"x": {"type": "integer", "default": "a"}}},
            "openAPIV3Schema.properties[x].default",
        ),
        (
            {
                "type": "object",
                "properties": {
                    "x": {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"},
                },
            },
            "openAPIV3Schema.properties[x].x-kubernetes-list-map-keys",
        ),
        (
            {"type": "object", "x-kubernetes-validations": [{"rule": "self.x ==="}]},
            "openAPIV3Schema.x-kubernetes-validations[0].rule",
        ),
        (
            {"type": "object", "x-kubernetes-validations": [{"rule": "other.x == 1"}]},
            "openAPIV3Schema.x-kubernetes-validations[0].rule",
        ),
        (
            {"type": "object", "x-kubernetes-validations": [{"message": "no rule"}]},
            "openAPIV3Schema.x-kubernetes-validations[0].rule",
        ),
        ("text", "openAPIV3Schema"),
        ({"type": "string"}, "openAPIV3Schema.type"),
    ],
)
def test_a_schema_that_is_not_structural_is_refused_with_its_place(openapi: Any, place: str) -> None:
    with pytest.raises(SchemaError) as refusal:
        compile_schema(openapi)

    assert [error.path for error in refusal.value.errors] == [place]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "spec"]), inner, max_size=3),
    max_leaves=8,
)
TREE = compile_schema(
    {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "a": {"type": "array", "items": {"type": "integer", "minimum": 0}, "x-kubernetes-list-type": "set"},
                    "b": {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": True}},
                },
                "x-kubernetes-validations": [{"rule": "!has(self.a) || size(self.a) < 3"}],
            },
            "a": {"type": "string", "format": "date-time", "default": "2024-01-01T00:00:00Z"},
        },
    }
)


@given(JSON, JSON)
def test_no_value_makes_a_check_fail_with_anything_but_errors(obj: Any, old: Any) -> None:
    TREE.validate(obj, old)
    TREE.prune(TREE.default(obj))


@given(JSON)
def test_pruning_twice_changes_nothing_more(obj: Any) -> None:
    pruned, _ = TREE.prune(obj)

    assert TREE.prune(pruned) == (pruned, [])
