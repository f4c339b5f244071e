"""Manifest files."""

import pytest

from kubecapy.apimachinery.codec import DecodeError, load_manifests

MACHINE = "apiVersion: cluster.k8s.io/v1alpha1\nkind: Machine\nmetadata: {generateName: m-}\n"


def test_every_object_of_a_file_comes_with_its_line() -> None:
    found = load_manifests(f"# comment\n{MACHINE}---\n---\n{MACHINE}", "m.yaml")

    assert [str(manifest) for manifest in found] == ["m.yaml:2", "m.yaml:7"]
    assert found[0].object["metadata"] == {"generateName": "m-"}


def test_the_bare_items_list_of_the_article_stands_for_its_entries() -> None:
    text = "items:\n- apiVersion: v1\n  kind: A\n- apiVersion: v1\n  kind: B\n"

    assert [(found.object, str(found)) for found in load_manifests(text, "machines.yaml")] == [
        ({"apiVersion": "v1", "kind": "A"}, "machines.yaml:2"),
        ({"apiVersion": "v1", "kind": "B"}, "machines.yaml:4"),
    ]


def test_a_list_stands_for_its_entries_and_lists_inside_it() -> None:
    text = """
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: A
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: B}
"""
    assert [manifest.object["kind"] for manifest in load_manifests(text, "f")] == ["A", "B"]


def test_entries_of_a_typed_list_are_of_its_kind() -> None:
    text = "apiVersion: cluster.k8s.io/v1alpha1\nkind: MachineList\nitems:\n- metadata: {name: m}\n"

    assert load_manifests(text, "f")[0].object == {
        "apiVersion": "cluster.k8s.io/v1alpha1",
        "kind": "Machine",
        "metadata": {"name": "m"},
    }


def test_a_kind_that_has_items_of_its_own_is_no_list() -> None:
    text = "apiVersion: v1\nkind: Shop\nitems: [1, 2]\n"

    assert load_manifests(text, "f")[0].object == {"apiVersion": "v1", "kind": "Shop", "items": [1, 2]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("items:\n- apiVersion: v1\n  kind: A\n- metadata: {}\n", "f:4: the object has no apiVersion"),
        ("items:\n- apiVersion: v1\n", "f:2: the object has no kind"),
        ("\n\nkind: Machine\n", "f:3: the object has no apiVersion"),
        ("- 1\n", "f:1: expected a Kubernetes object"),
        ("items: [1]\n", "f:1: expected a Kubernetes object"),
        ("a: 1\na: 2\n", "f:2: the key"),
        ("apiVersion: v1\nkind: 3\n", "f:1: the object has no kind"),
    ],
)
def test_what_is_no_object_is_refused_with_file_and_line(text: str, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        load_manifests(text, "f")

    assert str(caught.value).startswith(message)


def test_an_empty_file_holds_nothing() -> None:
    assert load_manifests("# nothing\n---\n", "f") == []
