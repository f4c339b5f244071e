"""Fields are found by the paths that errors name."""

import pytest

from kubecapy.apimachinery.manifests import Flaw, load_manifests, scan_manifests

TEXT = """\
# comment
apiVersion: cluster.k8s.io/v1alpha1
kind: Machine
metadata:
  name: m
  labels:
    set: node
    cluster.k8s.io/cluster-name: test1
spec:
  providerSpec:
    value:
      floatingip: 9.20.206.8
      networks:
      - uuid: a
      - filter:
          name: b
      tags: [x,
        y]
  versions: {kubelet: 1.14.0,
    controlPlane: 1.14.0}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 2),
        ("kind", 3),
        ("metadata", 4),
        ("metadata.labels.set", 7),
        ("metadata.labels.cluster.k8s.io/cluster-name", 8),
        ("metadata.labels[cluster.k8s.io/cluster-name]", 8),
        ("spec.providerSpec.value.floatingIP", 12),
        ("spec.providerSpec.value.networks[1].filter.name", 16),
        ("spec.providerSpec.value.networks[1]", 15),
        ("spec.providerSpec.value.tags[1]", 18),
        ("spec.versions.controlPlane", 20),
        (".spec.versions.kubelet", 19),
    ],
)
def test_a_field_stands_where_its_key_does(path: str, line: int) -> None:
    (manifest,) = load_manifests(TEXT, "f")

    assert manifest.place_of(path) == f"f:{line}"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("spec.providerSpec.value.image", 11),
        ("spec.providerSpec.value.networks[7].uuid", 13),
        ("spec.providerSpec.value.networks[x]", 13),
        ("status.phase", 2),
        ("<nil>", 2),
    ],
)
def test_a_field_that_is_not_there_is_missing_in_the_last_one_that_is(path: str, line: int) -> None:
    (manifest,) = load_manifests(TEXT, "f")

    assert manifest.place_of(path) == f"f:{line}"


def test_of_two_keys_the_exact_and_the_longer_one_is_meant() -> None:
    (manifest,) = load_manifests("apiVersion: v1\nkind: A\na: {b: 1}\na.b: 2\nX: 3\nx: 4\n", "f")

    assert manifest.place_of("a.b") == "f:4"
    assert manifest.place_of("x") == "f:6"
    assert manifest.place_of("X") == "f:5"


def test_what_comes_by_an_alias_or_a_merge_key_stands_where_it_was_written() -> None:
    text = "apiVersion: v1\nkind: A\nbase: &base\n  a: 1\n  b: 2\nspec:\n  <<: *base\n  a: 3\nother: *base\n"
    (manifest,) = load_manifests(text, "f")

    assert manifest.place_of("spec.a") == "f:8"
    assert manifest.place_of("spec.b") == "f:5"
    assert manifest.place_of("other.b") == "f:5"


def test_each_entry_of_a_list_has_lines_of_its_own() -> None:
    text = "items:\n- apiVersion: v1\n  kind: A\n  x: 1\n- apiVersion: v1\n  kind: B\n  x: 2\n"

    assert [found.place_of("x") for found in load_manifests(text, "f")] == ["f:4", "f:7"]


def test_what_is_no_object_does_not_hide_the_objects_around_it() -> None:
    good = "apiVersion: v1\nkind: A\n"
    text = f"{good}---\na: 1\na: 2\n---\n{good}---\n- 1\n---\nkind: B\n---\n{good}---\nx: [1\n"

    assert [str(found) for found in scan_manifests(text, "f")] == [
        "f:1",
        'f:5: the key "a" appears twice in one mapping; keep one of them',
        "f:7",
        "f:10: expected a Kubernetes object, a mapping with apiVersion and kind",
        'f:12: the object has no apiVersion; add it, as in `apiVersion: "cluster.k8s.io/v1alpha1"`',
        "f:14",
        "f:17: expected YAML: while parsing a flow sequence, did not find expected ',' or ']'",
    ]


@pytest.mark.parametrize("text", ["a\x00b", "a: 1\nb: \x07\n", "\x7fELF\x02"])
def test_what_is_no_text_is_named_with_its_line(text: str) -> None:
    (flaw,) = scan_manifests(text, "f")

    assert isinstance(flaw, Flaw)
    assert "expected YAML" in flaw.message
    assert 1 <= flaw.line <= text.count("\n") + 1
