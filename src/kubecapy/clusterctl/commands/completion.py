"""Print a script that teaches a shell to complete clusterctl's commands and flags."""

import click
from click.shell_completion import get_completion_class

from kubecapy.clusterctl.flags import command


@command("completion", help="Print a script for shell completion: source <(clusterctl completion bash).")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of `shell`."""
    completer = get_completion_class(shell)
    if completer is None:
        raise click.UsageError(f"no completion for {shell}", context)
    click.echo(completer(context.find_root().command, {}, "clusterctl", "_CLUSTERCTL_COMPLETE").source())
