"""One list for all, as safe as a fresh one for "find, else create"."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from tests.providers.openstack.core_cloud import ManualClock

from kubecapy.contract.errors import Unavailable
from kubecapy.providers.openstack.services.listing import GRACE_SECONDS, Listing
from kubecapy.providers.openstack.services.shared import Shared
from kubecapy.tasks import TaskScope


class Thing(msgspec.Struct, frozen=True):
    id: str
    state: str = "new"


class Service:
    """A list that tests change, and that can be held, or fail."""

    def __init__(self) -> None:
        self.things: list[Thing] = []
        self.fetches = 0
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None

    async def fetch(self) -> Sequence[Thing]:
        self.fetches += 1
        seen = list(self.things)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return seen


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def listing(clock: ManualClock, service: Service) -> Listing[Thing]:
    return Listing(clock, service.fetch)


async def test_a_value_is_kept_as_long_as_its_reader_allows(clock: ManualClock, service: Service) -> None:
    shared = Shared(clock, service.fetch)
    await shared.read(10)
    clock.pass_(9)
    await shared.read(10)
    assert service.fetches == 1
    await shared.read(5)
    assert service.fetches == 2


async def test_readers_at_the_same_time_share_one_fetch_and_its_error(clock: ManualClock, service: Service) -> None:
    shared = Shared(clock, service.fetch)
    service.gate, service.error = asyncio.Event(), Unavailable("down")

    async def read() -> str:
        try:
            await shared.read(1)
        except Unavailable as error:
            return str(error)
        return "read"

    async with TaskScope("test") as scope:
        tasks = [scope.start(read(), name=str(n)) for n in range(5)]
        await asyncio.sleep(0)
        service.gate.set()
    assert [task.result() for task in tasks] == ["down"] * 5
    assert service.fetches == 1
    service.error = None
    await shared.read(1)


async def test_a_cancelled_fetch_is_taken_up_by_another_reader(clock: ManualClock, service: Service) -> None:
    shared = Shared(clock, service.fetch)
    service.gate = asyncio.Event()
    async with TaskScope("test") as scope:
        first = scope.start(shared.read(1), name="first")
        second = scope.start(shared.read(1), name="second")
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        service.gate.set()
    assert first.cancelled()
    assert second.done()
    assert service.fetches == 2


async def test_a_fetch_that_began_before_an_invalidation_is_not_believed(clock: ManualClock, service: Service) -> None:
    shared = Shared(clock, service.fetch)
    service.gate = asyncio.Event()
    async with TaskScope("test") as scope:
        reading = scope.start(shared.read(1), name="read")
        await asyncio.sleep(0)
        service.things = [Thing("late")]
        shared.invalidate()
        service.gate.set()
    assert reading.result().value == [Thing("late")]


async def test_what_we_made_is_in_the_list_at_once(listing: Listing[Thing], service: Service) -> None:
    assert await listing.read(100) == {}
    listing.note_made(Thing("a"))
    assert await listing.read(100) == {"a": Thing("a")}
    assert service.fetches == 1


async def test_what_we_made_stays_where_the_services_list_lags_but_not_for_ever(
    listing: Listing[Thing], clock: ManualClock
) -> None:
    listing.note_made(Thing("a"))
    clock.pass_(GRACE_SECONDS - 1)
    assert "a" in await listing.read(0)
    clock.pass_(2)
    assert "a" not in await listing.read(0)


async def test_a_later_list_tells_more_than_what_we_noted(
    listing: Listing[Thing], service: Service, clock: ManualClock
) -> None:
    listing.note_made(Thing("a"))
    service.things = [Thing("a", "active")]
    clock.pass_(1)
    assert (await listing.read(0))["a"].state == "active"


async def test_what_we_deleted_does_not_come_back_where_the_services_list_lags(
    listing: Listing[Thing], service: Service, clock: ManualClock
) -> None:
    service.things = [Thing("a")]
    assert "a" in await listing.read(0)
    listing.note_deleted("a")
    clock.pass_(1)
    assert "a" not in await listing.read(0)
    clock.pass_(GRACE_SECONDS)
    assert "a" in await listing.read(0), "the list is right in the end"


async def test_what_is_leaving_is_gone_as_soon_as_the_list_says_so(
    listing: Listing[Thing], service: Service, clock: ManualClock
) -> None:
    listing.note_made(Thing("a"))
    listing.note_leaving(Thing("a", "deleting"))
    assert (await listing.read(10))["a"].state == "deleting"
    clock.pass_(1)
    assert await listing.read(0) == {}


async def test_what_we_changed_counts_until_the_next_list(
    listing: Listing[Thing], service: Service, clock: ManualClock
) -> None:
    service.things = [Thing("a")]
    await listing.read(10)
    clock.pass_(1)
    listing.note_changed(Thing("a", "tagged"))
    assert (await listing.read(10))["a"].state == "tagged"
    clock.pass_(1)
    assert (await listing.read(0))["a"].state == "new"


async def test_an_unknown_outcome_makes_the_list_be_read_again(listing: Listing[Thing], service: Service) -> None:
    await listing.read(100)
    listing.invalidate()
    service.things = [Thing("surprise")]
    assert "surprise" in await listing.read(100)
