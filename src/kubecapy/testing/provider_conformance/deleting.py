"""Try how a machine is removed: whole, from any state, and with nothing of what made it."""

from typing import Final

from kubecapy.testing.provider_conformance.actors import ActedCluster, ActedMachine
from kubecapy.testing.provider_conformance.checks import expect
from kubecapy.testing.provider_conformance.scenario import Scenario
from kubecapy.testing.provider_conformance.stage import Stage


async def a_delete_leaves_nothing_and_may_be_repeated(stage: Stage) -> None:
    """After a delete the cloud holds what it held before; deleting what is gone is success."""
    cluster = await stage.add_cluster()
    then = await stage.things()
    machine = stage.machine(cluster)
    await machine.come_up()

    await machine.go_away()

    await stage.expect_unchanged(then, "nothing is left once delete says that all is gone")
    again = await machine.delete()
    expect(again.gone, "delete of what is gone says that it is gone", again)
    expect(await machine.observe() is None, "observe_instance finds nothing after a delete")
    expect(await machine.read_console(10) == "", "read_console is empty after a delete")
    await _end(stage, cluster)


async def a_machine_that_was_never_made_is_gone(stage: Stage) -> None:
    """A delete of a machine that was never made is gone at once, and touches nothing."""
    cluster = await stage.add_cluster()
    then = await stage.things()

    deletion = await stage.machine(cluster).delete()

    expect(deletion.gone, "a machine that was never made is gone", deletion)
    await stage.expect_unchanged(then, "deleting what was never made changes nothing")


async def a_delete_works_without_the_cluster(stage: Stage) -> None:
    """A machine is removed after its Cluster is gone: by its record and its owner reference, or by the latter alone."""
    for forget in (False, True):
        cluster, machine = await _running(stage)
        machine.lose_cluster()
        if forget:
            machine.forget_status()
        await stage.harness.restart()
        await machine.go_away()
        await _end(stage, cluster)


async def a_delete_works_with_a_spec_that_does_not(stage: Stage) -> None:
    """A delete needs nothing that the making resolved: not a field that is right, not an image that is there."""
    for wrong in stage.wrong_specs("Machine"):
        cluster, machine = await _running(stage)
        machine.change_spec(wrong.value)
        await stage.harness.restart()
        await machine.go_away()
        await _end(stage, cluster)


async def a_delete_works_from_any_state(stage: Stage) -> None:
    """What was reserved, is being made, failed or was removed by somebody leaves nothing either."""
    cluster = await stage.add_cluster()
    reserved = stage.machine(cluster, "reserved")
    await reserved.reserved()
    begun = stage.machine(cluster, "begun")
    await begun.reserved()
    await stage.caller.repeat("ensure_instance", begun.make)
    failed = stage.machine(cluster, "failed")
    await stage.harness.fail_server((await failed.come_up()).provider_id, "gave up")
    removed = stage.machine(cluster, "removed")
    await stage.harness.remove_server((await removed.come_up()).provider_id)

    for machine in (reserved, begun, failed, removed):
        await machine.go_away()

    await _end(stage, cluster)


async def what_a_killed_process_made_is_found_without_a_record(stage: Stage) -> None:
    """A delete finds what was made though nothing of it was ever stored."""
    cluster, machine = await _running(stage)
    machine.forget_status()
    await stage.harness.restart()

    await machine.go_away()

    await _end(stage, cluster)


async def _running(stage: Stage) -> tuple[ActedCluster, ActedMachine]:
    cluster = await stage.add_cluster()
    machine = stage.machine(cluster)
    await machine.come_up()
    return cluster, machine


async def _end(stage: Stage, cluster: ActedCluster) -> None:
    """Delete the cluster too, and check that the cloud is as it was."""
    await cluster.go_away()
    await stage.expect_as_before()


SCENARIOS: Final = (
    Scenario(a_delete_leaves_nothing_and_may_be_repeated),
    Scenario(a_machine_that_was_never_made_is_gone),
    Scenario(a_delete_works_without_the_cluster),
    Scenario(a_delete_works_with_a_spec_that_does_not),
    Scenario(a_delete_works_from_any_state),
    Scenario(what_a_killed_process_made_is_found_without_a_record),
)
