"""Merge patches."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecapy.apimachinery.patches import apply_merge_patch, diff_merge_patch

SCALARS = st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.sampled_from(["", "x", "y"])
KEYS = st.sampled_from("abcd")
ITEMS = st.recursive(SCALARS, lambda i: st.lists(i | st.none(), max_size=3) | st.dictionaries(KEYS, i, max_size=3))
VALUES = st.recursive(
    SCALARS | st.lists(ITEMS, max_size=3), lambda i: st.dictionaries(KEYS, i, max_size=4), max_leaves=10
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
PATCHES = st.dictionaries(KEYS, VALUES | st.none(), max_size=4)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ],
)
def test_patches_apply_as_the_examples_of_rfc_7386(target: Any, patch: Any, result: Any) -> None:
    assert apply_merge_patch(target, patch) == result


@given(OBJECTS, OBJECTS)
def test_applying_the_difference_of_two_objects_gives_the_second(old: Any, new: Any) -> None:
    result = apply_merge_patch(old, diff_merge_patch(old, new))

    assert repr_sorted(result) == repr_sorted(new)


@given(OBJECTS)
def test_equal_objects_have_no_difference(obj: Any) -> None:
    assert diff_merge_patch(obj, copy.deepcopy(obj)) == {}


@given(OBJECTS, PATCHES)
def test_inputs_stay_untouched(target: Any, patch: Any) -> None:
    before = copy.deepcopy((target, patch))

    apply_merge_patch(target, patch)
    diff_merge_patch(target, patch)

    assert (target, patch) == before


@given(OBJECTS, PATCHES)
def test_applying_a_patch_twice_is_applying_it_once(target: Any, patch: Any) -> None:
    once = apply_merge_patch(target, patch)

    assert apply_merge_patch(once, patch) == once


def test_the_difference_names_only_what_changed() -> None:
    old = {"spec": {"a": 1, "b": {"c": 2, "d": 3}}, "status": {"x": 1}}
    new = {"spec": {"a": 1, "b": {"c": 4}}, "status": {"x": 1}}

    assert diff_merge_patch(old, new) == {"spec": {"b": {"c": 4, "d": None}}}


def test_true_and_one_are_different_values() -> None:
    assert diff_merge_patch({"a": [1]}, {"a": [True]}) == {"a": [True]}
    assert diff_merge_patch({"a": 0}, {"a": False}) == {"a": False}


def repr_sorted(value: Any) -> str:
    """Tell True from 1, which compare equal."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{repr_sorted(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(repr_sorted(item) for item in value) + "]"
    return repr(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else repr(value)


def test_objects_inside_of_lists_lose_their_nulls_as_upstream_has_it() -> None:
    assert apply_merge_patch({}, {"a": [None, {"b": None, "c": [{"d": None}]}]}) == {"a": [None, {"c": [{}]}]}
