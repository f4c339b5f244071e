"""Keep what the controllers of an embedded cluster log in a file of their own, as a pod's log would.

The person sees the steps of the command; the controllers' lines join them from verbosity 5 on.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from kubecapy.clusterctl.flags import CONTROLLER_LOGS_VERBOSITY
from kubecapy.local.private_files import PRIVATE_FILE_MODE
from kubecapy.telemetry.logs import KlogFormatter, V

CONTROLLER_LOG_FILE = "controllers.log"

_PARTS = ("apiserver", "bootstrap", "client", "controllers", "providers", "runtime")
"""Packages that work below the command."""


@contextmanager
def controllers_logged_to(folder: Path) -> Iterator[None]:
    """Append the lines of the machinery to a private file in `folder` for as long as the block lasts."""
    descriptor = os.open(folder / CONTROLLER_LOG_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE_MODE)
    loggers = [logging.getLogger(f"kubecapy.{part}") for part in _PARTS]
    is_shown = logging.getLogger("kubecapy").isEnabledFor(V(CONTROLLER_LOGS_VERBOSITY))
    file = os.fdopen(descriptor, "a", encoding="utf-8")
    handler = _QuietHandler(file)
    handler.setFormatter(KlogFormatter())
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = is_shown
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
        with suppress(OSError):
            file.close()


class _QuietHandler(logging.StreamHandler[TextIO]):
    """Drops lines that cannot be written: on a full disk the command itself has to say what it could not do."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Do nothing, where logging prints a trace."""
