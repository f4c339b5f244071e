import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecapy.apimachinery.codec import load_yaml
from kubecapy.bootstrap.yaml_text import boot_step, json_scalar, text_block

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t {%#}'\"\\|"))


@given(TEXTS)
def test_a_scalar_reads_back_as_it_was(text: str) -> None:
    assert load_yaml(f"value: {json_scalar(text)}") == [{"value": text}]


@given(TEXTS)
def test_a_scalar_holds_nothing_that_cloud_init_would_fill_in(text: str) -> None:
    scalar = json_scalar(text)

    assert not any(mark in scalar for mark in ("{{", "{%", "{#"))


@given(TEXTS)
def test_a_block_reads_back_as_it_was(text: str) -> None:
    block = text_block(text, indent=4, templated=False)

    assert load_yaml(f"- path: x\n  content: {block}\n- path: y\n")[0][0]["content"] == text


@pytest.mark.parametrize("text", ["a\nb\n", "a\n\nb\n", "key: value\n  - deeper\n", "no newline at the end"])
def test_plain_text_is_a_block_that_people_can_read(text: str) -> None:
    assert text_block(text, indent=2, templated=False).startswith("|")


def test_text_for_cloud_init_keeps_its_delimiters() -> None:
    assert text_block("id: {{ v1.instance_id }}\n", indent=4, templated=True) == "|\n    id: {{ v1.instance_id }}"


def test_text_that_looks_like_cloud_inits_own_is_escaped() -> None:
    block = text_block("x: {{ secret }}\n", indent=4, templated=False)

    assert "{{" not in block
    assert json.loads(block) == "x: {{ secret }}\n"


def test_a_step_announces_itself_and_fails_loudly() -> None:
    assert json.loads(boot_step("swapoff -a", "turn swap off")) == (
        "echo 'kubecapy: turn swap off'; if ! swapoff -a; "
        "then echo 'kubecapy: bootstrap failed: turn swap off'; exit 1; fi"
    )


def test_a_steps_description_cannot_end_its_quotes() -> None:
    line = json.loads(boot_step("true", "it's; reboot"))

    assert line.startswith("""echo 'kubecapy: it'"'"'s; reboot'; if ! true;""")
