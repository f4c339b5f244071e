"""The commands that the documentation types exist, with these options."""

import contextlib
import itertools
import re
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from tests.docs.pages import PAGES, ROOT, commands_of, relative

from kubecapy.clusterctl.cli import cli
from kubecapy.daemons.__main__ import DaemonGroup

WRITTEN = tuple(page for page in PAGES if "reference" not in page.parts)
"""Pages that people write; the reference is generated."""
KUBECTL_VERBS = frozenset({"get", "describe", "logs", "delete", "apply", "create"})
OPENSTACK_COMMANDS = frozenset(
    point.name.replace("_", " ")
    for group in entry_points().groups
    if group.startswith("openstack.")
    for point in entry_points(group=group)
)
"""What the installed OpenStack command line understands."""


@pytest.mark.parametrize("page", WRITTEN, ids=relative)
@pytest.mark.parametrize("group", [cli, DaemonGroup("kubecapy")], ids=["clusterctl", "kubecapy"])
def test_every_command_of_ours_that_a_page_types_is_understood(page: Path, group: click.Group) -> None:
    # The name of a program alone is no command.
    for words in filter(None, commands_of(page, str(group.name))):
        # A sentence may leave out what is required; what it does say must be right.
        with contextlib.suppress(click.MissingParameter):
            _parse(group, words)


@pytest.mark.parametrize("page", WRITTEN, ids=relative)
def test_every_make_target_that_a_page_types_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    typed = {word for words in commands_of(page, "make") for word in words if "=" not in word}

    assert typed <= targets


@pytest.mark.parametrize("page", WRITTEN, ids=relative)
def test_every_kubectl_verb_that_a_page_types_is_one_that_our_server_is_tried_with(page: Path) -> None:
    typed = {_first_word(words) for words in commands_of(page, "kubectl") if words}

    assert typed <= KUBECTL_VERBS


@pytest.mark.parametrize("page", WRITTEN, ids=relative)
def test_every_openstack_command_that_a_page_types_exists(page: Path) -> None:
    typed = [words for words in commands_of(page, "openstack") if words]

    assert [words for words in typed if not _is_openstack_command(words)] == []


def test_a_misspelt_option_would_be_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        _parse(cli, ["create", "cluster", "--bootstrap-tipe", "embedded"])


def test_the_story_itself_is_among_the_commands_that_are_read() -> None:
    typed = list(commands_of(ROOT / "docs" / "tutorial.md", "clusterctl"))

    assert ["create", "cluster"] in [words[:2] for words in typed]
    assert ["delete", "cluster"] in [words[:2] for words in typed]


def _parse(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """Parse `words` as click would before it runs the command that they name; nothing runs."""
    context = command.make_context(command.name, list(words), parent=parent)
    rest = [*context._protected_args, *context.args]
    if isinstance(command, click.Group) and rest:
        _, inner, arguments = command.resolve_command(context, rest)
        assert inner is not None
        _parse(inner, arguments, context)


def _first_word(words: list[str]) -> str:
    """Return the verb: options of kubectl before it, with their values, are skipped."""
    while words and words[0].startswith("-"):
        words = words[1:] if "=" in words[0] else words[2:]
    return words[0] if words else ""


def _is_openstack_command(words: list[str]) -> bool:
    """Return whether the words begin with a whole command, or are the beginning of one in a sentence."""
    plain = list(itertools.takewhile(lambda word: word.replace("-", "").islower(), words))
    whole = any(" ".join(plain[:count]) in OPENSTACK_COMMANDS for count in range(1, len(plain) + 1))
    return whole or any(command.startswith(" ".join(plain)) for command in OPENSTACK_COMMANDS)
