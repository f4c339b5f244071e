"""Name the way in which a pod cannot be planned."""

from typing import Literal

PlanFailure = Literal["CreateContainerConfigError", "InvalidVolume"]


class PlanError(Exception):
    """A pod cannot be run as it is; `reason` is what its container waits with, the message says what is missing."""

    def __init__(self, reason: PlanFailure, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.reason = reason
