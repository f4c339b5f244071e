"""Try machines side by side: names that could be mixed up, and many at once."""

from collections.abc import Sequence
from typing import Final

from kubecapy.apimachinery.meta import key_of
from kubecapy.tasks import TaskScope
from kubecapy.testing.provider_conformance.actors import ActedMachine
from kubecapy.testing.provider_conformance.checks import expect
from kubecapy.testing.provider_conformance.harness import Thing
from kubecapy.testing.provider_conformance.scenario import Scenario
from kubecapy.testing.provider_conformance.stage import Stage, kinds

MANY: Final = 12


async def names_that_begin_alike_are_not_mixed_up(stage: Stage) -> None:
    """`node-1` and `node-10` of one cluster are two machines; each is removed alone."""
    cluster = await stage.add_cluster()
    names = ("node-1", "node-10", "node", "node-1-0")
    machines = [stage.machine(cluster, name) for name in names]

    await _come_and_go(stage, machines)


async def clusters_whose_names_join_alike_are_not_mixed_up(stage: Stage) -> None:
    """`a-b`/`c` and `a`/`b-c`, and equal names in two namespaces, are other clusters with machines of their own."""
    addresses = (("a-b", "c"), ("a", "b-c"), ("one", "test1"), ("two", "test1"), ("one", "test10"))
    clusters = [await stage.add_cluster(name, namespace) for namespace, name in addresses]
    machines = [
        stage.machine(cluster, "node-1" if number < 4 else "node-10") for number, cluster in enumerate(clusters)
    ]

    await _come_and_go(stage, machines)
    for cluster in clusters:
        await cluster.go_away()
    await stage.expect_as_before()


async def another_object_of_the_same_name_takes_nothing_over(stage: Stage) -> None:
    """Objects of another management cluster, or made anew, with equal names have other things in the same project."""
    cluster = await stage.add_cluster()
    machine = stage.machine(cluster)
    first = await machine.come_up()
    then = await stage.things()
    other = stage.copy(cluster)
    await other.come_up()
    namesake = stage.machine(other)

    second = await namesake.come_up()

    expect(second.provider_id != first.provider_id, "another Machine of the same name has another server", second)
    await _expect_apart([machine, namesake])
    await namesake.go_away()
    await other.go_away()
    await stage.expect_unchanged(then, "deleting the other objects leaves the first ones' things alone")
    await machine.go_away()
    await cluster.go_away()
    await stage.expect_as_before()


async def many_machines_at_once_get_one_server_each(stage: Stage) -> None:
    """Machines that are made at the same time share lists and clients, and nothing else."""
    cluster = await stage.add_cluster()
    shared = await stage.made()
    machines = [stage.machine(cluster, f"node-{number}") for number in range(MANY)]
    first = stage.machine(cluster, "alone")
    await first.come_up()
    of_one = kinds(await stage.made() - shared)

    async with TaskScope("conformance") as scope:
        for machine in machines:
            scope.start(machine.come_up(), name=machine.stored.metadata.name)

    of_all = kinds(await stage.made() - shared)
    wanted = {kind: count * (MANY + 1) for kind, count in of_one.items()}
    expect(dict(of_all) == wanted, f"{MANY + 1} machines take {MANY + 1} times what one takes: {wanted}", dict(of_all))
    await _expect_apart([first, *machines])
    async with TaskScope("conformance") as scope:
        for machine in (first, *machines):
            scope.start(machine.go_away(), name=machine.stored.metadata.name)
    await cluster.go_away()
    await stage.expect_as_before()


async def _come_and_go(stage: Stage, machines: Sequence[ActedMachine]) -> None:
    """Make all machines, then remove one after another; what is not removed stays as it was."""
    stages: list[frozenset[Thing]] = []
    for machine in machines:
        stages.append(await stage.things())
        await machine.come_up()
    await _expect_apart(machines)
    for machine, then in reversed(list(zip(machines, stages, strict=True))):
        await machine.go_away()
        now = await stage.things()
        name = machine.stored.metadata.name
        expect(now == then, f"deleting {name} removes what was made for it, and nothing else", sorted(now ^ then))


async def _expect_apart(machines: Sequence[ActedMachine]) -> None:
    """Check that no two machines share a server or an address."""
    seen: dict[str, str] = {}
    for machine in machines:
        instance, reservation = await machine.observe(), await machine.reserve()
        who = f"{key_of(machine.stored)}"
        expect(instance is not None, f"the server of {who} is there")
        own = {reservation.addresses[0].address, instance.provider_id if instance else ""}
        for value in own:
            expect(value not in seen, f"{who} has a server and an address of its own", f"{value} of {seen.get(value)}")
            seen[value] = who


SCENARIOS: Final = (
    Scenario(names_that_begin_alike_are_not_mixed_up),
    Scenario(clusters_whose_names_join_alike_are_not_mixed_up),
    Scenario(another_object_of_the_same_name_takes_nothing_over),
    Scenario(many_machines_at_once_get_one_server_each),
)
