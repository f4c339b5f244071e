"""Notice what happens to the servers of resting machines, all of a cluster's at once, between their own passes.

A machine at rest has a pass every ten minutes; whoever removes, stops or breaks its server should not wait so long,
and a thousand machines should not ask a thousand times. The provider glances at its shared list, and a machine whose
server seems other than its status says gets a pass, which looks itself. A glance decides nothing.
"""

from collections.abc import Callable, Iterable
from typing import Final

from kubecapy.api.cluster.v1alpha1 import Cluster, Machine
from kubecapy.apimachinery.conditions import find_condition
from kubecapy.apimachinery.meta import ObjectKey, is_deleting, key_of
from kubecapy.contract.actuators import InstanceObserver, InstanceState, MachineRequest
from kubecapy.contract.errors import ProviderError
from kubecapy.controllers.interfaces import ObjectView
from kubecapy.controllers.machine_conditions import INSTANCE_READY, INSTANCE_REASONS
from kubecapy.controllers.membership import machines_of
from kubecapy.controllers.pausing import is_paused
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.telemetry.logs import V, get_logger

log = get_logger(__name__)

LOOK_AGAIN: Final = Result(25.0)
"""With a list that may be 20 s old, and a pass after it, a removed server is noticed within a minute."""
_RESTING: Final = frozenset(INSTANCE_REASONS[state] for state in ("Running", "Stopped", "Failed"))


class Lookout:
    """Glances at the servers of one Cluster; changes nothing."""

    def __init__(
        self,
        observer: InstanceObserver,
        clusters: ObjectView[Cluster],
        machines: ObjectView[Machine],
        look_at: Callable[[ObjectKey], None],
    ) -> None:
        """Glance through `observer`; `look_at` gives a Machine a pass."""
        self._observer = observer
        self._clusters = clusters
        self._machines = machines
        self._look_at = look_at

    async def reconcile(self, key: ObjectKey) -> Result:
        """Glance once at the machines of the Cluster that rest."""
        cluster = self._clusters.get(key)
        if cluster is None or is_deleting(cluster):
            return DONE
        resting = tuple(self._resting_machines(cluster))
        requests = [MachineRequest(machine, cluster) for machine in resting]
        try:
            seen = await self._observer.observe_instances(requests) if requests else {}
        except ProviderError as error:
            # The machines' own passes tell people; this one only comes earlier.
            log.log(V(2), "cannot glance at the servers of cluster %s: %s", key, error)
            return LOOK_AGAIN
        for machine in resting:
            if key_of(machine) in seen and _differs(machine, seen[key_of(machine)]):
                log.log(V(2), "the server of machine %s seems changed, looking at it", key_of(machine))
                self._look_at(key_of(machine))
        return LOOK_AGAIN

    def _resting_machines(self, cluster: Cluster) -> Iterable[Machine]:
        if is_paused(cluster, cluster):
            return ()
        namespace = cluster.metadata.namespace
        machines = machines_of(cluster, self._machines.list(namespace), self._clusters.list(namespace))
        return (machine for machine in machines if not is_deleting(machine) and _reason(machine) in _RESTING)


def _differs(machine: Machine, seen: InstanceState | None) -> bool:
    return seen is None or INSTANCE_REASONS[seen] != _reason(machine)


def _reason(machine: Machine) -> str:
    found = find_condition(machine.status.conditions, INSTANCE_READY)
    return found.reason if found is not None else ""
