"""Name the ways in which a command ends without success.

    ClusterctlError        the message is one sentence for people; exit code 1
    └── Interrupted        ctrl-C or SIGTERM during a run that can be continued; exit code 130

Everything else that leaves a command (a reply of an API, an unreachable server, a file that cannot be decoded) is
turned into a sentence at the process entry; what no class there names is a defect and is logged with its trace.
"""

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


class ClusterctlError(Exception):
    """A command cannot do what it was asked; the message names the thing, what was expected and what to do."""

    exit_code = EXIT_FAILURE

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the sentence, and a `hint` on how to go on that is printed on lines of its own."""
        super().__init__(message)
        self.hint = hint


class Interrupted(ClusterctlError):
    """The person stopped the run."""

    exit_code = EXIT_INTERRUPTED
