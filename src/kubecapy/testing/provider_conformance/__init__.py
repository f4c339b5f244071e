"""Show whether a provider keeps the provider contract: one scenario for each promise.

The author of a provider writes a `ProviderHarness`, which opens the provider on an empty test cloud and lets the kit
look into it, and runs every scenario under pytest, or anything else that runs functions:

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
    def test_the_provider_keeps_the_contract(scenario: Scenario) -> None:
        run_scenario(scenario, open_harness)

    def test_the_provider_is_loaded_by_its_name() -> None:
        check_loading("mycloud", heavy=["mycloud_sdk"])

The kit plays the part of the controllers: it stores what verbs return, loses it, kills the process and starts it
again. It knows nothing of a provider's inside, and needs no controller, no API server and no pytest. A broken promise
is a `Violation` that says which, and what was seen. `docs/write-a-provider.md` shows a harness.
"""

from kubecapy.testing.provider_conformance import (
    clusters,
    deleting,
    interrupting,
    making,
    neighbors,
    refusing,
    tools,
)
from kubecapy.testing.provider_conformance.checks import Violation
from kubecapy.testing.provider_conformance.harness import (
    CloudBreaker,
    Fault,
    OpenHarness,
    ProviderHarness,
    Thing,
    WrongSpec,
)
from kubecapy.testing.provider_conformance.loading import check_loading
from kubecapy.testing.provider_conformance.scenario import Scenario, play_scenario, run_scenario

SCENARIOS: tuple[Scenario, ...] = (
    *making.SCENARIOS,
    *deleting.SCENARIOS,
    *neighbors.SCENARIOS,
    *refusing.SCENARIOS,
    *interrupting.SCENARIOS,
    *clusters.SCENARIOS,
    *tools.SCENARIOS,
)
"""Every promise."""
CALM_SCENARIOS: tuple[Scenario, ...] = tuple(scenario for scenario in SCENARIOS if not scenario.needs_breaker)
"""Those for a test cloud whose calls cannot be made to go wrong; they show much less."""

__all__ = [
    "CALM_SCENARIOS",
    "SCENARIOS",
    "CloudBreaker",
    "Fault",
    "OpenHarness",
    "ProviderHarness",
    "Scenario",
    "Thing",
    "Violation",
    "WrongSpec",
    "check_loading",
    "play_scenario",
    "run_scenario",
]
