"""YAML in and out, by kubectl's rules."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecapy.apimachinery.codec import DecodeError, dump_yaml, load_yaml
from kubecapy.apimachinery.yaml_scalars import json_scalar, resolve_scalar

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS
KEYS = st.text("abyn01.~", max_size=4)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True),
        ("Yes", True),
        ("on", True),
        ("no", False),
        ("OFF", False),
        ("~", None),
        ("", None),
        ("017", 15),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", 3),
        ("08", 8),
        ("-7", -7),
        ("+7", 7),
        ("1_000", 1000),
        ("1e3", 1000),
        ("1.50", 1.5),
        (".5", 0.5),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 18446744073709552000),
        ("-9223372036854775809", -9223372036854776000),
        ("0777777777777777777777777", 7.777777777777778e23),
        ("0xFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFF"),
        ("1e400", "1e400"),
        (".5_0", ".5_0"),
        ("2019-04-04", "2019-04-04"),
        ("12:30:45", "12:30:45"),
        ("1.2.3", "1.2.3"),
        ("yEs", "yEs"),
        ("_1", "_1"),
        ("0x", "0x"),
        ("-", "-"),
        ("1e", "1e"),
    ],
)
def test_plain_scalars_read_as_kubectl_reads_them(text: str, value: object) -> None:
    found = json_scalar(resolve_scalar(text))

    assert found == value
    assert type(found) is type(value)


def test_keys_become_the_strings_that_kubectl_makes_of_them() -> None:
    text = "{n: 1, 017: 2, 1.5: 3, name: 4, 1e3: 5, 1e6: 6, .1: 7, -0.0: 8, 123456789.0: 9, 1e39: 10, .nan: 11}"

    keys = ["false", "15", "1.5", "name", "1000", "1e+06", "0.1", "-0", "1.2345679e+08", ".inf", ".nan"]
    assert load_yaml(text) == [{key: number for number, key in enumerate(keys, 1)}]


def test_quoted_and_tagged_scalars_stay_strings() -> None:
    assert load_yaml("[ 'y', \"1\", !!str 5, !!str true, !!binary aGk=, !!timestamp 2019-04-04 ]") == [
        ["y", "1", "5", "true", "hi", "2019-04-04"]
    ]


def test_every_document_is_returned_and_empty_ones_are_none() -> None:
    assert load_yaml("a: 1\n---\n---\n- 2\n") == [{"a": 1}, None, [2]]


def test_an_alias_stands_for_what_it_names_and_a_merge_key_gives_way_to_what_follows() -> None:
    text = "base: &b {x: 1, a: 2}\nother:\n  a: 4\n  <<: *b\n  x: 3\nlist:\n  <<: [{x: 9}, *b]\n"

    assert load_yaml(text) == [{"base": {"x": 1, "a": 2}, "other": {"x": 3, "a": 2}, "list": {"x": 9, "a": 2}}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 'line 3: the key "a" appears twice'),
        ("y: 1\ntrue: 2\n", 'line 2: the key "true" appears twice'),
        ("a: [1\n", "line 1: expected YAML"),
        ("\tx: 1", "line 1: expected YAML"),
        ("a: .nan", "line 1: .nan is not a JSON number"),
        ("a:\n  - -.inf", "line 2: -.inf is not a JSON number"),
        ("x: &a [*a]", "line 1: an alias stands inside the value that it names"),
        ("? [1]\n: 2", "line 1: expected text as a key"),
        ("~: 1", "line 1: expected text as a key: null"),
        ("a: !!python/object:os.system x", "cannot be said in JSON"),
        ("a: !!set {x}", "cannot be said in JSON"),
        ("a: !!int x", "x is no !!int"),
        ("a: !!float 9223372036854775808", "9223372036854775808 is no !!float"),
        ("a: !!binary x", "!!binary stands before what is no base64"),
        ("18446744073709551615: 1", "18446744073709551615 is too large for a key; quote it"),
        ("<<: 1", "expected a mapping"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        load_yaml(text)

    assert message in str(caught.value)


def test_aliases_that_unfold_without_end_are_refused() -> None:
    levels = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 9))

    with pytest.raises(DecodeError, match="unfolds to more than"):
        load_yaml(f"l0: &l0 [x]\n{levels}\n")


@given(JSON_VALUES)
def test_what_is_dumped_reads_back_the_same(value: object) -> None:
    assert load_yaml(dump_yaml(value)) == [value]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])))
def test_any_text_survives_the_round_trip(text: str) -> None:
    normal = text.replace("\r\n", "\n").replace("\r", "\n")

    assert load_yaml(dump_yaml({"t": normal})) == [{"t": normal}]


def test_json_is_yaml() -> None:
    value = {"a": [1, 2.5, None, True, "x\ny"], "b": {"c": "é"}}

    assert load_yaml(json.dumps(value)) == [value]


def test_keys_keep_their_order_and_long_lines_are_not_folded() -> None:
    text = "x " * 200 + "y"

    assert dump_yaml({"b": text, "a": 1}) == f"b: {text}\na: 1\n"
