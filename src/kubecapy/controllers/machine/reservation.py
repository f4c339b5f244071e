"""Look at the server, and keep ports and addresses in place before and after it is made."""

from kubecapy.api.cluster.v1alpha1 import is_control_plane
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.bootstrap.errors import InvalidWish
from kubecapy.bootstrap.user_data import check_wish
from kubecapy.contract.actuators import MachineActuator
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.controllers.machine.scope import MachineScope
from kubecapy.controllers.machine_conditions import INSTANCE_MISSING, INSTANCE_READY, RESERVED
from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.telemetry.logs import V, get_logger

log = get_logger(__name__)


class CheckWish:
    """Refuses what could never boot, before anything is made for it."""

    condition = RESERVED

    async def run(self, scope: MachineScope) -> Result | None:
        """Check versions and networks."""
        if scope.cluster is None:
            return None
        try:
            check_wish(scope.machine, scope.cluster)
        except InvalidWish as error:
            raise InvalidConfiguration(str(error)) from error
        return None


class ObserveInstance:
    """Looks whether the server is there."""

    condition = INSTANCE_READY

    def __init__(self, actuator: MachineActuator, recorder: Recorder) -> None:
        """Look through `actuator`."""
        self._actuator = actuator
        self._recorder = recorder

    async def run(self, scope: MachineScope) -> Result | None:
        """Record the server; one that vanished is made anew, unless it was a control plane with all its data."""
        instance = await self._actuator.observe_instance(scope.request)
        name = scope.key.name
        if instance is not None:
            log.info("Reconciling machine object %s triggers idempotent update.", name)
            if scope.machine.spec.provider_id is None:
                log.info("Populating current state for boostrap machine %s", name)
                scope.findings.drop(self.condition)  # What kept it from being made says nothing of how it builds.
            scope.record_instance(instance)
            return None
        if scope.machine.spec.provider_id is None:
            log.info("Reconciling machine object %s triggers idempotent create.", name)
            scope.findings.doubt(self.condition)  # It may tell of a look that failed, as this one did not.
            return None
        return await self._missing(scope)

    async def _missing(self, scope: MachineScope) -> Result | None:
        gone = scope.machine.spec.provider_id
        if scope.has_node and is_control_plane(scope.machine):
            raise InvalidConfiguration(f"server {gone} of this control plane is gone with its data; delete the Machine")
        log.warning("server %s of machine %s is gone, making another", gone, scope.key.name)
        log.info("Reconciling machine object %s triggers idempotent create.", scope.key.name)
        message = f"server {gone} is gone, making another"
        known = find_condition(scope.findings.items, self.condition)
        if known is None or known.reason != INSTANCE_MISSING:
            await self._recorder.event(scope.before, "Warning", INSTANCE_MISSING, message)
        scope.findings.mark(self.condition, "False", INSTANCE_MISSING, message)
        return None


class EnsureReservation:
    """Makes or repairs ports and the floating address."""

    condition = RESERVED

    def __init__(self, actuator: MachineActuator) -> None:
        """Act through `actuator`."""
        self._actuator = actuator

    async def run(self, scope: MachineScope) -> Result | None:
        """Reserve; what is new is stored by this pass, and a later one makes the server with it."""
        reservation = await self._actuator.ensure_reservation(scope.request)
        scope.record_reservation(reservation)
        if scope.instance is not None:
            scope.record_instance(scope.instance)
        scope.findings.mark(self.condition, "True", "Reserved")
        if scope.instance is None and scope.machine.status.provider_status != scope.before.status.provider_status:
            # Order: ids of ports are recorded before a server is made with them. The write brings the next pass.
            log.log(V(4), "storing the reservation of machine %s before its server is made", scope.key.name)
            return DONE
        return None
