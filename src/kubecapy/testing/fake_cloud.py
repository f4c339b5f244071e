"""Be a cloud without a cloud: addresses and servers in memory, faults where a test wants them.

A state that a real cloud cannot reach is refused: there is no server without a reservation, and none twice.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from kubecapy.api.cluster.v1alpha1 import identity_of
from kubecapy.apimachinery.meta import KubernetesObject, ObjectKey, key_of
from kubecapy.contract.actuators import InstanceState
from kubecapy.telemetry.secrets import Secret

Verb = Literal[
    "reconcile_cluster",
    "delete_cluster",
    "ensure_reservation",
    "ensure_instance",
    "observe_instance",
    "delete",
    "read_console",
]


class CloudCall(msgspec.Struct, frozen=True):
    """One call of an actuator, as the ledger keeps it."""

    verb: Verb
    key: ObjectKey

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        return self.verb not in ("observe_instance", "read_console")


class FakeServer(msgspec.Struct):
    """One server; tests may change its state."""

    id: str
    user_data: Secret[bytes]
    reads_until_running: int
    """How often it is still seen as Pending."""
    state: InstanceState = "Pending"
    fault: str = ""
    console: str = ""


Interception = Callable[[CloudCall], None]
"""Sees a call and may raise what the caller should meet instead."""


class FakeCloud:
    """Holds what was made, and a ledger of every call.

    Faults: `before_call` and `after_call` see every call and may raise. What `after_call` raises meets the caller
    although the effect took place, as when a reply is lost.
    """

    def __init__(self, *, reads_until_running: int = 1, reads_until_deleted: int = 1) -> None:
        """Begin empty; a new server runs, and a deleted one is gone, after so many looks."""
        self.calls: list[CloudCall] = []
        self.before_call: Interception = _let_pass
        self.after_call: Interception = _let_pass
        self.reservations: dict[ObjectKey, int] = {}
        """Number of each reserved address, by machine."""
        self.servers: dict[ObjectKey, FakeServer] = {}
        self.clusters: set[ObjectKey] = set()
        """Clusters that have shared resources."""
        self.owners: dict[ObjectKey, ObjectKey] = {}
        """The cluster of each machine that has a reservation."""
        self._reads_until_running = reads_until_running
        self._reads_until_deleted = reads_until_deleted
        self._deleting: dict[ObjectKey, int] = {}
        self._identities: dict[tuple[str, ObjectKey], str] = {}
        self._made = 0

    def writes(self) -> list[CloudCall]:
        """Return the calls that may have changed something."""
        return [call for call in self.calls if call.is_write]

    @property
    def is_empty(self) -> bool:
        """Whether nothing of ours is left."""
        return not (self.reservations or self.servers or self.clusters)

    def mark(self, obj: KubernetesObject) -> ObjectKey:
        """Return the key of the things of `obj`: its own, unless another object of its name came first."""
        kind, key, identity = type(obj).__name__, key_of(obj), identity_of(obj)
        other = ObjectKey(key.namespace, f"{key.name}#{identity}")
        is_taken = self._identities.get((kind, key), identity) != identity
        return other if is_taken or (kind, other) in self._identities else key

    def claim(self, obj: KubernetesObject) -> ObjectKey:
        """Return the mark of `obj`, which is its own until it is released."""
        mark = self.mark(obj)
        self._identities[type(obj).__name__, mark] = identity_of(obj)
        return mark

    def release(self, obj: KubernetesObject) -> None:
        """Give the mark of `obj` free."""
        self._identities.pop((type(obj).__name__, self.mark(obj)), None)

    def reserve(self, machine: ObjectKey, cluster: ObjectKey) -> int:
        """Find or make the reservation of `machine`; return the number of its address."""
        if machine not in self.reservations:
            self._made += 1
            self.reservations[machine] = self._made
            self.owners[machine] = cluster
        return self.reservations[machine]

    def create_server(self, machine: ObjectKey, user_data: Secret[bytes]) -> FakeServer:
        """Find or make the server of `machine`.

        Raises:
            AssertionError: nothing was reserved for it.
        """
        if machine not in self.reservations:
            raise AssertionError(f"a server for {machine} was asked for without a reservation")
        if machine not in self.servers:
            self._made += 1
            self.servers[machine] = FakeServer(f"server-{self._made}", user_data, self._reads_until_running)
        return self.servers[machine]

    def observe_server(self, machine: ObjectKey) -> FakeServer | None:
        """Look at the server once; a Pending one runs after enough looks."""
        server = self.servers.get(machine)
        if server is not None and server.state == "Pending":
            server.reads_until_running -= 1
            if server.reads_until_running <= 0:
                server.state = "Running"
        return server

    def delete_machine(self, machine: ObjectKey) -> bool:
        """Start or go on deleting; return whether nothing is left."""
        if machine in self.servers:
            left = self._deleting.get(machine, self._reads_until_deleted)
            if left > 0:
                self._deleting[machine] = left - 1
                self.servers[machine].state = "Deleting"
                return False
            del self.servers[machine]
            self._deleting.pop(machine, None)
        self.reservations.pop(machine, None)
        self.owners.pop(machine, None)
        return True

    def record(self, call: CloudCall) -> None:
        """Write `call` into the ledger, and let `before_call` interfere."""
        self.calls.append(call)
        self.before_call(call)


def _let_pass(call: CloudCall) -> None:
    """Let every call through."""
