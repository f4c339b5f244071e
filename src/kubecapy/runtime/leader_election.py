"""Hold a Lease, so that of several processes one at a time acts.

    candidate ──acquire──► leader ──keep──► renews every retry_seconds
        ▲                    │  └── renew_seconds without success, or another holder: LeadershipLost
        └──────release───────┘

Promise: two candidates never lead at once. Others take the Lease `lease_seconds` after they *saw* it renewed; a leader
counts from the moment it *sent* its last successful renewal, and gives up `renew_seconds` after that. What remains,
5 s by default, is for the work it guards to end in.

Assumptions: clocks may differ, but run at the same speed; nobody deletes or edits the Lease, for one that is absent is
free at once. Caveat: a process that is frozen as a whole and thawed later acts until its event loop runs again, and a
request that is on its way is not called back: what leaders do must bear being done twice, as reconcilers do.

Source: client-go tools/leaderelection; its defaults, as kube-controller-manager uses them.
"""

import asyncio
import logging
from random import Random
from typing import Protocol

import msgspec

from kubecapy.api.coordination import LEASES, Lease, LeaseSpec
from kubecapy.apimachinery.codec import to_json_object
from kubecapy.apimachinery.errors import AlreadyExists, Conflict, NotFound, StatusError
from kubecapy.apimachinery.meta import JsonObject, ObjectKey, ObjectMeta
from kubecapy.client.interfaces import Reader, Unreachable, Writer
from kubecapy.clock import Clock
from kubecapy.runtime.lease_claims import claimed, is_held_by_other, released
from kubecapy.telemetry.logs import V, get_logger

_log = get_logger(__name__)

CANDIDATE_JITTER = 1.2
"""A candidate waits up to so many times `retry_seconds` longer, so that several do not move in step (client-go)."""
RENEWAL_JITTER = 0.2
"""The same for a leader: within its deadline, but not in step with other leaders of the server."""
TIMER_SECONDS = 1e-6
"""A deadline that is nearer than this has passed: event loops fire timers early by their clock's resolution."""


class LeadershipLost(Exception):
    """This process no longer leads, and what it guards was stopped: end, and begin anew as a candidate."""


class ElectionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which Lease is held, by whom, and how."""

    namespace: str
    name: str
    """Candidates of one Lease must run the same controllers."""
    identity: str
    """Differs for every process that ever was a candidate; a restarted one is another."""
    lease_seconds: int = 15
    """Others wait so long after the last renewal that they saw."""
    renew_seconds: float = 10.0
    """A leader that could not renew for so long has lost."""
    retry_seconds: float = 2.0
    """Between two tries."""

    def __post_init__(self) -> None:
        """Refuse settings under which two could lead; ValueError says which."""
        if not self.identity:
            raise ValueError("a candidate for leadership needs an identity")
        if self.lease_seconds <= self.renew_seconds:
            raise ValueError("lease_seconds must be greater than renew_seconds: else two could lead at once")
        if self.renew_seconds <= self.retry_seconds * (1 + RENEWAL_JITTER):
            raise ValueError("renew_seconds must leave time for a second try after retry_seconds")

    @property
    def request_seconds(self) -> float:
        """How long one try may take: a connection that hangs must leave time for another one."""
        return self.renew_seconds / 2


class LeaseClient(Reader, Writer, Protocol):
    """Reads and writes objects."""


class LeaderElector:
    """One candidate: `acquire`, then `keep` beside the guarded work, then `release` once that has ended."""

    def __init__(self, client: LeaseClient, settings: ElectionSettings, clock: Clock, random: Random) -> None:
        """Prepare; nothing is sent before `acquire`."""
        self.settings = settings
        self.key = ObjectKey(settings.namespace, settings.name)
        self._client = client
        self._clock = clock
        self._random = random
        self._lease: Lease | None = None
        """What was seen last."""
        self._changed_at = 0.0
        """When its spec was first seen as it is, in monotonic seconds."""
        self._renewed_at = 0.0
        """When the last successful claim was sent."""
        self._is_failing = False

    @property
    def lease(self) -> Lease | None:
        """The Lease as it was seen last; None where it never was."""
        return self._lease

    async def acquire(self) -> None:
        """Return once this candidate leads; no failure of the server ends the waiting."""
        _log.info("Attempting to acquire leader lease %s as %s", self.key, self.settings.identity)
        while not await self._try(self.settings.request_seconds):
            await self._clock.sleep(self._pause(CANDIDATE_JITTER))
        _log.info("Successfully acquired lease %s", self.key)

    async def keep(self) -> None:
        """Renew until cancelled.

        Raises:
            LeadershipLost: the deadline passed without a renewal, or somebody else holds the Lease.
        """
        while True:
            await self._clock.sleep(self._pause(RENEWAL_JITTER))
            await self._renew()

    async def release(self) -> bool:
        """Let the next candidate follow at once; return whether this one held the Lease and gave it up.

        Order: only after everything that the Lease guards has ended. Best effort: else the Lease runs out by itself.
        """
        try:
            async with asyncio.timeout(self.settings.request_seconds):
                return await self._give_up()
        except (TimeoutError, StatusError, Unreachable) as error:
            _log.warning("Failed to release lease %s: %s", self.key, _cause(error))
            return False

    async def _renew(self) -> None:
        """Renew once, trying until the deadline."""
        deadline = self._renewed_at + self.settings.renew_seconds
        while not await self._try(min(self.settings.request_seconds, deadline - self._clock.monotonic())):
            holder = self._lease.spec.holder_identity if self._lease else None
            if holder and holder != self.settings.identity:
                raise LeadershipLost(f"leadership lost: lease {self.key} is held by {holder}")
            left = deadline - self._clock.monotonic()
            if left <= TIMER_SECONDS:
                waited = self.settings.renew_seconds
                raise LeadershipLost(f"leadership lost: lease {self.key} could not be renewed for {waited:g} s")
            await self._clock.sleep(min(self.settings.retry_seconds, left))

    async def _try(self, seconds: float) -> bool:
        """Claim the Lease and return whether it is ours; a failure is told, loudly only at first."""
        try:
            async with asyncio.timeout(seconds):
                is_ours = await self._claim()
        except (AlreadyExists, Conflict) as error:
            _log.log(V(4), "Another candidate claimed lease %s: %s", self.key, error)
            return False
        except (TimeoutError, StatusError, Unreachable) as error:
            level = V(4) if self._is_failing else logging.WARNING
            _log.log(level, "Failed to claim lease %s: %s", self.key, _cause(error))
            self._is_failing = True
            return False
        self._is_failing = False
        return is_ours

    async def _claim(self) -> bool:
        known = self._lease
        if known is not None and known.spec.holder_identity == self.settings.identity:
            try:
                await self._write(known)
            except (Conflict, NotFound):
                # A claim of ours whose reply was lost, or somebody else's: look.
                _log.log(V(2), "Lease %s changed since it was renewed", self.key)
            else:
                return True
        lease = await self._client.find(LEASES, self.key)
        if lease is None:
            await self._create()
            return True
        self._see(lease)
        if is_held_by_other(lease.spec, self.settings.identity, self._clock.monotonic() - self._changed_at):
            return False
        await self._write(lease)
        return True

    async def _create(self) -> None:
        sent_at = self._clock.monotonic()
        meta = ObjectMeta(name=self.key.name, namespace=self.key.namespace)
        lease = Lease(metadata=meta, spec=self._claimed(None))
        self._see(await self._client.create(LEASES, lease))
        self._renewed_at = sent_at

    async def _write(self, lease: Lease) -> None:
        """Become or stay the holder; Conflict where the Lease is no longer as `lease` says."""
        sent_at = self._clock.monotonic()
        self._see(await self._client.patch(LEASES, self.key, _patch(lease, self._claimed(lease.spec))))
        self._renewed_at = sent_at

    async def _give_up(self) -> bool:
        # A claim that was cancelled on its way may have been stored: only the server knows.
        lease = await self._client.find(LEASES, self.key)
        if lease is None or lease.spec.holder_identity != self.settings.identity:
            return False
        self._see(await self._client.patch(LEASES, self.key, _patch(lease, released(lease.spec, self._clock.now()))))
        _log.info("Released lease %s", self.key)
        return True

    def _see(self, lease: Lease) -> None:
        known = self._lease
        if known is None or known.spec != lease.spec:
            self._changed_at = self._clock.monotonic()
        if known is None or known.spec.holder_identity != lease.spec.holder_identity:
            _log.info("The leader of lease %s is %s", self.key, lease.spec.holder_identity or "nobody")
        self._lease = lease

    def _claimed(self, spec: LeaseSpec | None) -> LeaseSpec:
        return claimed(spec, self.settings.identity, self.settings.lease_seconds, self._clock.now())

    def _pause(self, jitter: float) -> float:
        return self.settings.retry_seconds * (1 + jitter * self._random.random())


def _patch(lease: Lease, spec: LeaseSpec) -> JsonObject:
    """Return the patch that sets `spec` where `lease` is still the stored one; fields unknown to us stay."""
    return {"metadata": {"resourceVersion": lease.metadata.resource_version}, "spec": to_json_object(spec)}


def _cause(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error)
