"""Make the server, and wait until it runs."""

from kubecapy.contract.actuators import Instance, MachineActuator
from kubecapy.controllers.machine.scope import MachineScope
from kubecapy.controllers.machine_conditions import INSTANCE_READY
from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.reconciler import Result

FAILED_SERVER_POLL_SECONDS = 60.0
"""Between two looks at a server that failed or was stopped, which a person may mend."""


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
        scope.record_instance(instance)
        scope.record_operation("Create", "Processing", f"made server {instance.provider_id}")
        await self._recorder.event(scope.before, "Normal", "CreatedInstance", f"made server {instance.provider_id}")
        return instance

    def _judge(self, scope: MachineScope, instance: Instance) -> Result | None:
        mark = scope.findings.mark
        match instance.state:
            case "Running":
                mark(self.condition, "True", "InstanceRunning")
                return None
            case "Failed":
                fault = f"server {instance.provider_id} failed: {instance.fault or 'the cloud gives no reason'}"
                mark(self.condition, "False", "InstanceFailed", fault)
                scope.record_error("CreateError", fault)
                return Result(FAILED_SERVER_POLL_SECONDS)
            case "Stopped":
                mark(self.condition, "False", "InstanceStopped", f"server {instance.provider_id} is stopped")
                return Result(FAILED_SERVER_POLL_SECONDS)
            case "Pending" | "Deleting":
                doing = "built" if instance.state == "Pending" else "deleted"
                mark(self.condition, "False", f"Instance{instance.state}", f"the server is being {doing}")
                return Result(self._poll_seconds)
