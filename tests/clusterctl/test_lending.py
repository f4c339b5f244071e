"""Several runs borrow one bootstrap cluster: none takes away what another needs, the last one clears up."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from tests.clusterctl.puppets import NAMESPACE, components

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.clock import SystemClock
from kubecapy.clusterctl.bootstrap_cluster.loan import Loan, LoanBook
from kubecapy.clusterctl.bootstrap_cluster.remote import RemoteCluster
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.objects.raw_resources import RAW_CRDS, RAW_DEPLOYMENTS, RAW_NAMESPACES, RAW_SECRETS
from kubecapy.clusterctl.phases.lending import borrow, find_unneeded, give_back, namespaces
from kubecapy.clusterctl.phases.stack import apply_objects
from kubecapy.clusterctl.runs.progress import Progress
from kubecapy.clusterctl.runs.record import ObjectAddress, open_record
from kubecapy.clusterctl.runs.run import Run
from kubecapy.clusterctl.runs.timeouts import Timeouts
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter
from kubecapy.local.management import ManagementSettings, open_management
from kubecapy.testing.fake_api import FakeApi
from kubecapy.testing.virtual_time import VirtualClock

CREDENTIALS = ObjectKey(NAMESPACE, "cloud-config")
CONTROLLERS = ObjectKey(NAMESPACE, "controllers")
FIRST, SECOND = ObjectKey("default", "test1"), ObjectKey("second", "test2")
MADE = (ObjectAddress("Namespace", "", "a", "v1"), ObjectAddress("Secret", "a", "s", "v1"))


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = ManagementSettings(tmp_path / "bootstrap", SystemClock(), Random(1))
    async with open_management(settings) as management:
        yield management.client


def run_of(cluster: ObjectKey, folder: Path) -> Run:
    state = folder / cluster.name
    state.mkdir(exist_ok=True)
    clock = SystemClock()
    return Run(
        state,
        open_record(state, "create", cluster.namespace, cluster.name),
        Waiter(clock, Progress(clock), poll_seconds=0.01),
        Timeouts(),
        Invocation({}, clock, Random(3)),
    )


def secret(namespace: str, name: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}


def side(client: Client, run: Run) -> RemoteCluster:
    return RemoteCluster("bootstrap cluster", client, run.store.record.key, run.waiter)


async def is_lent(client: Client) -> bool:
    """Whether the components are there."""
    crds = (await client.list(RAW_CRDS)).items
    namespaces = {found["metadata"]["name"] for found in (await client.list(RAW_NAMESPACES)).items}
    deployment = await client.find(RAW_DEPLOYMENTS, CONTROLLERS)
    assert bool(crds) == (NAMESPACE in namespaces) == (deployment is not None)
    return bool(crds)


async def test_what_one_run_made_stays_for_another_and_goes_with_the_last(client: Client, tmp_path: Path) -> None:
    first, second = run_of(FIRST, tmp_path), run_of(SECOND, tmp_path)
    await borrow(client, components(), first)
    await borrow(client, components(), second)

    await give_back(side(client, first), first, remove=True)
    between = await is_lent(client)
    await give_back(side(client, second), second, remove=True)

    assert between
    assert not await is_lent(client)
    assert await LoanBook(client, FIRST).read() == Loan()
    assert not first.store.record.has_borrowed


async def test_controllers_that_one_run_stopped_act_for_the_other_once_it_gave_back(
    client: Client, tmp_path: Path
) -> None:
    first, second = run_of(FIRST, tmp_path), run_of(SECOND, tmp_path)
    await borrow(client, components(), first)
    await borrow(client, components(), second)
    await side(client, first).stop_controllers()

    await give_back(side(client, first), first, remove=True)

    assert (await client.get(RAW_DEPLOYMENTS, CONTROLLERS))["spec"]["replicas"] == 1


async def test_a_run_with_other_credentials_is_refused_and_keeps_no_part_in_the_loan(
    client: Client, tmp_path: Path
) -> None:
    first, second = run_of(FIRST, tmp_path), run_of(SECOND, tmp_path)
    await borrow(client, components(), first)
    before = await client.get(RAW_SECRETS, CREDENTIALS)
    others = [obj | {"data": {"value": "b3RoZXI="}} if obj["kind"] == "Secret" else obj for obj in components()]

    with pytest.raises(ClusterctlError, match="differs from the one in the bootstrap cluster"):
        await borrow(client, others, second)

    assert await client.get(RAW_SECRETS, CREDENTIALS) == before
    assert (await LoanBook(client, FIRST).read()).borrowers == (str(FIRST),)
    assert not second.store.record.has_borrowed


async def test_what_is_to_be_kept_is_removed_by_nobody(client: Client, tmp_path: Path) -> None:
    first, second = run_of(FIRST, tmp_path), run_of(SECOND, tmp_path)
    await borrow(client, components(), first)
    await borrow(client, components(), second)

    await give_back(side(client, first), first, remove=False)
    await give_back(side(client, second), second, remove=True)

    assert await is_lent(client)
    assert await LoanBook(client, FIRST).read() == Loan()


async def test_what_a_move_copied_goes_too_and_what_was_there_stays(client: Client, tmp_path: Path) -> None:
    first, key = run_of(FIRST, tmp_path), ObjectKey("apart", "clouds")
    copies = [*namespaces(["default", "apart", "theirs"]), secret("apart", "clouds"), secret("default", "theirs")]
    there = [*namespaces(["theirs"]), secret("default", "theirs")]
    await apply_objects(client, there, first.waiter)

    await borrow(client, components(), first, copies)
    await apply_objects(client, copies, first.waiter)
    await give_back(side(client, first), first, remove=True)

    assert await client.find(RAW_SECRETS, key) is None
    left = {found["metadata"]["name"] for found in (await client.list(RAW_NAMESPACES)).items}
    assert "apart" not in left
    assert "theirs" in left
    assert await client.get(RAW_SECRETS, ObjectKey("default", "theirs"))


def test_beside_other_clusters_only_a_clusters_own_namespace_goes() -> None:
    own, theirs, named, shared = (
        ObjectAddress("Namespace", "", name, "v1") for name in ("second", "default", "clouds", "system")
    )
    own_secret, their_secret = (ObjectAddress("Secret", name, "test2-ca", "v1") for name in ("second", "default"))
    account = ObjectAddress("ServiceAccount", "system", "controller-manager", "v1")
    made = (shared, theirs, named, own, own_secret, their_secret, account)

    assert find_unneeded(made, {"default", "clouds"}) == [own, own_secret]


async def test_giving_back_twice_is_as_once(client: Client, tmp_path: Path) -> None:
    first = run_of(FIRST, tmp_path)
    await borrow(client, components(), first)
    await give_back(side(client, first), first, remove=True)
    first.store.update(has_borrowed=True)

    await give_back(side(client, first), first, remove=True)

    assert not await is_lent(client)


async def test_a_loan_that_ends_lets_nobody_in_but_its_last_borrower() -> None:
    api = FakeApi(VirtualClock())
    first, second = LoanBook(api, FIRST), LoanBook(api, SECOND)
    await first.begin()
    await first.note(MADE)
    ending = await first.leave()

    with pytest.raises(NotYet, match="default/test1 gives it back; if that run was cut short, run its command again"):
        await second.begin()
    await first.begin()
    await second.begin()

    assert ending == Loan((str(FIRST),), MADE, is_ending=True)
    assert await second.read() == Loan((str(FIRST), str(SECOND)), MADE)


class RacedApi(FakeApi):
    """Lets others come first, whenever something is about to be patched."""

    def __init__(self) -> None:
        super().__init__(VirtualClock())
        self.others: list[Callable[[], Awaitable[None]]] = []

    async def patch(self, *arguments, **options):
        if self.others:
            await self.others.pop(0)()
        return await super().patch(*arguments, **options)


async def test_what_others_note_at_the_same_moment_is_not_lost() -> None:
    api = RacedApi()
    first, second = LoanBook(api, FIRST), LoanBook(api, SECOND)
    await first.begin()
    await second.begin()
    api.others = [lambda: second.note(MADE[:1])]

    await first.note(MADE)

    loan = await first.read()
    assert loan.borrowers == (str(FIRST), str(SECOND))
    assert sorted(loan.made) == sorted(MADE)
