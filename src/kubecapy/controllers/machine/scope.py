"""Hold what one pass over a Machine knows and finds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from kubecapy.api.cluster.v1alpha1 import (
    Cluster,
    LastOperation,
    Machine,
    MachineErrorReason,
    NodeAddress,
)
from kubecapy.apimachinery.codec import decode, encode
from kubecapy.apimachinery.meta import ObjectKey, annotations_of, key_of
from kubecapy.apimachinery.times import format_time
from kubecapy.contract.actuators import Instance, MachineRequest, Reservation
from kubecapy.controllers.findings import Findings, status_message
from kubecapy.controllers.machine.phase import phase_of
from kubecapy.controllers.machine_conditions import SUMMED_UP
from kubecapy.telemetry.secrets import Secret

OperationType = Literal["Create", "Update", "Delete"]
OperationState = Literal["Processing", "Failed", "Successful"]


class MachineScope:
    """One pass over one Machine; its phases write down here what they find."""

    def __init__(self, machine: Machine, cluster: Cluster | None, machines: tuple[Machine, ...], now: datetime) -> None:
        """Begin with the stored `machine`, its cluster, and all machines of that cluster, oldest first."""
        self.before = machine
        self.machine = machine
        self.cluster = cluster
        self.machines = machines
        self.now = now
        self.findings = Findings(machine.status.conditions, now)
        self.instance: Instance | None = None
        self.reservation: Reservation | None = None
        self.bootstrap_data: Secret[bytes] | None = None
        self._error: tuple[MachineErrorReason, str] | None = None

    @property
    def key(self) -> ObjectKey:
        """The machine's address."""
        return key_of(self.machine)

    @property
    def request(self) -> MachineRequest:
        """What an actuator is told, with what this pass recorded so far."""
        return MachineRequest(self.machine, self.cluster)

    @property
    def has_node(self) -> bool:
        """Whether a Node is linked."""
        return self.machine.status.node_ref is not None

    @property
    def error_message(self) -> str | None:
        """The error of this pass that only a person can mend."""
        return self._error[1] if self._error else None

    def record_reservation(self, reservation: Reservation) -> None:
        """Keep what is known before the server exists."""
        self.reservation = reservation
        self._record(reservation.addresses, reservation.provider_status, reservation.annotations)

    def record_instance(self, instance: Instance) -> None:
        """Keep what was seen of the server; its addresses follow those that were reserved."""
        self.instance = instance
        reserved = self.reservation.addresses if self.reservation else self.machine.status.addresses
        addresses = tuple(dict.fromkeys((*reserved, *instance.addresses)))
        self._record(addresses, instance.provider_status, instance.annotations)
        spec = msgspec.structs.replace(self.machine.spec, provider_id=instance.provider_id)
        self.machine = msgspec.structs.replace(self.machine, spec=spec)

    def record_error(self, reason: MachineErrorReason, message: str) -> None:
        """Keep an error that only a person can mend; without one, the errors of earlier passes are cleared."""
        self._error = (reason, status_message(message))

    def record_operation(self, type_: OperationType, state: OperationState, description: str = "") -> None:
        """Keep the latest thing done."""
        text = status_message(description) or None
        old = self.machine.status.last_operation
        new = LastOperation(type=type_, state=state, description=text)
        if old is not None and msgspec.structs.replace(old, last_updated=None) == new:
            return
        stamped = msgspec.structs.replace(new, last_updated=format_time(self.now))
        self._set_status(last_operation=stamped)

    def record_success(self) -> None:
        """Keep that the latest thing done has succeeded."""
        operation = self.machine.status.last_operation
        if operation is not None and operation.state != "Successful":
            done = msgspec.structs.replace(operation, state="Successful", description=None)
            self._set_status(last_operation=msgspec.structs.replace(done, last_updated=format_time(self.now)))

    def finished(self) -> Machine:
        """Return the machine with the status that this pass found, dated where it differs from the stored one."""
        self.findings.sum_up(SUMMED_UP)
        reason, message = self._error or (None, None)
        self._set_status(conditions=self.findings.items, error_reason=reason, error_message=message)
        self._set_status(phase=phase_of(self.machine))
        if self.machine.status != self.before.status:
            self._set_status(last_updated=format_time(self.now))
        return self.machine

    def _record(
        self, addresses: tuple[NodeAddress, ...], provider_status: Mapping[str, Any] | None, own: Mapping[str, str]
    ) -> None:
        self._set_status(addresses=addresses)
        if provider_status is not None:
            # In the form that it comes back in, so that an equal status is seen as equal.
            self._set_status(provider_status=decode(encode(provider_status), dict))
        annotations = {**annotations_of(self.machine), **own}
        if annotations != annotations_of(self.machine):
            meta = msgspec.structs.replace(self.machine.metadata, annotations=annotations)
            self.machine = msgspec.structs.replace(self.machine, metadata=meta)

    def _set_status(self, **changes: object) -> None:
        status = msgspec.structs.replace(self.machine.status, **changes)
        self.machine = msgspec.structs.replace(self.machine, status=status)
