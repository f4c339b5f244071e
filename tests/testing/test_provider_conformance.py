"""The provider in memory keeps the contract, and the kit notices a provider that does not."""

from functools import partial

import pytest
from tests.testing import broken_providers as broken
from tests.testing.fake_harness import open_fake_harness

from kubecapy.testing.provider_conformance import (
    CALM_SCENARIOS,
    SCENARIOS,
    Scenario,
    Violation,
    check_loading,
    run_scenario,
)

SCENARIO_OF = {scenario.name: scenario for scenario in SCENARIOS}
DEFECTS = {
    broken.ForgetsNamespace: "clusters_whose_names_join_alike_are_not_mixed_up",
    broken.ForgetsIdentity: "another_object_of_the_same_name_takes_nothing_over",
    broken.MarksByUid: "a_machine_that_moved_keeps_its_server",
    broken.FindsByRecordAlone: "reserving_again_makes_nothing_more",
    broken.MakesTwinServers: "making_again_makes_no_second_server",
    broken.MakesTheServerAtOnce: "a_reservation_makes_no_server",
    broken.LearnsAddressesLate: "a_machine_comes_to_run_at_the_addresses_that_were_reserved",
    broken.LeavesAddresses: "a_delete_leaves_nothing_and_may_be_repeated",
    broken.DeletesByPrefix: "names_that_begin_alike_are_not_mixed_up",
    broken.IsGoneTooSoon: "a_delete_leaves_nothing_and_may_be_repeated",
    broken.FailsToDeleteTwice: "a_delete_leaves_nothing_and_may_be_repeated",
    broken.DeletesWithTheClusterOnly: "a_delete_works_without_the_cluster",
    broken.DeletesByTheSpec: "a_delete_works_with_a_spec_that_does_not",
    broken.MendsWhileItLooks: "looking_changes_nothing",
    broken.TakesSilenceForAbsence: "what_a_cloud_does_not_say_is_not_taken_for_gone",
    broken.TakesSilenceForGone: "what_a_cloud_does_not_say_is_not_taken_for_gone",
    broken.LetsForeignErrorsOut: "a_wrong_machine_is_refused_in_a_sentence_that_names_what_is_wrong",
    broken.DoesNotNameWhatIsMissing: "a_wrong_machine_is_refused_in_a_sentence_that_names_what_is_wrong",
    broken.TellsThePassword: "a_wrong_machine_is_refused_in_a_sentence_that_names_what_is_wrong",
    broken.CallsAFullCloudSilent: "each_fault_of_the_cloud_becomes_its_error_and_passes",
    broken.LogsUserData: "making_again_makes_no_second_server",
    broken.RecordsUserData: "making_again_makes_no_second_server",
    broken.RecordsWhatCannotBeStored: "a_reservation_makes_no_server",
    broken.HidesTheFault: "a_server_that_failed_says_why",
    broken.ShowsTheWholeConsole: "the_console_shows_its_last_lines",
    broken.SharesALockThatACancelledCallKeeps: "a_cancelled_verb_leaves_the_others_at_work",
    broken.GivesOneAddressTwice: "many_machines_at_once_get_one_server_each",
    broken.MakesTwinNetworks: "reconciling_a_cluster_again_makes_nothing_more",
    broken.DeletesByTheSpecOfTheCluster: "a_cluster_is_removed_though_its_spec_became_wrong",
    broken.DeletesTheNamespacesClusters: "clusters_do_not_touch_each_other",
    broken.OverlooksAddresses: "what_is_left_of_a_cluster_is_found",
    broken.FindsNoObstacle: "the_look_before_finds_what_is_missing_and_changes_nothing",
    broken.ChecksOnlyWhatIsWellFormed: "specs_are_checked_without_asking_anybody",
    broken.GeneratesForAnyCloud: "manifests_are_made_for_the_cloud_that_is_named",
}
"""The scenario that is made to notice each defect."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_provider_in_memory_keeps_the_contract(scenario: Scenario) -> None:
    run_scenario(scenario, open_fake_harness)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_a_provider_that_breaks_a_promise_is_noticed(defect: broken.Part) -> None:
    open_harness = partial(open_fake_harness, partial(broken.BrokenProvider, part=defect))

    with pytest.raises(Violation) as caught:
        run_scenario(SCENARIO_OF[DEFECTS[defect]], open_harness)

    assert "hidden-" not in str(caught.value), "a violation does not repeat what it found in the open"


def test_a_cloud_whose_calls_cannot_be_broken_is_tried_as_far_as_it_goes() -> None:
    assert 0 < len(CALM_SCENARIOS) < len(SCENARIOS)
    assert not any(scenario.needs_breaker for scenario in CALM_SCENARIOS)


def test_every_scenario_says_what_it_tries() -> None:
    assert len(SCENARIO_OF) == len(SCENARIOS)
    assert all(scenario.play.__doc__ for scenario in SCENARIOS)


def test_a_provider_that_is_not_installed_is_noticed() -> None:
    with pytest.raises(Violation, match='provider "proxmox" is not installed; installed providers: openstack'):
        check_loading("proxmox")


def test_a_provider_that_imports_what_it_need_not_is_noticed() -> None:
    with pytest.raises(Violation, match="loading the provider imports asyncio"):
        check_loading("openstack", heavy=["asyncio"])
