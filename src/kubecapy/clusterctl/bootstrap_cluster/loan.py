"""Keep in a borrowed cluster who works with it, and what was added to it for them.

    nobody ──first borrower──► lent ──others come and go──► lent ──the last one goes──► ending ──all removed──► nobody

Two runs may borrow one cluster at once, from two machines; what they must know of each other lies where both look: a
ConfigMap, changed only as it was read. While it is ending nobody new begins, for what is there is about to go.
"""

from collections.abc import Callable

import msgspec

from kubecapy.apimachinery.codec import decode, encode
from kubecapy.apimachinery.errors import AlreadyExists, Conflict, NotFound
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.client.interfaces import Client
from kubecapy.clusterctl.objects.raw_resources import RAW_CONFIG_MAPS
from kubecapy.clusterctl.runs.record import ObjectAddress
from kubecapy.clusterctl.runs.waiting import NotYet

LOAN = ObjectKey("default", "clusterctl-loan")
LOAN_KEY = "loan.json"
CHANGE_ATTEMPTS = 10


class Loan(msgspec.Struct, frozen=True):
    """What is known of a borrowed cluster."""

    borrowers: tuple[str, ...] = ()
    """Clusters for which it works, `namespace/name`."""
    made: tuple[ObjectAddress, ...] = ()
    """What was added to it, in the order of making; noted before it is made."""
    is_ending: bool = False
    """Whether the last borrower is removing `made`."""

    def others(self, borrower: str) -> tuple[str, ...]:
        """Return the borrowers but `borrower`."""
        return tuple(other for other in self.borrowers if other != borrower)


class LoanBook:
    """The loan of one cluster, seen by one of its borrowers."""

    def __init__(self, client: Client, borrower: ObjectKey) -> None:
        """Read and write through `client`, in the name of the cluster `borrower`."""
        self._client = client
        self._borrower = str(borrower)

    async def read(self) -> Loan:
        """Return the loan; an empty one where nobody borrows."""
        live = await self._client.find(RAW_CONFIG_MAPS, LOAN)
        return _decode(live)

    async def others(self) -> tuple[str, ...]:
        """Return who else works with the cluster."""
        return (await self.read()).others(self._borrower)

    async def begin(self) -> None:
        """Become one of the borrowers; safe to repeat.

        Raises:
            NotYet: the cluster is being given back; the message names by whom.
        """

        def join(loan: Loan) -> Loan:
            others = loan.others(self._borrower)
            if loan.is_ending and others:
                raise NotYet(f"{', '.join(others)} gives it back; if that run was cut short, run its command again")
            return Loan((*others, self._borrower), loan.made)

        await self._change(join)

    async def note(self, objects: tuple[ObjectAddress, ...]) -> None:
        """Note that `objects` are about to be made."""

        def add(loan: Loan) -> Loan:
            new = tuple(address for address in objects if address not in loan.made)
            return msgspec.structs.replace(loan, made=(*loan.made, *new))

        await self._change(add)

    async def keep(self) -> None:
        """Forget what was made, so that nobody removes it."""
        await self._change(lambda loan: msgspec.structs.replace(loan, made=()))

    async def leave(self) -> Loan | None:
        """Stop being one of the borrowers; the last one gets the loan, to remove what was made and to `close` it."""

        def go(loan: Loan) -> Loan:
            others = loan.others(self._borrower)
            if others:
                return msgspec.structs.replace(loan, borrowers=others)
            return Loan((self._borrower,), loan.made, is_ending=True)

        loan = await self._change(go)
        return loan if self._borrower in loan.borrowers else None

    async def close(self) -> None:
        """Remove the loan itself, once everything is given back."""
        await self._client.delete(RAW_CONFIG_MAPS, LOAN)

    async def _change(self, change: Callable[[Loan], Loan]) -> Loan:
        """Store what `change` makes of the loan as it is, and return that.

        Raises:
            Conflict, AlreadyExists: others change it faster than it can be read.
        """
        for attempt in range(CHANGE_ATTEMPTS):
            live = await self._client.find(RAW_CONFIG_MAPS, LOAN)
            loan = change(_decode(live))
            try:
                await self._store(live, loan)
            except (AlreadyExists, Conflict, NotFound):
                if attempt + 1 == CHANGE_ATTEMPTS:
                    raise
            else:
                return loan
        raise AssertionError("the last attempt returns or raises")

    async def _store(self, live: JsonObject | None, loan: Loan) -> None:
        metadata: JsonObject = {"name": LOAN.name, "namespace": LOAN.namespace}
        data = {LOAN_KEY: encode(loan).decode()}
        if live is None:
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            await self._client.create(RAW_CONFIG_MAPS, body)
        elif live["data"] != data:
            revision = {"resourceVersion": live["metadata"]["resourceVersion"]}
            await self._client.patch(RAW_CONFIG_MAPS, LOAN, {"metadata": revision, "data": data})


def _decode(config_map: JsonObject | None) -> Loan:
    return decode(config_map["data"][LOAN_KEY], Loan) if config_map else Loan()
