"""The local copy and its indexes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecapy.api.core import ConfigMap
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta, key_of
from kubecapy.runtime.store import Change, Store


def config_map(name: str, revision: str, **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="d", resource_version=revision), data=data)


def color(obj: ConfigMap) -> list[str]:
    found = (obj.data or {}).get("color")
    return [found] if found else []


def names(objects: object) -> list[str]:
    return [obj.metadata.name for obj in objects]  # type: ignore[attr-defined]  # a list of config maps


def test_changes_say_what_was_there_before() -> None:
    store: Store[ConfigMap] = Store()
    first, second = config_map("a", "1"), config_map("a", "2")

    assert store.put(first) == Change("ADDED", first)
    assert store.put(first) is None
    assert store.put(second) == Change("MODIFIED", second, first)
    assert store.remove(ObjectKey("d", "a")) == Change("DELETED", second, second)
    assert store.remove(ObjectKey("d", "a")) is None


def test_replacing_tells_of_what_went_came_and_changed() -> None:
    store: Store[ConfigMap] = Store()
    for obj in (config_map("gone", "1"), config_map("same", "2"), config_map("old", "3")):
        store.put(obj)

    changes = store.replace([config_map("same", "2"), config_map("old", "4"), config_map("new", "5")])

    assert [(change.type, change.object.metadata.name) for change in changes] == [
        ("DELETED", "gone"),
        ("MODIFIED", "old"),
        ("ADDED", "new"),
    ]
    assert names(store.list()) == ["new", "old", "same"]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "a-b", "a0", "b"]), st.sampled_from("xyz"), st.booleans()), max_size=12)
)
def test_objects_are_listed_in_order_of_their_keys_whatever_came_and_went(
    steps: list[tuple[str, str, bool]],
) -> None:
    store: Store[ConfigMap] = Store()
    held: set[ObjectKey] = set()

    for number, (namespace, name, is_there) in enumerate(steps):
        key = ObjectKey(namespace, name)
        if is_there:
            store.put(ConfigMap(metadata=ObjectMeta(name=name, namespace=namespace, resource_version=str(number))))
            held.add(key)
        else:
            store.remove(key)
            held.discard(key)

        assert [key_of(obj) for obj in store.list()] == sorted(held)
        assert [key_of(obj) for obj in store.list("a")] == sorted(key for key in held if key.namespace == "a")


def test_an_index_files_present_and_future_objects() -> None:
    store: Store[ConfigMap] = Store()
    store.put(config_map("a", "1", color="red"))
    store.add_index("color", color)
    store.put(config_map("b", "2", color="red"))
    store.put(config_map("a", "3", color="blue"))

    assert names(store.by_index("color", "red")) == ["b"]
    assert names(store.by_index("color", "blue")) == ["a"]
    assert store.by_index("color", "green") == []
    with pytest.raises(ValueError, match="the index color is there already"):
        store.add_index("color", color)


def test_a_namespace_limits_the_list() -> None:
    store: Store[ConfigMap] = Store()
    store.put(config_map("a", "1"))

    assert names(store.list("d")) == ["a"]
    assert store.list("e") == []
    assert len(store) == 1


COLORS = st.sampled_from(["red", "blue", ""])
STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove", "replace"]), st.sampled_from("abc"), COLORS), max_size=30)


@given(STEPS)
def test_the_index_always_agrees_with_the_objects(steps: list[tuple[str, str, str]]) -> None:
    store: Store[ConfigMap] = Store()
    store.add_index("color", color)
    model: dict[str, str] = {}
    for number, (action, name, value) in enumerate(steps):
        obj = config_map(name, str(number), color=value)
        if action == "put":
            store.put(obj)
            model[name] = value
        elif action == "remove":
            store.remove(ObjectKey("d", name))
            model.pop(name, None)
        else:
            store.replace([obj])
            model = {name: value}

    for wanted in ("red", "blue"):
        expected = sorted(name for name, value in model.items() if value == wanted)
        assert names(store.by_index("color", wanted)) == expected
    assert names(store.list()) == sorted(model)
