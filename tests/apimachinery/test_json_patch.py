"""JSON patches."""

import copy
from typing import Any

import jsonpatch
import jsonpointer
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubecapy.apimachinery.patches import PatchError, apply_json_patch

OBJECT = {"metadata": {"labels": {"a/b": "1"}, "finalizers": ["x", "y"]}, "spec": {"n": 1}}


def test_operations_apply_in_order_and_the_target_stays_untouched() -> None:
    before = copy.deepcopy(OBJECT)

    result = apply_json_patch(
        OBJECT,
        [
            {"op": "test", "path": "/spec/n", "value": 1},
            {"op": "replace", "path": "/spec/n", "value": 2},
            {"op": "remove", "path": "/metadata/finalizers/0"},
            {"op": "add", "path": "/metadata/labels/a~1c", "value": "2"},
        ],
    )

    assert result == {"metadata": {"labels": {"a/b": "1", "a/c": "2"}, "finalizers": ["y"]}, "spec": {"n": 2}}
    assert before == OBJECT


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ([{"op": "test", "path": "/spec/n", "value": 2}], "a test operation of the JSON patch failed"),
        ([{"op": "remove", "path": "/spec/missing"}], "does not fit the object"),
        ([{"op": "replace", "path": "/spec/missing/deeper", "value": 1}], "does not fit the object"),
        ([{"op": "jump", "path": "/spec"}], "does not fit the object"),
        ([{"op": "add", "path": "spec", "value": 1}], "does not fit the object"),
        ([{"op": "add"}], "does not fit the object"),
        ([{"op": "add", "path": "", "value": 1}], "names no member"),
        ([{"op": "replace", "path": "", "value": 1}], "something that is no object"),
        ([{"op": "replace", "path": ""}, {"op": "add", "path": "/spec/n", "value": 1}], "does not fit the object"),
        ([{"op": "add", "path": "/metadata/finalizers/3", "value": 1}], "has no place 3"),
        ([{"op": "add", "path": "/metadata/finalizers/x", "value": 1}], "is no index of a list"),
        ([{"op": "copy", "from": "", "path": "/x"}], "names no member"),
        ([{"op": "test", "path": "/spec/n", "value": True}], "a test operation of the JSON patch failed"),
        ([{"op": "test", "path": "/spec/n", "value": 1.0}], "a test operation of the JSON patch failed"),
        ({"op": "add"}, "expected a JSON patch"),
        (["x"], "expected a JSON patch"),
        ([{"op": "remove", "path": "/x"}] * 10_001, "at most 10000 operations"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(operations: Any, message: str) -> None:
    with pytest.raises(PatchError) as caught:
        apply_json_patch(OBJECT, operations)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_upstream_is_kinder_than_the_standard() -> None:
    result = apply_json_patch(
        OBJECT,
        [
            {"op": "replace", "path": "/spec/new", "value": 1},
            {"op": "copy", "from": "/spec/absent", "path": "/spec/copied"},
            {"op": "test", "path": "/spec/absent"},
            {"op": "remove", "path": "/metadata/finalizers/-1"},
            {"op": "add", "path": "passed-over/top", "value": 2},
        ],
    )

    assert result == {
        "metadata": {"labels": {"a/b": "1"}, "finalizers": ["x"]},
        "spec": {"n": 1, "new": 1, "copied": None},
        "top": 2,
    }


def test_copies_add_only_so_much() -> None:
    grow = [{"op": "copy", "from": "/spec", "path": "/spec/a"}, {"op": "copy", "from": "/spec", "path": "/spec/b"}]

    with pytest.raises(PatchError, match="may add at most 3145728 bytes"):
        apply_json_patch(OBJECT, grow * 20)


_KEYS = st.sampled_from(["a", "b", "c/d", "~"])
_VALUES = st.recursive(
    st.integers(0, 3) | st.text("xy", max_size=2) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, max_size=4)
_STEPS = _KEYS.map(lambda key: key.replace("~", "~0").replace("/", "~1")) | st.sampled_from(["0", "1", "2", "-"])
_PATHS = st.lists(_STEPS, min_size=1, max_size=3).map(lambda steps: "/" + "/".join(steps))
_OPERATIONS = st.one_of(
    st.fixed_dictionaries({"op": st.sampled_from(["add", "replace"]), "path": _PATHS, "value": _VALUES}),
    st.fixed_dictionaries({"op": st.just("test"), "path": _PATHS, "value": _VALUES}),
    st.fixed_dictionaries({"op": st.just("remove"), "path": _PATHS}),
    st.fixed_dictionaries({"op": st.sampled_from(["move", "copy"]), "path": _PATHS, "from": _PATHS}),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_DOCUMENTS, st.lists(_OPERATIONS, max_size=4))
def test_what_the_library_can_apply_we_apply_alike(document: dict[str, Any], operations: list[dict[str, Any]]) -> None:
    try:
        expected = jsonpatch.JsonPatch(operations).apply(document)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError):
        return  # Where we are kinder the library refuses; the conformance suite holds that against kube-apiserver.

    assert apply_json_patch(document, operations) == expected
