"""One leader at a time: on virtual time, with every failure that a network can make of a request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubecapy.api.coordination import LEASES, Lease, LeaseSpec
from kubecapy.apimachinery.errors import Forbidden, StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, ObjectMeta
from kubecapy.apimachinery.resources import Resource
from kubecapy.client.interfaces import Listing, PatchBody, PatchType, Propagation, Unreachable
from kubecapy.runtime.leader_election import ElectionSettings, LeaderElector, LeadershipLost
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import Call, FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time, run_on_virtual_time

T = TypeVar("T")

KEY = ObjectKey("system", "controllers")


def settings_of(identity: str) -> ElectionSettings:
    return ElectionSettings(namespace=KEY.namespace, name=KEY.name, identity=identity)


def elector(api: FakeApi, identity: str = "me") -> LeaderElector:
    return LeaderElector(api, settings_of(identity), VirtualClock(), Random(1))


def stored(api: FakeApi) -> LeaseSpec:
    (lease,) = api.objects(LEASES)
    return lease.spec


def put_lease(api: FakeApi, holder: str, duration: int = 15) -> None:
    spec = LeaseSpec(holder_identity=holder, lease_duration_seconds=duration, renew_time="2019-04-04T06:00:00.000000Z")
    api.put(LEASES, Lease(metadata=ObjectMeta(name=KEY.name, namespace=KEY.namespace), spec=spec))


@on_virtual_time
async def test_the_first_candidate_leads_at_once() -> None:
    api = FakeApi(VirtualClock())

    await elector(api).acquire()

    assert VirtualClock().monotonic() == 0.0
    assert stored(api) == LeaseSpec(
        holder_identity="me",
        lease_duration_seconds=15,
        acquire_time="2019-04-04T06:00:00.000000Z",
        renew_time="2019-04-04T06:00:00.000000Z",
        lease_transitions=0,
    )


@on_virtual_time
async def test_a_leader_that_died_is_followed_once_its_lease_ran_out() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    put_lease(api, "dead")

    await elector(api).acquire()

    assert 15.0 <= clock.monotonic() <= 15.0 + 2 * 2.2
    assert (stored(api).holder_identity, stored(api).lease_transitions) == ("me", 1)


@on_virtual_time
async def test_a_released_lease_is_taken_at_the_next_look() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    first, second = elector(api, "first"), elector(api, "second")
    await first.acquire()

    async with TaskScope("test") as scope:
        scope.start(second.acquire(), name="second")
        await clock.sleep(1)
        assert await first.release()

    assert clock.monotonic() < 1 + 2 * 2.2
    assert (stored(api).holder_identity, stored(api).lease_transitions) == ("second", 1)


@on_virtual_time
async def test_a_leader_renews_and_nobody_follows_while_it_does() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    first, second = elector(api, "first"), elector(api, "second")
    await first.acquire()

    async with TaskScope("test") as scope:
        scope.start(first.keep(), name="keep")
        waiting = scope.start(second.acquire(), name="second")
        await clock.sleep(300)
        assert not waiting.done()
        scope.cancel()

    renewals = [call for call in api.writes() if call.verb == "patch"]
    assert 300 / 2.4 - 1 <= len(renewals) <= 300 / 2
    assert stored(api).lease_transitions == 0
    assert stored(api).acquire_time == "2019-04-04T06:00:00.000000Z"


@on_virtual_time
async def test_fields_that_we_do_not_know_survive() -> None:
    api = FakeApi(VirtualClock())
    raw: Resource[dict[str, Any]] = Resource(LEASES.group, LEASES.version, LEASES.kind, LEASES.plural, dict)
    meta = {"name": KEY.name, "namespace": KEY.namespace, "labels": {"app": "x"}}
    api.put(raw, {"metadata": meta, "spec": {"holderIdentity": "", "strategy": "OldestEmulationVersion"}})
    candidate = elector(api)

    await candidate.acquire()
    await candidate.release()

    (lease,) = api.objects(raw)
    assert lease["metadata"]["labels"] == {"app": "x"}
    assert lease["spec"]["strategy"] == "OldestEmulationVersion"
    assert lease["spec"]["holderIdentity"] == ""


@on_virtual_time
async def test_leadership_is_lost_ten_seconds_after_the_last_renewal() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    leader = elector(api)
    await leader.acquire()

    def down(call: Call) -> None:
        raise Unreachable("down")

    api.before_call = down
    with pytest.raises(LeadershipLost, match=r"lease system/controllers could not be renewed for 10 s"):
        await leader.keep()

    assert clock.monotonic() == 10.0


@on_virtual_time
async def test_leadership_is_lost_at_once_to_another_holder() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    leader = elector(api)
    await leader.acquire()
    await api.patch(LEASES, KEY, {"spec": {"holderIdentity": "usurper"}})

    with pytest.raises(LeadershipLost, match=r"lease system/controllers is held by usurper"):
        await leader.keep()

    assert clock.monotonic() < 2.5
    assert not await leader.release()
    assert stored(api).holder_identity == "usurper"


@on_virtual_time
async def test_a_claim_whose_reply_was_lost_counts_for_nothing_and_is_renewed() -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()
    lost = [True]

    def lose_one_reply(call: Call) -> None:
        if call.is_write and lost:
            lost.clear()
            raise Unreachable("the connection was closed before the reply")

    api.after_call = lose_one_reply
    await elector(api).acquire()

    assert clock.monotonic() > 0
    assert (stored(api).holder_identity, stored(api).lease_transitions) == ("me", 0)


@on_virtual_time
async def test_a_candidate_without_rights_waits_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    api, clock = FakeApi(VirtualClock()), VirtualClock()

    def forbid(call: Call) -> None:
        raise Forbidden("leases are not yours")

    api.before_call = forbid
    async with TaskScope("test") as scope:
        waiting = scope.start(elector(api).acquire(), name="acquire")
        await clock.sleep(60)
        assert not waiting.done()
        scope.cancel()

    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["Failed to claim lease system/controllers: leases are not yours"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"identity": ""}, "needs an identity"),
        ({"lease_seconds": 10}, "two could lead at once"),
        ({"retry_seconds": 9.0}, "time for a second try"),
    ],
)
def test_settings_under_which_two_could_lead_are_refused(change: dict[str, Any], message: str) -> None:
    wish = {"namespace": "n", "name": "n", "identity": "i", **change}

    with pytest.raises(ValueError, match=message):
        ElectionSettings(**wish)


CLEANUP_SECONDS = 4.9
"""Guarded work that is cancelled may take so long to end: less than lease_seconds - renew_seconds."""
FAULTY_SECONDS = 200
FAULTS = ("refused", "lost reply", "hangs", "hangs after its effect", "slow", "slow reply")


@dataclass(frozen=True)
class Fault:
    """What one candidate's requests meet for a while."""

    candidate: int
    start: float
    seconds: float
    kind: str


class FaultyClient:
    """One candidate's way to the API: requests take time, get lost, or take effect after their sender gave up."""

    def __init__(self, api: FakeApi, faults: list[Fault], network: TaskScope, random: Random) -> None:
        self._api = api
        self._faults = faults
        self._network = network
        self._random = random

    async def get(self, resource: Resource[T], key: ObjectKey) -> T:
        return await self._sent(lambda: self._api.get(resource, key))

    async def find(self, resource: Resource[T], key: ObjectKey) -> T | None:
        return await self._sent(lambda: self._api.find(resource, key))

    async def list(
        self, resource: Resource[T], *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> Listing[T]:
        raise AssertionError("a candidate does not list")

    async def create(self, resource: Resource[T], obj: T) -> T:
        return await self._sent(lambda: self._api.create(resource, obj))

    async def patch(
        self,
        resource: Resource[T],
        key: ObjectKey,
        patch: PatchBody,
        *,
        patch_type: PatchType = "merge",
        subresource: str = "",
    ) -> T:
        return await self._sent(lambda: self._api.patch(resource, key, patch))

    async def delete(
        self, resource: Resource[T], key: ObjectKey, *, uid: str = "", propagation: Propagation = "Background"
    ) -> bool:
        raise AssertionError("a candidate does not delete")

    async def _sent(self, request: Callable[[], Awaitable[T]]) -> T:
        """Let the request travel by itself: who stops waiting for it does not call it back."""
        clock = VirtualClock()
        now = clock.monotonic()
        kind = next((f.kind for f in self._faults if f.start <= now < f.start + f.seconds), "")
        if kind == "refused":
            raise Unreachable("connection refused")
        if kind == "hangs":
            await clock.sleep(1e6)
        # Extremes meet each other more often than what lies between them.
        there = self._random.choice([0.01, 12.0] if kind in ("slow", "hangs after its effect") else [0.01, 0.05])
        back = self._random.choice({"slow": [0.01, 6.0], "slow reply": [4.9]}.get(kind, [0.01, 0.05]))

        async def travel() -> Any:
            await clock.sleep(there)
            try:
                return await request()
            except StatusError as error:  # handed to who asked, who may be gone
                return error

        outcome = self._network.start(travel(), name="request")
        await asyncio.wait({outcome})
        await clock.sleep(1e6 if kind == "hangs after its effect" else back)
        if kind == "lost reply":
            raise Unreachable("the connection was closed before the reply")
        if isinstance(outcome.result(), Exception):
            raise outcome.result()
        result: T = outcome.result()
        return result


class Arena:
    """Several candidates, one Lease, and a record of who acts."""

    def __init__(self, candidates: int, faults: list[Fault], seed: int) -> None:
        self.api = FakeApi(VirtualClock())
        self.acting: set[str] = set()
        self.turns: list[tuple[float, str]] = []
        self._candidates = candidates
        self._faults = faults
        self._random = Random(seed)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with TaskScope("network") as network, TaskScope("arena") as scope:
            for number in range(self._candidates):
                scope.start(self._live(number, network), name=f"candidate-{number}")
            yield
            network.cancel()
            scope.cancel()

    async def _live(self, number: int, network: TaskScope) -> None:
        """Be processes one after another: each ends when it lost, or stops and releases of its own."""
        faults = [fault for fault in self._faults if fault.candidate == number]
        generation = 0
        # Race: Python 3.11's TaskGroup forgets a cancellation that comes beside an error of its own.
        while not asyncio.current_task().cancelling():  # type: ignore[union-attr]  # this is a task
            generation += 1
            client = FaultyClient(self.api, faults, network, self._random)
            wish = settings_of(f"{number}-{generation}")
            candidate = LeaderElector(client, wish, VirtualClock(), self._random)
            await candidate.acquire()
            try:
                async with TaskScope("turn") as turn:
                    turn.start(candidate.keep(), name="keep")
                    await self._act(wish.identity)
                    turn.cancel()
                await candidate.release()
            except* LeadershipLost:
                assert wish.identity not in self.acting

    async def _act(self, identity: str) -> None:
        assert not self.acting, f"{identity} acts beside {self.acting}"
        clock = VirtualClock()
        self.acting.add(identity)
        self.turns.append((clock.monotonic(), identity))
        try:
            await clock.sleep(self._random.choice([1.0, 1e6, 1e6]))
        finally:
            try:
                # Work may take a moment to end; a task that was cancelled once can still wait.
                await clock.sleep(self._random.choice([0.0, CLEANUP_SECONDS]))
            finally:
                self.acting.discard(identity)


def fault_lists() -> st.SearchStrategy[list[Fault]]:
    fault = st.builds(
        Fault,
        candidate=st.integers(0, 2),
        start=st.floats(0, FAULTY_SECONDS),
        seconds=st.floats(0.1, 40),
        kind=st.sampled_from(FAULTS),
    )
    return st.lists(fault, max_size=12)


@settings(max_examples=50, deadline=None)
@example(2, [Fault(0, 1.0, 12.0, "hangs after its effect"), Fault(1, 0.0, 3.0, "refused")], 1)
@example(3, [Fault(0, 5.0, 30.0, "slow"), Fault(1, 20.0, 30.0, "slow"), Fault(2, 40.0, 30.0, "lost reply")], 2)
@example(2, [Fault(1, 0.0, 1.0, "refused"), Fault(0, 20.0, 4.0, "slow reply"), Fault(0, 24.0, 60.0, "refused")], 3)
@given(st.integers(2, 3), fault_lists(), st.integers(0, 2**32))
def test_two_never_act_at_once_and_somebody_acts_once_the_network_is_well(
    candidates: int, faults: list[Fault], seed: int
) -> None:
    async def scenario() -> None:
        arena = Arena(candidates, faults, seed)
        async with arena.running():
            await VirtualClock().sleep(FAULTY_SECONDS + 50.0)
            before = len(arena.turns)
            acting = bool(arena.acting)
            # A lease that nobody renews runs out after 15 s, and candidates look at least every 4.4 s.
            await VirtualClock().sleep(15.0 + 2 * 4.4 + CLEANUP_SECONDS + 12.0)
            assert acting or len(arena.turns) > before

    run_on_virtual_time(scenario())


def test_two_would_act_at_once_without_the_margin() -> None:
    """The arena can see what it looks for: work that outlasts the margin meets its follower."""

    async def scenario() -> None:
        arena = Arena(2, [Fault(0, 3.0, 60.0, "refused"), Fault(1, 0.0, 2.0, "refused")], 5)
        arena._act = lambda identity: _stubborn(arena, identity)  # type: ignore[method-assign]
        async with arena.running():
            await VirtualClock().sleep(100.0)

    with pytest.raises(ExceptionGroup) as caught:
        run_on_virtual_time(scenario())
    assert caught.value.subgroup(AssertionError) is not None


async def _stubborn(arena: Arena, identity: str) -> None:
    assert not arena.acting, f"{identity} acts beside {arena.acting}"
    arena.acting.add(identity)
    try:
        await VirtualClock().sleep(1e6)
    finally:
        await VirtualClock().sleep(20.0)
        arena.acting.discard(identity)


def test_the_records_are_those_of_client_go() -> None:
    """client-go reads a Lease by these keys; MicroTime has six decimals (apimachinery meta/v1/micro_time.go)."""

    async def scenario() -> JsonObject:
        api = FakeApi(VirtualClock())
        await elector(api).acquire()
        raw: Resource[dict[str, Any]] = Resource(LEASES.group, LEASES.version, LEASES.kind, LEASES.plural, dict)
        spec: JsonObject = api.objects(raw)[0]["spec"]
        return spec

    assert run_on_virtual_time(scenario()) == {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "acquireTime": "2019-04-04T06:00:00.000000Z",
        "renewTime": "2019-04-04T06:00:00.000000Z",
        "leaseTransitions": 0,
    }
