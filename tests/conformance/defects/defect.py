"""Describe one planted defect."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """A careless change of the embedded server."""

    plant: Callable[[], None]
    """Breaks the server's code for the rest of this process."""
    caught_by: str
    """Module of the suite that must fail, such as `test_watching.py`."""
