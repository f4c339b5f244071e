"""What is nested too deeply is refused in a sentence, however it is written."""

import pytest

from kubecapy.apimachinery.json_codec import DecodeError
from kubecapy.apimachinery.nesting import MAX_DEPTH, is_too_deep
from kubecapy.apimachinery.yaml_codec import load_yaml


@pytest.mark.parametrize(("levels", "deep"), [(0, False), (MAX_DEPTH, False), (MAX_DEPTH + 1, True), (5_000, True)])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner, "b": 1}], ids=["list", "object"])
def test_a_value_is_too_deep_beyond_the_limit(wrap: object, levels: int, *, deep: bool) -> None:
    assert callable(wrap)
    value: object = "leaf"
    for _ in range(levels):
        value = wrap(value)

    assert is_too_deep(value) is deep


DEEP = 100_000
TEXTS = {
    "brackets": "[" * DEEP,
    "braces": "{a: " * DEEP,
    "dashes": "- " * DEEP + "x",
    "indentation": "".join(" " * level + "a:\n" for level in range(1_000)),
    "aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1_000)),
    "second document": "a: 1\n---\n" + "[" * DEEP,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_deep_text_is_refused_and_nothing_crashes(text: str) -> None:
    with pytest.raises(DecodeError, match=f"more than {MAX_DEPTH} levels"):
        load_yaml(text)


@pytest.mark.parametrize("make", [lambda n: "[" * n + "]" * n, lambda n: "- " * n + "x"], ids=["brackets", "dashes"])
def test_a_text_at_the_limit_is_read(make: object) -> None:
    assert callable(make)

    assert len(load_yaml(make(MAX_DEPTH))) == 1
    with pytest.raises(DecodeError):
        load_yaml(make(MAX_DEPTH + 1))
