"""Run the phases of a pass in order until one has to wait.

Every phase answers for one condition: an error of the cloud inside it becomes that condition's words, and a defect
becomes its class and place.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from kubecapy.contract.errors import ProviderError
from kubecapy.controllers.defects import Defect, defect_of
from kubecapy.controllers.findings import Findings
from kubecapy.controllers.reactions import reaction_to
from kubecapy.controllers.workload import WORKLOAD_FAILURES
from kubecapy.runtime.reconciler import Result

S = TypeVar("S", contravariant=True)


class Phase(Protocol[S]):
    """One step towards the wish."""

    @property
    def condition(self) -> str:
        """The type of the condition that tells how this phase went."""
        ...

    async def run(self, scope: S) -> Result | None:
        """Look, act, and record in `scope` what was found.

        Returns None where the next phase may run, else when to look again.

        Raises:
            ProviderError: the cloud refused or failed.
        """
        ...


class Outcome(msgspec.Struct, frozen=True):
    """How a pass ended: all phases ran, one waits, or one failed."""

    result: Result | None = None
    """When to look again; None where every phase ran to its end, or one failed."""
    error: ProviderError | Defect | None = None


async def run_phases(phases: Sequence[Phase[S]], scope: S, findings: Findings) -> Outcome:
    """Run `phases` on `scope`; an error is marked in `findings` and returned, for the status is written first.

    What an API server refuses, or does not answer, is raised: the status could not be written either, or the phase has
    its own words for it.
    """
    for phase in phases:
        try:
            result = await phase.run(scope)
        except ProviderError as error:
            return _failed(phase.condition, error, findings)
        except WORKLOAD_FAILURES:
            raise
        except Exception as error:  # noqa: BLE001 - a defect, which people must hear of where they look first
            return _failed(phase.condition, defect_of(error), findings)
        if result is not None:
            return Outcome(result=result)
    return Outcome()


def _failed(condition: str, error: ProviderError | Defect, findings: Findings) -> Outcome:
    findings.mark(condition, "False", reaction_to(error).reason, str(error))
    return Outcome(error=error)
