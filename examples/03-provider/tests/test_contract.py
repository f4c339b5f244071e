"""The provider `shelf` keeps the provider contract."""

import pytest
from harness import open_harness

from kubecapy.testing.provider_conformance import SCENARIOS, Scenario, check_loading, run_scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_provider_keeps_the_contract(scenario: Scenario) -> None:
    run_scenario(scenario, open_harness)


def test_the_provider_is_loaded_by_its_name() -> None:
    check_loading("shelf")
