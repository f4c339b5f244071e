"""Wait for the Node, say why it does not come, and clear the traces of the boot once it is there."""

from datetime import timedelta

from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.meta import key_of
from kubecapy.apimachinery.times import parse_time
from kubecapy.bootstrap.tokens import token_id
from kubecapy.contract.actuators import MachineActuator
from kubecapy.contract.errors import ProviderError
from kubecapy.controllers.interfaces import WorkloadClusters
from kubecapy.controllers.machine.bootstrap_data import BootstrapDataStore
from kubecapy.controllers.machine.console import CONSOLE_LINES, find_boot_failure
from kubecapy.controllers.machine.scope import MachineScope
from kubecapy.controllers.machine.tokens import TokenStore
from kubecapy.controllers.machine_conditions import BOOT_FAILED, BOOTSTRAP_READY, INSTANCE_READY
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.controllers.workload import WORKLOAD_FAILURES
from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.reconciler import Result
from kubecapy.telemetry.logs import V, get_logger

log = get_logger(__name__)

MAX_CONSOLE_INTERVAL_SECONDS = 300.0


def next_console_look(running: timedelta, first_seconds: float) -> float:
    """Return in how many seconds the console is due of a server that runs for so long: at 20 s, 40 s, 80 s and so on.

    The wait grows with the time that has passed, so that no count has to be kept.
    """
    seconds = running.total_seconds()
    if seconds < first_seconds:
        return first_seconds - seconds
    return min(seconds, MAX_CONSOLE_INTERVAL_SECONDS)


class AwaitNode:
    """Looks after a running server until its Node is linked."""

    condition = BOOTSTRAP_READY

    def __init__(
        self,
        actuator: MachineActuator,
        data: BootstrapDataStore,
        workloads: WorkloadClusters,
        recorder: Recorder,
        settings: ControllerSettings,
    ) -> None:
        """Read consoles through `actuator`, and clear `data` and the tokens in `workloads`."""
        self._actuator = actuator
        self._data = data
        self._workloads = workloads
        self._recorder = recorder
        self._settings = settings

    async def run(self, scope: MachineScope) -> Result | None:
        """Clear up after a join, or look for the reason why there is none."""
        if scope.has_node:
            return await self._clear(scope)
        running = _running_since(scope)
        due = next_console_look(running, self._settings.console_after_seconds)
        if running.total_seconds() >= self._settings.console_after_seconds:
            await self._prolong_token(scope)
            await self._diagnose(scope)
        return Result(due)

    async def _clear(self, scope: MachineScope) -> Result | None:
        """Revoke the token and remove the bootstrap data: the Node has credentials of its own."""
        scope.findings.mark(self.condition, "True", "Joined")
        scope.record_success()
        if await self._data.find(scope.machine) is None:
            return None
        if not await self._revoke_token(scope):
            return Result(30.0)
        # Order: the token goes first; the stored data is the mark that there may be one.
        await self._data.delete(scope.machine)
        return None

    async def _revoke_token(self, scope: MachineScope) -> bool:
        tokens = await self._tokens(scope)
        if tokens is None:
            return False
        try:
            await tokens.delete(self._token_id(scope))
        except WORKLOAD_FAILURES as error:
            log.log(V(2), "cannot revoke the bootstrap token of machine %s yet: %s", scope.key.name, error)
            return False
        return True

    async def _prolong_token(self, scope: MachineScope) -> None:
        tokens = await self._tokens(scope)
        if tokens is None:
            return
        try:
            await tokens.prolong(self._token_id(scope), scope.now)
        except WORKLOAD_FAILURES as error:
            log.log(V(2), "cannot prolong the bootstrap token of machine %s yet: %s", scope.key.name, error)

    async def _tokens(self, scope: MachineScope) -> TokenStore | None:
        if scope.cluster is None:
            return None
        try:
            client = await self._workloads.client(key_of(scope.cluster))
        except WORKLOAD_FAILURES as error:
            log.log(V(2), "cannot reach the cluster of machine %s yet: %s", scope.key.name, error)
            return None
        return TokenStore(client, self._settings.token_lifetime_seconds)

    def _token_id(self, scope: MachineScope) -> str:
        name = scope.cluster.metadata.name if scope.cluster else ""
        return token_id(name, scope.key)

    async def _diagnose(self, scope: MachineScope) -> None:
        try:
            console = await self._actuator.read_console(scope.request, CONSOLE_LINES)
        except ProviderError as error:
            # The console only explains: without it the machine is no worse off.
            log.log(V(2), "cannot read the console of machine %s: %s", scope.key.name, error)
            return
        failure = find_boot_failure(console)
        if failure is None:
            return
        message = f"the boot failed at: {failure}"
        scope.findings.mark(self.condition, "False", BOOT_FAILED, message)
        scope.record_error("JoinClusterTimeoutError", message)
        if scope.before.status.error_message != scope.error_message:
            log.error("Machine error %s: %s", scope.key.name, scope.error_message)
            await self._recorder.event(scope.before, "Warning", BOOT_FAILED, message)


def _running_since(scope: MachineScope) -> timedelta:
    found = find_condition(scope.findings.items, INSTANCE_READY)
    since = found.last_transition_time if found is not None else None
    return scope.now - parse_time(since) if since else timedelta(0)
