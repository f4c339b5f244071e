"""Offer the daemons as one program: `kubecapy manager`, `kubecapy apiserver`, `kubecapy devcloud`."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final, NoReturn

import click

from kubecapy.telemetry.logs import get_logger

_DAEMONS: Final[Mapping[str, tuple[str, str]]] = {
    "manager": ("kubecapy.daemons.manager:manager", "Run controllers against a management cluster"),
    "apiserver": ("kubecapy.daemons.apiserver:apiserver", "Run a Kubernetes API server for development"),
    "devcloud": ("kubecapy.daemons.devcloud:devcloud", "Run a simulated OpenStack"),
}


class DaemonGroup(click.Group):
    """Imports a daemon only when it is called: each is a process of its own, with its own weight."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the daemons in the order of the table."""
        del ctx
        return list(_DAEMONS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a daemon; None where there is none of that name."""
        del ctx
        if cmd_name not in _DAEMONS:
            return None
        module, _, attribute = _DAEMONS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of daemons without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _DAEMONS.items()])


def main() -> None:
    """Run the daemon that the process was called with."""
    group = DaemonGroup(
        "kubecapy",
        help="Daemons of Kubecapy.",
        context_settings={
            "help_option_names": ["-h", "--help"],
            "token_normalize_func": lambda token: token.replace("_", "-"),
        },
    )
    try:
        group.main(prog_name="kubecapy", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the process entry
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    """End with one fatal line where the settings or the world are wrong, with a trace where we are."""
    # Heavy: imported only where a daemon ends badly.
    from kubecapy.daemons.failures import FORESEEN, causes_of

    causes = causes_of(error)
    foreseen = all(isinstance(cause, FORESEEN) for cause in causes)
    text = "; ".join(str(cause) for cause in causes)
    get_logger(__name__).critical("%s", text, exc_info=None if foreseen else error)
    sys.exit(1)


if __name__ == "__main__":
    main()
