"""Try what machines share: made once, removed whole, each cluster for itself."""

from typing import Final

from kubecapy.testing.provider_conformance.checks import expect
from kubecapy.testing.provider_conformance.scenario import Scenario
from kubecapy.testing.provider_conformance.stage import Stage


async def reconciling_a_cluster_again_makes_nothing_more(stage: Stage) -> None:
    """What machines share is found again: at once, without its record, and by another process."""
    cluster = await stage.add_cluster()
    then = await stage.things()

    first = await cluster.reconcile()
    again = await cluster.reconcile()
    expect(again == first, "cluster.reconcile returns the same a second time", (first, again))
    cluster.forget_status()
    await cluster.come_up()
    await stage.harness.restart()
    cluster.forget_status()
    await cluster.come_up()

    await stage.expect_unchanged(then, "reconciling a Cluster again makes nothing more")


async def deleting_a_cluster_leaves_nothing_and_may_be_repeated(stage: Stage) -> None:
    """What machines shared goes, with its record and without; deleting what is gone is success."""
    for forget in (False, True):
        cluster = await stage.add_cluster()
        if forget:
            cluster.forget_status()
            await stage.harness.restart()
        await cluster.go_away()
        again = await cluster.delete()
        expect(again.gone, "cluster.delete of what is gone says that it is gone", again)
        await stage.expect_as_before()


async def a_cluster_that_was_never_made_is_gone(stage: Stage) -> None:
    """A delete of a Cluster that was never made is gone at once, and touches nothing."""
    deletion = await stage.cluster().delete()

    expect(deletion.gone, "a Cluster that was never made is gone", deletion)
    await stage.expect_as_before()


async def a_cluster_is_removed_though_its_spec_became_wrong(stage: Stage) -> None:
    """A delete needs nothing that the making resolved."""
    for wrong in stage.wrong_specs("Cluster"):
        cluster = await stage.add_cluster()
        cluster.change_spec(wrong.value)
        await stage.harness.restart()
        await cluster.go_away()
        await stage.expect_as_before()


async def clusters_do_not_touch_each_other(stage: Stage) -> None:
    """Each cluster's shared things are its own, whatever the names are."""
    first = await stage.add_cluster("c", "a-b")
    then = await stage.things()

    second = await stage.add_cluster("b-c", "a")
    await second.go_away()
    await stage.expect_unchanged(then, "deleting one Cluster leaves the other's things alone")

    await first.come_up()
    await stage.expect_unchanged(then, "the other Cluster's things are still found")
    await first.go_away()
    await stage.expect_as_before()


SCENARIOS: Final = (
    Scenario(reconciling_a_cluster_again_makes_nothing_more),
    Scenario(deleting_a_cluster_leaves_nothing_and_may_be_repeated),
    Scenario(a_cluster_that_was_never_made_is_gone),
    Scenario(a_cluster_is_removed_though_its_spec_became_wrong),
    Scenario(clusters_do_not_touch_each_other),
)
