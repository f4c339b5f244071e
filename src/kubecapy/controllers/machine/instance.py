"""Make the server, and wait until it runs."""

from datetime import timedelta
from typing import Final

from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.times import parse_time
from kubecapy.contract.actuators import Instance, MachineActuator
from kubecapy.controllers.machine.scope import MachineScope
from kubecapy.controllers.machine_conditions import INSTANCE_OVERDUE, INSTANCE_READY, INSTANCE_REASONS
from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.reconciler import Result

FAILED_SERVER_POLL_SECONDS: Final = 60.0
"""Between two looks at a server that failed or was stopped, which a person may mend."""
BUILD_LIMIT: Final = timedelta(minutes=15)
"""A server that is being built for longer is told of: a large image on a slow host takes some minutes, not these."""


def next_look(pending: timedelta, poll_seconds: float) -> float:
    """Return in how many seconds to look at a server that is being built for so long.

    For two minutes as often as the settings say; then ever more seldom, so that a server that is stuck for good
    costs less and less.
    """
    return min(max(poll_seconds, pending.total_seconds() / 60), FAILED_SERVER_POLL_SECONDS)


class EnsureInstance:
    """Makes the server where there is none, and tells how it is."""

    condition = INSTANCE_READY

    def __init__(self, actuator: MachineActuator, recorder: Recorder, poll_seconds: float) -> None:
        """Act through `actuator`; look every `poll_seconds` at a server that is being made."""
        self._actuator = actuator
        self._recorder = recorder
        self._poll_seconds = poll_seconds

    async def run(self, scope: MachineScope) -> Result | None:
        """Find or make the server."""
        instance = scope.instance or await self._make(scope)
        return self._judge(scope, instance)

    async def _make(self, scope: MachineScope) -> Instance:
        if scope.bootstrap_data is None:
            raise AssertionError("a server is made only with bootstrap data")
        instance = await self._actuator.ensure_instance(scope.request, scope.bootstrap_data)
        scope.findings.drop(self.condition)  # How long it builds counts from now, not from when it could not be made.
        scope.record_instance(instance)
        scope.record_operation("Create", "Processing", f"made server {instance.provider_id}")
        await self._recorder.event(scope.before, "Normal", "CreatedInstance", f"made server {instance.provider_id}")
        return instance

    def _judge(self, scope: MachineScope, instance: Instance) -> Result | None:
        mark, reason = scope.findings.mark, INSTANCE_REASONS[instance.state]
        match instance.state:
            case "Running":
                mark(self.condition, "True", reason)
                return None
            case "Failed":
                fault = f"server {instance.provider_id} failed: {instance.fault or 'the cloud gives no reason'}"
                mark(self.condition, "False", reason, fault)
                scope.record_error("CreateError", fault)
                return Result(FAILED_SERVER_POLL_SECONDS)
            case "Stopped":
                mark(self.condition, "False", reason, f"server {instance.provider_id} is stopped")
                return Result(FAILED_SERVER_POLL_SECONDS)
            case "Deleting":
                mark(self.condition, "False", reason, "the server is being deleted")
                return Result(self._poll_seconds)
            case "Pending":
                return self._wait(scope, instance)

    def _wait(self, scope: MachineScope, instance: Instance) -> Result:
        """Say that the server is being built, and for how long where that is too long."""
        scope.findings.mark(self.condition, "False", INSTANCE_REASONS[instance.state], "the server is being built")
        found = find_condition(scope.findings.items, self.condition)
        since = found.last_transition_time if found is not None else None
        pending = scope.now - parse_time(since) if since else timedelta(0)
        if pending >= BUILD_LIMIT:
            minutes = f"{BUILD_LIMIT.total_seconds() / 60:.0f} minutes"
            message = (
                f"the cloud has been building server {instance.provider_id} for more than {minutes}, since {since}; "
                "ask its administrator why, or delete the Machine and let another be made"
            )
            scope.findings.mark(self.condition, "False", INSTANCE_OVERDUE, message)
        return Result(next_look(pending, self._poll_seconds))
