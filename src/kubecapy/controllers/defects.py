"""Say of an error that nobody foresaw what a status may say: its class and its place, never its words.

A provider translates all that its cloud does into the contract's errors, and the controllers know their own. Whatever
else is raised is a defect, and its words may hold anything, secrets too: only the log has them.
"""

from types import TracebackType


class Defect(Exception):
    """A phase failed in a way that nobody foresaw; the message is fit for a status, the cause is the error itself."""


def defect_of(error: Exception) -> Defect:
    """Return `error`, which was caught, in words that are the same each time it happens."""
    defect = Defect(
        f"unexpected {type(error).__name__}{_place(error.__traceback__)}: a defect, not of what you asked for; "
        "the controllers' log has its trace"
    )
    defect.__cause__ = error
    return defect


def _place(trace: TracebackType | None) -> str:
    """Return module and line where the error was raised."""
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f" in {trace.tb_frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}"
