"""Run clusterctl as a process: arguments in, exit code out."""

import os
import sys
from collections.abc import Sequence
from random import SystemRandom

import click

from kubecapy.clock import SystemClock
from kubecapy.clusterctl.cli import cli
from kubecapy.clusterctl.errors import EXIT_FAILURE, EXIT_INTERRUPTED
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.telemetry.logs import get_logger

logger = get_logger(__name__)


def main() -> None:
    """Run the command that the process was called with and exit with its code."""
    invocation = Invocation(os.environ, SystemClock(), SystemRandom())
    sys.exit(run(sys.argv[1:], invocation))


def run(arguments: Sequence[str], invocation: Invocation) -> int:
    """Run one command and return its exit code; whatever goes wrong is one sentence on standard error."""
    try:
        code = cli.main(list(arguments), prog_name="clusterctl", standalone_mode=False, obj=invocation)
    except click.UsageError as error:
        return _refuse_usage(error)
    except click.ClickException as error:
        return _fail(error.format_message(), error)
    except (KeyboardInterrupt, click.Abort) as error:
        return _fail("interrupted", error, code=EXIT_INTERRUPTED)
    except BrokenPipeError:
        return _leave_broken_pipe()
    except Exception as error:  # noqa: BLE001 - the process entry
        return _fail_otherwise(error)
    # What a command asked for by click.exceptions.Exit; commands themselves return nothing.
    return code if isinstance(code, int) else 0


def _fail(sentence: str, error: BaseException, *, code: int = EXIT_FAILURE) -> int:
    """Print the sentence and the notes on how to go on, of `error` and of what click made it from."""
    click.echo(f"Error: {sentence}", err=True)
    for source in (error, error.__cause__):
        for note in getattr(source, "__notes__", ()):
            click.echo(note, err=True)
    return code


def _refuse_usage(error: click.UsageError) -> int:
    """Say what is wrong with the call and how it is made; exit code 1, as the original's (Cluster API v0.1.10)."""
    click.echo(f"Error: {error.format_message()}", err=True)
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(f'Run "{error.ctx.command_path} --help" for its flags.', err=True)
    return EXIT_FAILURE


def _leave_broken_pipe() -> int:
    """End quietly where the reader of standard output went away, such as `head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_FAILURE


def _fail_otherwise(error: Exception) -> int:
    """Say what an API, a file or the network refused; anything that they do not name is a defect with its trace."""
    # Heavy: most calls never need it.
    from kubecapy.clusterctl.refusals import describe_refusal

    sentence = describe_refusal(error)
    if sentence is None:
        logger.error("unexpected error", exc_info=error)
        return _fail(f"unexpected error: {type(error).__name__}: {error}", error)
    return _fail(sentence, error)


if __name__ == "__main__":
    main()
