"""Write log lines in the field's klog form, with verbosity levels.

The line form is klog's: level letter, month and day, time with microseconds, process id, file, line, message
(https://github.com/kubernetes/klog, header format). Verbosity is client-go's: `--v 4` shows everything logged at
`V(0)` to `V(4)`.
"""

import json
import logging
import os
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

LogFormat = Literal["text", "json"]

_LETTERS = {logging.CRITICAL: "F", logging.ERROR: "E", logging.WARNING: "W"}
_CONTEXT: ContextVar[dict[str, object]] = ContextVar("log_context", default={})  # noqa: B039 - never mutated


def V(verbosity: int) -> int:  # noqa: N802 - the field's own spelling
    """Return the logging level of klog verbosity `verbosity` (0 to 10); `V(0)` is `logging.INFO`."""
    return logging.INFO - verbosity


def get_logger(name: str) -> logging.Logger:
    """Return the logger of module `name`; log with `logger.log(V(4), ...)` or `info`, `warning`, `error`."""
    return logging.getLogger(name)


def set_context(**fields: object) -> None:
    """Bind `fields` (controller, object, reconcileID, cluster ...) to the running task's later log lines.

    They are turned into text where a line is written: most passes write none.
    """
    _CONTEXT.set(fields)


class KlogFormatter(logging.Formatter):
    """Formats a record as klog does: `I0404 06:28:11.145721       1 reconciler.py:114] text`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its newline; a traceback follows on lines of its own."""
        moment = datetime.fromtimestamp(record.created, UTC)
        letter = _LETTERS.get(record.levelno, "I")
        header = f"{letter}{moment:%m%d %H:%M:%S.%f} {os.getpid():>7} {record.filename}:{record.lineno}]"
        line = f"{header} {record.getMessage()}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object with the task's context fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as one line."""
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": {"E": "error", "W": "warning", "F": "fatal"}.get(_LETTERS.get(record.levelno, "I"), "info"),
            "v": max(0, logging.INFO - record.levelno),
            "caller": f"{record.filename}:{record.lineno}",
            "msg": record.getMessage(),
            **{name: str(value) for name, value in _CONTEXT.get().items()},
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields)


def configure(*, verbosity: int = 0, form: LogFormat = "text", stream: TextIO | None = None) -> None:
    """Send every record of verbosity up to `verbosity` to `stream` (standard error); replaces earlier settings.

    Libraries speak only in warnings below verbosity 10: their debug lines may carry request bodies.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else KlogFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("kubecapy").setLevel(V(verbosity))
