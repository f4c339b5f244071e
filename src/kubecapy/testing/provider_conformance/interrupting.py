"""Kill the process at every call to the cloud, before and after its effect, and cancel it at every turn."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final, get_args

from kubecapy.tasks import TaskScope
from kubecapy.testing.crash_points import When
from kubecapy.testing.provider_conformance.actors import ActedMachine
from kubecapy.testing.provider_conformance.checks import expect
from kubecapy.testing.provider_conformance.scenario import Scenario
from kubecapy.testing.provider_conformance.stage import Stage, kinds

CALLS_MAX: Final = 300
"""A machine takes a few dozen; more is a provider that asks in circles."""
TURNS: Final = 60
"""Turns of the event loop after which a cancellation comes, at the most."""


async def a_process_killed_while_it_makes_a_machine_leaves_no_twin(stage: Stage) -> None:
    """Whatever call it was killed at: the next process makes one machine, and removes all of it."""
    cluster = await stage.add_cluster()
    undisturbed = stage.machine(cluster)
    shared = await stage.made()
    await undisturbed.come_up()
    wanted = kinds(await stage.made() - shared)
    await undisturbed.go_away()

    async def check(machine: ActedMachine, where: str) -> None:
        await machine.come_up()
        made = kinds(await stage.made() - shared)
        expect(made == wanted, f"a machine is made once, killed {where}", f"{dict(made)} in place of {dict(wanted)}")

    await _sweep(stage, lambda: stage.machine(cluster), lambda machine: machine.come_up(), check)
    await cluster.go_away()
    await stage.expect_as_before()


async def a_process_killed_while_it_makes_a_machine_can_still_remove_it(stage: Stage) -> None:
    """Whatever call it was killed at: a delete right after it, without Cluster and record, leaves nothing."""
    cluster = await stage.add_cluster()

    async def check(machine: ActedMachine, where: str) -> None:
        del where
        machine.forget_status()
        machine.lose_cluster()

    await _sweep(stage, lambda: stage.machine(cluster), lambda machine: machine.come_up(), check)
    await cluster.go_away()
    await stage.expect_as_before()


async def a_process_killed_while_it_removes_a_machine_goes_on(stage: Stage) -> None:
    """Whatever call of a delete it was killed at: the next process removes the rest."""
    cluster = await stage.add_cluster()

    async def running() -> ActedMachine:
        machine = stage.machine(cluster)
        await machine.come_up()
        return machine

    then = await stage.things()
    for when in get_args(When):
        for number in count(1):
            machine = await running()
            with stage.killed_at(number, when) as kill:
                await machine.go_away()
            await stage.harness.restart()
            await machine.go_away()
            await stage.expect_unchanged(then, f"nothing is left of a delete that was killed {when} call {number}")
            if not kill.struck:
                break
            expect(number < CALLS_MAX, f"a delete takes fewer than {CALLS_MAX} calls")
    await cluster.go_away()


async def a_process_killed_over_a_cluster_goes_on(stage: Stage) -> None:
    """Whatever call over a Cluster it was killed at: what machines share is there once, and is removed."""
    undisturbed = await stage.add_cluster()
    wanted = kinds(await stage.made())
    await undisturbed.go_away()
    for when in get_args(When):
        for number in count(1):
            cluster = stage.cluster()
            with stage.killed_at(number, when) as kill:
                await cluster.come_up()
                await cluster.go_away()
            await stage.harness.restart()
            await cluster.come_up()
            made = kinds(await stage.made())
            expect(made == wanted, f"what machines share is made once, killed {when} call {number}", dict(made))
            await cluster.go_away()
            await stage.expect_as_before()
            if not kill.struck:
                break
            expect(number < CALLS_MAX, f"a cluster takes fewer than {CALLS_MAX} calls")


async def a_cancelled_verb_leaves_the_others_at_work(stage: Stage) -> None:
    """A verb that is cancelled at any turn harms no other, and is found again."""
    cluster = await stage.add_cluster()
    shared = await stage.made()
    for turns in range(TURNS):
        cancelled, other = stage.machine(cluster, "cancelled"), stage.machine(cluster, "other")
        async with TaskScope("conformance") as scope:
            task = scope.start(cancelled.come_up(), name="cancelled")
            scope.start(other.come_up(), name="other")
            for _ in range(turns):
                await asyncio.sleep(0)
            done = task.done()
            task.cancel()
        await cancelled.come_up()
        made = kinds(await stage.made() - shared)
        odd = {kind: found for kind, found in made.items() if found % 2}
        expect(not odd, f"two machines are made once each, one of them cancelled at turn {turns}", dict(made))
        await cancelled.go_away()
        await other.go_away()
        if done:
            break
    await cluster.go_away()
    await stage.expect_as_before()


async def _sweep(
    stage: Stage,
    begin: Callable[[], ActedMachine],
    work: Callable[[ActedMachine], Awaitable[object]],
    check: Callable[[ActedMachine, str], Awaitable[None]],
) -> None:
    """Kill `work` on a new machine at each of its calls; then `check`, and remove the machine."""
    then = await stage.things()
    for when in get_args(When):
        for number in count(1):
            machine = begin()
            with stage.killed_at(number, when) as kill:
                await work(machine)
            await stage.harness.restart()
            await check(machine, f"{when} call {number}")
            await machine.go_away()
            await stage.expect_unchanged(then, f"nothing is left of a machine that was killed {when} call {number}")
            if not kill.struck:
                break
            expect(number < CALLS_MAX, f"a machine takes fewer than {CALLS_MAX} calls")


SCENARIOS: Final = (
    Scenario(a_process_killed_while_it_makes_a_machine_leaves_no_twin, needs_breaker=True),
    Scenario(a_process_killed_while_it_makes_a_machine_can_still_remove_it, needs_breaker=True),
    Scenario(a_process_killed_while_it_removes_a_machine_goes_on, needs_breaker=True),
    Scenario(a_process_killed_over_a_cluster_goes_on, needs_breaker=True),
    Scenario(a_cancelled_verb_leaves_the_others_at_work),
)
