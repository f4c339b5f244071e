"""JSON patches."""

import copy
from typing import Any

import pytest

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
        ([{"op": "add", "path": "", "value": 1}], "something that is no object"),
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
