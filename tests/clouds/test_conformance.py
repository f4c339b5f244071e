"""The OpenStack provider keeps the provider contract on a cloud that it reaches over the network.

All scenarios run in `tests/providers/openstack/test_conformance.py`. Here are those that hang on what a cloud answers,
few of them: each server takes real services seconds. What `test_machines` and `test_refusals` show is left out.
"""

import pytest
from tests.clouds.conformance_harness import open_network_harness
from tests.clouds.eyes import Eyes
from tests.clouds.sites import Site

from kubecapy.testing.provider_conformance import CALM_SCENARIOS, Scenario, deleting, making, play_scenario, tools

CHOSEN = {
    making.reserving_again_makes_nothing_more,
    making.making_again_makes_no_second_server,
    making.a_machine_that_moved_keeps_its_server,
    making.the_console_shows_its_last_lines,
    making.a_removed_server_is_noticed_and_another_is_made,
    making.a_server_that_failed_says_why,
    deleting.a_delete_works_from_any_state,
    deleting.what_a_killed_process_made_is_found_without_a_record,
    tools.what_is_left_of_a_cluster_is_found,
}
SCENARIOS = [scenario for scenario in CALM_SCENARIOS if scenario.play in CHOSEN]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
async def test_the_openstack_provider_keeps_the_contract(site: Site, eyes: Eyes, scenario: Scenario) -> None:
    await play_scenario(scenario, lambda: open_network_harness(site, eyes))
