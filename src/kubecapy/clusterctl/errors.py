"""Name the way in which a command ends without success.

A `ClusterctlError` is one sentence for people; a reply of an API, an unreachable server or a file that cannot be
decoded is turned into one at the process entry. Lines on how to go on are added to any of them as notes (PEP 678).
What no class foresees is a defect and is logged with its trace.
"""

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


class ClusterctlError(Exception):
    """A command cannot do what it was asked; the message names the thing, what was expected and what to do."""
