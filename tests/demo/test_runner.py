"""The demo holds what a command prints against the shape that its step has."""

import os
from pathlib import Path

import pytest
from demo.runner import Runner, StoryBroken
from demo.story import Step


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(folder=tmp_path, environment={"PATH": os.environ["PATH"]}, known={}, show=lambda _: None)


def test_a_step_without_a_shape_may_print_anything(runner: Runner) -> None:
    assert runner.run(Step("talk", "It talks.", ("echo", "something"))) == "something\n"


def test_a_step_with_an_empty_shape_must_print_nothing(runner: Runner) -> None:
    runner.run(Step("silent", "It is silent.", ("true",), shape=()))

    with pytest.raises(StoryBroken, match="0 lines expected"):
        runner.run(Step("left", "Something is left.", ("echo", "server-1"), shape=()))


def test_each_line_must_look_like_its_pattern(runner: Runner) -> None:
    runner.run(Step("two", "Two lines.", ("printf", "a 1\nb 2\n"), shape=(r"a \d", r"b \d")))

    with pytest.raises(StoryBroken, match="does not look like"):
        runner.run(Step("other", "Another line.", ("printf", "a 1\nc 2\n"), shape=(r"a \d", r"b \d")))
