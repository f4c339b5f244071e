"""Try what a provider says and does where a wish cannot be met, or the cloud goes wrong."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from kubecapy.contract.errors import InvalidConfiguration, NotFound, ProviderError
from kubecapy.testing.provider_conformance.actors import ActedMachine
from kubecapy.testing.provider_conformance.checks import Violation, expect
from kubecapy.testing.provider_conformance.harness import ERROR_OF, Fault, WrongSpec
from kubecapy.testing.provider_conformance.scenario import Scenario
from kubecapy.testing.provider_conformance.stage import Stage

UNKNOWN_FAULTS: Final[tuple[Fault, ...]] = ("denied", "throttled", "failing", "silent")
"""Those after which nobody can say what is in the cloud."""


async def a_wrong_machine_is_refused_in_a_sentence_that_names_what_is_wrong(stage: Stage) -> None:
    """Each wrong spec becomes its error, before anything is made for it."""
    wrong_specs = stage.wrong_specs("Machine")
    for kind in (InvalidConfiguration, NotFound):
        given = any(issubclass(wrong.error, kind) for wrong in wrong_specs)
        expect(given, f"the harness gives a wrong spec of a Machine that is {kind.__name__}")
    cluster = await stage.add_cluster()
    then = await stage.things()
    for wrong in wrong_specs:
        machine = stage.machine(cluster, spec=wrong.value)
        await _expect_refused(stage, wrong, machine.reserve)
        await stage.expect_unchanged(then, f"a spec with {wrong.names} leaves nothing behind")
        await machine.go_away()
        await stage.expect_unchanged(then, f"deleting a machine with {wrong.names} changes nothing")


async def a_wrong_cluster_is_refused_in_a_sentence_that_names_what_is_wrong(stage: Stage) -> None:
    """Each wrong spec becomes its error, and the Cluster can be deleted."""
    for wrong in stage.wrong_specs("Cluster"):
        cluster = stage.cluster(spec=wrong.value)
        await _expect_refused(stage, wrong, cluster.reconcile)
        await cluster.go_away()
        await stage.expect_as_before()


async def each_fault_of_the_cloud_becomes_its_error_and_passes(stage: Stage) -> None:
    """A fault is told by the error that it is, and the machine is made once the cloud is mended."""
    cluster = await stage.add_cluster()
    for fault, error in ERROR_OF.items():
        machine = stage.machine(cluster)
        stage.breaker.refuse(fault)
        await stage.harness.restart()
        try:
            await _expect_fault(fault, error, machine)
        finally:
            stage.breaker.mend()
        await stage.harness.pass_time(stage.harness.notice_seconds)
        await machine.come_up()
        await machine.go_away()
    await cluster.go_away()
    await stage.expect_as_before()


async def what_a_cloud_does_not_say_is_not_taken_for_gone(stage: Stage) -> None:
    """Where the cloud does not answer, no server is missing and no delete is done."""
    cluster = await stage.add_cluster()
    machine = stage.machine(cluster)
    await machine.come_up()
    then = await stage.things()
    for fault in UNKNOWN_FAULTS:
        stage.breaker.refuse(fault)
        await stage.harness.restart()
        try:
            await _expect_no_word_of_absence(fault, machine)
        finally:
            stage.breaker.mend()
        await stage.expect_unchanged(then, f"nothing is changed in a {fault} cloud")
    await machine.go_away()
    await cluster.go_away()
    await stage.expect_as_before()


async def _expect_refused(stage: Stage, wrong: WrongSpec, verb: Callable[[], Awaitable[object]]) -> None:
    try:
        await stage.caller.repeat("a verb with a wrong spec", verb)
    except ProviderError as error:
        expect(isinstance(error, wrong.error), f"{wrong.names} is {wrong.error.__name__}", repr(error))
        expect(wrong.names in str(error), f"the sentence names {wrong.names}", str(error))
    else:
        raise Violation(f"{wrong.error.__name__} is raised for {wrong.names}; seen: no error")


async def _expect_fault(fault: Fault, wanted: type[ProviderError], machine: ActedMachine) -> None:
    """Make the machine in a broken cloud, and check the first error that is not a wait of the provider's own."""
    try:
        await machine.observe()
        await machine.reserve()
        await machine.make()
    except ProviderError as error:
        expect(isinstance(error, wanted), f"a {fault} cloud is {wanted.__name__}", repr(error))
    else:
        raise Violation(f"a {fault} cloud is {wanted.__name__}; seen: no error")


async def _expect_no_word_of_absence(fault: Fault, machine: ActedMachine) -> None:
    with suppress(ProviderError):
        seen = await machine.observe()
        expect(seen is not None, f"observe_instance does not say that there is no server of a {fault} cloud")
    with suppress(ProviderError):
        deletion = await machine.delete()
        expect(not deletion.gone, f"delete does not say that all is gone of a {fault} cloud")


SCENARIOS: Final = (
    Scenario(a_wrong_machine_is_refused_in_a_sentence_that_names_what_is_wrong),
    Scenario(a_wrong_cluster_is_refused_in_a_sentence_that_names_what_is_wrong),
    Scenario(each_fault_of_the_cloud_becomes_its_error_and_passes, needs_breaker=True),
    Scenario(what_a_cloud_does_not_say_is_not_taken_for_gone, needs_breaker=True),
)
