"""The OpenStack provider keeps the provider contract, as the kit for every provider has it."""

import pytest
from tests.providers.openstack.conformance_harness import open_openstack_harness

from kubecapy.testing.provider_conformance import SCENARIOS, Scenario, check_loading, run_scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_openstack_provider_keeps_the_contract(scenario: Scenario) -> None:
    run_scenario(scenario, open_openstack_harness)


def test_the_openstack_provider_is_loaded_by_its_name_and_without_the_sdk() -> None:
    check_loading("openstack", heavy=["openstack", "keystoneauth1", "requests"])
