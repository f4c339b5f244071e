"""Texts that are no JSON, and keys that stand twice in those that are."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubecapy.apimachinery.json_duplicates import find_duplicates
from kubecapy.apimachinery.json_syntax import why_no_json


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ('{"a": [1, ', "unexpected end of JSON input"),
        ("}", "invalid character '}' looking for beginning of value"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{a", "invalid character 'a' looking for beginning of object key string"),
        ('{"a",', "invalid character ',' after object key"),
        ('{"a":1 "b"', "invalid character '\"' after object key:value pair"),
        ("[1 2", "invalid character '2' after array element"),
        ("{} {}", "invalid character '{' after top-level value"),
        ('"a\nb"', r"invalid character '\n' in string literal"),
        (r'"\x"', "invalid character 'x' in string escape code"),
        (r'"\u12g4"', r"invalid character 'g' in \u hexadecimal character escape"),
        ("trUe", "invalid character 'U' in literal true (expecting 'u')"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1e+", "unexpected end of JSON input"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("01", "invalid character '1' after top-level value"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
    ],
)
def test_the_first_fault_is_told_in_go_s_words(text: str, sentence: str) -> None:
    assert why_no_json(text.encode()) == sentence


def test_bytes_that_are_no_text_are_shown_by_their_number() -> None:
    assert why_no_json(b"\xff\xfe") == "invalid character 'ÿ' looking for beginning of value"


def test_depth_is_no_fault() -> None:
    assert why_no_json(b"[" * 100_000 + b"]" * 100_000) == ""


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text('{}[]:,"\\u0e-+.1tfn alsr', max_size=12))
def test_python_and_we_agree_on_what_is_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        assert why_no_json(text.encode())
    else:
        assert why_no_json(text.encode()) == ""


def test_repeated_keys_are_found_with_their_paths() -> None:
    text = b'{"a": {"b": 1, "c": 2, "b": 3, "b": 4}, "l": [{"x": 1}, {"x": 1, "x": 2}], "a": {"b": 1, "b": 2}}'

    assert find_duplicates(text) == ["a", "a.b", "l[1].x"]
    assert find_duplicates(b'{"a": [{"b": {}}]}') == []
