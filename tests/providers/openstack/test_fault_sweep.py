"""Every call of a cluster's life goes wrong in every way: each ends in success, or in a condition that names the cause.

A fault that passes is struck once at every call: of so many runs as there are kinds, each strikes all calls, each call
in another way than in the runs before, so that every call meets every kind. A fault that lasts strikes every call too,
and holds it up in one way after another, each until a condition names it; the next call comes once nothing is wrong
with the one before, and nobody touches anything. What is left out, and why, is in `Kind.suits` and `Kind.can_last`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
from tests.providers.openstack.fault_kinds import LASTING, ONCE, Kind, Shape
from tests.providers.openstack.fault_sweep import Life

from kubecapy.api.cluster.v1alpha1 import MACHINES
from kubecapy.apimachinery.conditions import Condition
from kubecapy.controllers.machine.instance import BUILD_LIMIT
from kubecapy.devcloud.faults import ActiveRule
from kubecapy.devcloud.messages import Request
from kubecapy.devcloud.world.boots import BootOrder
from kubecapy.testing.virtual_time import run_on_virtual_time

pytestmark = pytest.mark.timeout(600)

ROUNDS: Final = 4
LOOK_SECONDS: Final = 4.0
LOOKS_MAX: Final = 4000
"""Some two hundred faults come after one another, and each may take two minutes to be met again."""
LATE_SECONDS: Final = 0.3
"""Virtual: before the first try after a failure."""
KINDS_MADE: Final = 11
"""Network, subnet, router, port, group, rules, address, trunk, volume, key pair, server."""
Course = tuple[Sequence[Shape], Sequence[Shape], Mapping[str, tuple[object, ...]]]
"""The calls of a creation and of a deletion where nothing goes wrong, and what is there in between."""


async def live_undisturbed() -> Course:
    async with Life() as life:
        life.start_creation()
        await life.until(life.is_up)
        creation, made, calls = life.shapes(), life.made(), life.system.cloud.calls
        life.start_deletion()
        await life.until(life.is_gone)
        assert not life.left()
        life.check_words()
        return creation, life.shapes(after=calls), made


@pytest.fixture(scope="module")
def course() -> Course:
    return run_on_virtual_time(live_undisturbed())


async def live_through_passing_faults(course: Course, number: int) -> None:
    creation, deletion, made = course
    async with Life() as life:
        rules = [life.strike(shape, kind, times=1) for shape, kind in spread(creation, number)]
        life.start_creation()
        await life.until(life.is_up)
        assert life.made() == made
        assert [rule.rule for rule in rules if not life.has_struck(rule)] == []
        rules = [life.strike(shape, kind, times=1) for shape, kind in spread(deletion, number)]
        life.start_deletion()
        await life.until(life.is_gone)
        assert not life.left()
        assert [rule.rule for rule in rules if not life.has_struck(rule)] == []
        life.check_words()


def spread(shapes: Sequence[Shape], number: int) -> Iterator[tuple[Shape, Kind]]:
    """Return each shape with another kind for each `number`; those that no kind suits this time are left alone."""
    for place, shape in enumerate(shapes):
        kind = ONCE[(place + number) % len(ONCE)]
        if kind.suits(shape):
            yield shape, kind


@pytest.mark.parametrize("number", range(len(ONCE)))
def test_faults_that_pass_leave_one_server_each_and_after_its_deletion_nothing(course: Course, number: int) -> None:
    run_on_virtual_time(live_through_passing_faults(course, number))


class Campaign:
    """Lets every call go wrong for good, in one way after another, each until a condition names it."""

    def __init__(self, life: Life, plan: Mapping[Shape, Sequence[Kind]]) -> None:
        self._life = life
        self._left = {shape: list(kinds) for shape, kinds in plan.items()}
        self._rules: dict[Shape, ActiveRule] = {}
        for shape in plan:
            self._begin(shape)

    def is_over(self) -> bool:
        """Go on to the next way where one was named; return whether all were."""
        complaints = self._life.complaints()
        for shape, rule in tuple(self._rules.items()):
            kind = self._left[shape][0]
            if self._life.has_struck(rule) and any(_names(condition, shape, kind) for condition in complaints):
                self._life.relent(rule)
                del self._rules[shape], self._left[shape][0]
                self._begin(shape)
        return not self._rules

    def __str__(self) -> str:
        return "; ".join(f"{shape}: {self._left[shape][0]}" for shape in self._rules)

    def _begin(self, shape: Shape) -> None:
        if self._left[shape]:
            self._rules[shape] = self._life.strike(shape, self._left[shape][0], times=None)


def _names(condition: Condition, shape: Shape, kind: Kind) -> bool:
    return condition.reason in kind.reasons(shape) and kind.is_named_in(condition.message, shape)


async def live_through_lasting_faults(course: Course, number: int) -> None:
    creation, deletion, made = course
    async with Life() as life:
        campaign = Campaign(life, in_turn(creation, number))
        life.start_creation()
        await conclude(life, campaign)
        await life.until(life.is_up)
        assert life.made() == made
        campaign = Campaign(life, in_turn(deletion, number))
        life.start_deletion()
        await conclude(life, campaign)
        await life.until(life.is_gone)
        assert not life.left()
        life.check_words()


async def conclude(life: Life, campaign: Campaign) -> None:
    for _ in range(LOOKS_MAX):
        if campaign.is_over():
            return
        await life.system.advance(LOOK_SECONDS)
    said = "\n".join(f"{found.type} {found.reason} {found.message}" for found in life.complaints())
    raise AssertionError(f"no condition names {campaign}; they say\n{said}")


def in_turn(shapes: Sequence[Shape], number: int) -> Mapping[Shape, Sequence[Kind]]:
    """Return every `ROUNDS`th of the kinds that can last for each shape; those of all numbers are all of them."""
    plan = {}
    for place, shape in enumerate(shapes):
        kinds = [kind for kind in LASTING if kind.can_last(shape)]
        plan[shape] = kinds[(place + number) % ROUNDS :: ROUNDS]
    return plan


@pytest.mark.parametrize("number", range(ROUNDS))
def test_faults_that_last_are_named_and_once_they_end_nobody_has_to_do_anything(course: Course, number: int) -> None:
    run_on_virtual_time(live_through_lasting_faults(course, number))


async def live_with_an_effect_that_comes_late(shape: Shape) -> None:
    """Break the connection at the first call of `shape`, and let the service carry it out a little later."""
    async with Life() as life:
        cloud, calls = life.system.cloud, [Request("GET", "/")]
        rule = life.strike(shape, next(kind for kind in LASTING if kind.name == "broken before"), times=1)
        cloud.before_call = lambda request: None if life.has_struck(rule) else calls.append(request)
        life.start_creation()
        await life.until(lambda: life.has_struck(rule))
        await life.system.advance(LATE_SECONDS)
        await cloud.answer(calls[-1])

        def names_twins() -> bool:
            return any("several" in found.message and "all but one" in found.message for found in life.complaints())

        await life.until(lambda: life.is_up() or names_twins())
        assert len(set(life.made()["servers"])) == len(life.made()["servers"])
        life.start_deletion()
        await life.until(life.is_gone)
        assert not life.left()
        life.check_words()


def test_an_effect_that_comes_late_is_found_or_its_twin_is_named_for_a_person_and_goes_with_the_cluster(
    course: Course,
) -> None:
    makers = [shape for shape in course[0] if shape.method == "POST" and not shape.is_login]
    assert len(makers) == KINDS_MADE
    for shape in makers:
        run_on_virtual_time(live_with_an_effect_that_comes_late(shape))


async def live_with_a_boot_that(order: BootOrder, says: str, reason: str) -> None:
    async with Life() as life:
        life.system.cloud.world.boot_orders.give(order)
        life.start_creation()
        await life.until(lambda: any(found.reason == reason and says in found.message for found in life.complaints()))
        (failed,) = life.made()["servers"]
        assert failed == "master"

        life.system.delete(*(m for m in life.system.api.objects(MACHINES) if m.metadata.name == "master"))
        await life.until(lambda: life.system.cloud.holdings()["servers"] == ())
        life.start_deletion()
        await life.until(life.is_gone)
        assert not life.left()
        life.check_words()


def test_a_server_in_error_is_told_of_in_novas_words_and_a_person_deletes_its_machine() -> None:
    order = BootOrder(outcome="error", message="Build of instance {id} aborted: the disk is full", times=1)
    run_on_virtual_time(live_with_a_boot_that(order, "aborted: the disk is full", "InstanceFailed"))


def test_a_server_stuck_in_build_is_told_of_after_a_quarter_of_an_hour_and_a_person_deletes_its_machine() -> None:
    order = BootOrder(outcome="stuck", times=1)
    run_on_virtual_time(live_with_a_boot_that(order, "for more than 15 minutes", "InstanceOverdue"))


async def live_with_a_build_that_was_refused_for_long() -> None:
    async with Life() as life:
        servers = Shape("compute", "POST", "/v2.1/servers")
        refused = next(kind for kind in LASTING if kind.name == "403 quota")
        rule = life.strike(servers, refused, times=None)
        life.start_creation()
        await life.until(lambda: any(found.reason == "CapacityExhausted" for found in life.complaints()))
        await life.system.advance(BUILD_LIMIT.total_seconds())
        life.system.cloud.world.boot_orders.give(BootOrder(outcome="stuck", times=1))
        life.relent(rule)
        await life.until(lambda: any(found.reason == "InstancePending" for found in life.complaints()))
        await life.system.advance(30)
        assert [found.reason for found in life.complaints() if found.type == "InstanceReady"] == ["InstancePending"]


def test_how_long_a_server_builds_counts_from_when_it_was_made_not_from_when_it_could_not_be() -> None:
    run_on_virtual_time(live_with_a_build_that_was_refused_for_long())
