"""Describe the commands of clusterctl and kubecapy by what click knows of them."""

from collections.abc import Iterator, Sequence

import click

from kubecapy.clusterctl.cli import cli
from kubecapy.clusterctl.commands.delete_objects import delete_objects
from kubecapy.daemons.__main__ import DaemonGroup
from reference.markdown import code, page, table

TOLD_ONCE = frozenset({"--help", "--v"})
"""Options that every command has."""


def clusterctl_page() -> str:
    """Return the page of clusterctl."""
    context = _context(cli, "clusterctl", None)
    commands = [*_leaves(cli, context), (delete_objects, _context(delete_objects, "delete", context))]
    common = (
        "Every command takes `-h`, `--help` and `-v`, `--v LEVEL` (0 to 10). Flags may be spelled with `_` in place of "
        "`-`. The log flags of klog (`--logtostderr` and its kin) are accepted and change nothing."
    )
    return page("clusterctl", common, *_sections(commands))


def kubecapy_page() -> str:
    """Return the page of the daemons."""
    group = DaemonGroup("kubecapy")
    context = _context(group, "kubecapy", None)
    return page(
        "kubecapy",
        "The daemons. Each runs until ctrl-C or SIGTERM. Every one takes `-v`, `--v LEVEL` (0 to 10), and flags may be "
        "spelled with `_` in place of `-`.",
        *_sections(list(_leaves(group, context))),
    )


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(command, info_name=name, parent=parent)


def _leaves(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command that does something, with the context that knows its path, in the order of help."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        inner = _context(command, name, context)
        if isinstance(command, click.Group):
            yield from _leaves(command, inner)
        else:
            yield command, inner


def _sections(commands: Sequence[tuple[click.Command, click.Context]]) -> Iterator[str]:
    for command, context in commands:
        yield f"## {context.command_path}"
        yield f"```text\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```"
        yield _help(command.help or "")
        yield table(("option", "meaning", "default"), _options(command, context))


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str, str]]:
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden and TOLD_ONCE.isdisjoint(parameter.opts):
            yield _spelling(parameter, context), _meaning(parameter), _default(parameter)


def _meaning(option: click.Option) -> str:
    return f"Required. {option.help or ''}" if option.required else option.help or ""


def _spelling(option: click.Option, context: click.Context) -> str:
    names = ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    return names + (f" {code(value.strip())}" if value else "")


def _default(option: click.Option) -> str:
    """Return what holds where the option is not given; empty where nothing does."""
    default = option.to_info_dict()["default"]
    if option.is_flag or default in (None, "", ()):
        return ""
    return code(str(default).lower() if isinstance(default, bool) else str(default))


def _help(text: str) -> str:
    """Return a command's help; lines that click must not wrap are examples."""
    prose, mark, examples = click.unstyle(text).strip().partition("\b\n")
    return f"{prose.strip()}\n\n```sh\n{examples.strip()}\n```" if mark else prose
