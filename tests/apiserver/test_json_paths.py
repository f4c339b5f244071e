"""JSONPath of printer columns, and how ages are worded."""

from datetime import UTC, datetime, timedelta

import pytest

from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.crd.json_paths import JsonPathError, compile_json_path
from kubecapy.apiserver.registry.ages import format_age, format_duration

OBJECT = {
    "spec": {"size": 3, "a.b/c": "dotted", "list": [1, 2, 3]},
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False", "flag": True}],
        "addresses": {"x": {"ip": "1"}, "y": {"ip": "2"}},
    },
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.size", [3]),
        ("{.spec.size}", [3]),
        ("$.spec.size", [3]),
        (".spec.nothing.below", []),
        (r".spec.a\.b/c", ["dotted"]),
        (".spec['a.b/c']", ["dotted"]),
        (".spec.list[1]", [2]),
        (".spec.list[-1]", [3]),
        (".spec.list[7]", []),
        (".spec.list[*]", [1, 2, 3]),
        (".status.addresses.*.ip", ["1", "2"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type == 'Other')].status", ["False"]),
        ('.status.conditions[?(@.type!="Ready")].type', ["Other"]),
        (".status.conditions[?(@.flag==true)].type", ["Other"]),
        (".status.conditions[*].type", ["Ready", "Other"]),
    ],
)
def test_a_path_leads_to_its_values(path: str, expected: list[object]) -> None:
    assert compile_json_path(path)(OBJECT) == expected


@pytest.mark.parametrize("path", ["", "spec", ".spec[", ".spec[x]", "..", ".spec[?(@.a<1)]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(JsonPathError):
        compile_json_path(path)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (185, "3m5s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600 + 60, "8h"),
        (47 * 3600, "47h"),
        (49 * 3600, "2d1h"),
        (9 * 86400 + 3600, "9d"),
        (2 * 365 * 86400, "2y"),
        (3 * 365 * 86400 + 86400, "3y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_spans_are_worded_as_kubectl_words_them(seconds: int, expected: str) -> None:
    assert format_duration(seconds) == expected


def test_an_age_counts_from_a_time_and_is_unknown_without_one() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert format_age(format_time(now - timedelta(seconds=90)), now) == "90s"
    assert [format_age(value, now) for value in (None, "yesterday", 5)] == ["<unknown>"] * 3
