"""Give every command the flags and spellings that all of them share.

Flag names accept `_` for `-` (Cluster API v0.1.1 and later), `-v 4`, `--v 4` and `--v=4` mean the same on every
command, and the log flags of klog that scripts of the time carry are accepted without effect.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from kubecapy.clusterctl.errors import EXIT_INTERRUPTED
from kubecapy.telemetry import logs

VERBOSITY_KEY = "kubecapy.clusterctl.verbosity"
"""Where the chosen verbosity lies in `click.Context.meta`, which a command shares with its groups."""

CONTROLLER_LOGS_VERBOSITY = 5
"""From here on, what the controllers of an embedded cluster log is shown too, not only kept in their file."""

LIBRARY_WARNINGS_VERBOSITY = 4
"""From here on, warnings of libraries are shown."""

CONTEXT_SETTINGS: Mapping[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda token: token.replace("_", "-"),
    "max_content_width": 110,
}

F = TypeVar("F", bound=Callable[..., Any])

_IGNORED_FLAGS = ("--logtostderr", "--alsologtostderr", "--skip-headers", "--skip-log-headers")
_IGNORED_OPTIONS = ("--stderrthreshold", "--log-dir", "--log-file", "--log-flush-frequency", "--vmodule")


class Command(click.Command):
    """A command with the global flags; logs are set up before it runs."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters, then the global ones."""
        return [*super().get_params(ctx), *_global_options()]

    def invoke(self, ctx: click.Context) -> Any:
        """Set up the logs, then run the command."""
        verbosity = verbosity_of(ctx)
        logs.configure(verbosity=verbosity)
        if verbosity < LIBRARY_WARNINGS_VERBOSITY:
            # What a library warns of comes back to us as an error, which we put into a sentence.
            logging.getLogger().setLevel(logging.ERROR)
        return super().invoke(ctx)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that help is quick."""

    def __init__(self, name: str, *, help: str, commands: Mapping[str, tuple[str, str]]) -> None:  # noqa: A002
        """Take `commands`: name to `module:attribute` and the one-line help that the group's list shows."""
        super().__init__(
            name, help=help, context_settings=dict(CONTEXT_SETTINGS), invoke_without_command=True, callback=_show_help
        )
        self._table = commands

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the group's own parameters, then the global ones."""
        return [*super().get_params(ctx), *_global_options()]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table."""
        del ctx
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None where the table has no such name."""
        del ctx
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self._table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` begin with; the error names the group and what it offers."""
        if args[0] not in self._table:
            offered = ", ".join(self._table)
            raise click.UsageError(f'unknown command "{args[0]}" for "{ctx.command_path}"; it has: {offered}', ctx)
        return super().resolve_command(ctx, args)


def command(name: str, *, help: str) -> Callable[[Callable[..., Any]], Command]:  # noqa: A002
    """Make a function a command of that name."""
    return click.command(name, cls=Command, help=help, context_settings=dict(CONTEXT_SETTINGS))


def cluster_options(function: F) -> F:
    """Add the options that say which cluster to talk to."""
    kubeconfig = click.option("--kubeconfig", type=path_type(), help="File that says how to reach the cluster.")
    context = click.option("--kubeconfig-context", "context", metavar="NAME", help="Context of that file to use.")
    return kubeconfig(context(function))


def path_type() -> click.Path:
    """Return the type of a parameter that names a file; what is wrong with the file is said when it is read."""
    return click.Path(path_type=Path)


@contextmanager
def ended_by_person() -> Iterator[None]:
    """Let ctrl-C end what only ends by it, such as following a log, without an error's words; the exit code stays 130.

    Raises:
        click.exceptions.Exit: ctrl-C came.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None


def verbosity_of(context: click.Context) -> int:
    """Return the verbosity that was asked for, 0 where none was."""
    return int(context.meta.get(VERBOSITY_KEY, 0))


def _global_options() -> list[click.Option]:
    verbosity = click.Option(
        ["-v", "--v", "verbosity"],
        type=click.IntRange(0, 10),
        metavar="LEVEL",
        expose_value=False,
        callback=_keep_verbosity,
        help="Log level, 0 to 10: 2 repeats what is awaited, 4 each step of a move, 5 the controllers' own lines.",
    )
    flags = [click.Option([name], is_flag=True, hidden=True, expose_value=False) for name in _IGNORED_FLAGS]
    options = [click.Option([name], hidden=True, expose_value=False) for name in _IGNORED_OPTIONS]
    return [verbosity, *flags, *options]


def _keep_verbosity(context: click.Context, _: click.Parameter, value: int | None) -> None:
    if value is not None:
        context.meta[VERBOSITY_KEY] = value


@click.pass_context
def _show_help(context: click.Context) -> None:
    """Print the help of a group that was called without a command; that is no error."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
