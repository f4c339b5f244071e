"""Let the reconcilers meet the runtime: which changes wake which of them."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, MACHINES, Cluster, Machine
from kubecapy.api.core import NODES, Node
from kubecapy.apimachinery.meta import ObjectKey, key_of, labels_of
from kubecapy.clock import Clock
from kubecapy.contract.provider import Actuators
from kubecapy.controllers.cluster.certificates import CertificateMaker, ThreadedCertificateMaker
from kubecapy.controllers.cluster.reconciler import ClusterDependencies, ClusterReconciler
from kubecapy.controllers.machine.lookout import Lookout
from kubecapy.controllers.machine.reconciler import MachineDependencies, MachineReconciler
from kubecapy.controllers.membership import concerned_clusters
from kubecapy.controllers.node.forgetting import ForgetGoneClusters
from kubecapy.controllers.node.nodes import CachedNodes
from kubecapy.controllers.node.reconciler import NodeDependencies, NodeReconciler
from kubecapy.controllers.node_matching import named_machine
from kubecapy.controllers.reactions import REASONS
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.runtime.cluster_cache import ClusterCache, Connect
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.event_recorder import EventRecorder
from kubecapy.runtime.manager import Manager
from kubecapy.runtime.rate_limiters import RateLimits
from kubecapy.runtime.sources import for_mapped, for_object
from kubecapy.telemetry.logs import get_logger

log = get_logger(__name__)

CONTROLLERS: Final = frozenset({"cluster", "machine", "node"})
"""What a process may run; `cluster` and `machine` need a provider."""
RATE_LIMITS: Final = RateLimits(base_seconds=0.5, max_seconds=60.0, jitter=0.2)
"""A cloud is asked at most once a minute by a machine that fails, and soon enough after it was mended."""

_PROVIDER_ID = "providerID"
_NODE_NAME = "nodeName"


class UnknownController(Exception):
    """There is no controller of that name; the message lists those that there are."""


class ControllerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which controllers a process runs, and with what."""

    names: Set[str]
    """Of `CONTROLLERS`."""
    clock: Clock
    random: Random
    """Draws bootstrap tokens; in production a `random.SystemRandom`."""
    actuators: Actuators | None = None
    """The provider's verbs; None where no controller that needs one is named."""
    connect: Connect
    """Makes a client of a workload cluster's kubeconfig."""
    certificates: CertificateMaker | None = None
    """Makes keys; None makes RSA keys on threads."""
    settings: ControllerSettings = ControllerSettings()


@contextlib.asynccontextmanager
async def open_controllers(manager: Manager, request: ControllerRequest) -> AsyncIterator[None]:
    """Add the controllers of `request` to `manager`, and keep open what they need while the context lasts.

    Order: enter, then run the manager inside.

    Raises:
        UnknownController: a name is none of `CONTROLLERS`, or the provider that it needs is missing.
    """
    _check(request)
    cache = ClusterCache(manager.client, request.connect, request.clock, request.random)
    # Keys are made on these threads; two are enough, for a cluster needs them once in its life.
    with ThreadPoolExecutor(2, thread_name_prefix="certificates") as executor:
        async with cache:
            builder = _Builder(manager, request, cache, request.certificates or ThreadedCertificateMaker(executor))
            for name in sorted(request.names):
                for controller in builder.build(name):
                    manager.add_controller(controller)
            manager.add_controller(builder.forgetting())
            yield


def _check(request: ControllerRequest) -> None:
    unknown = sorted(request.names - CONTROLLERS)
    if unknown or not request.names:
        what = f'there is no controller "{unknown[0]}"' if unknown else "no controller is named"
        raise UnknownController(f"{what}; the controllers are {', '.join(sorted(CONTROLLERS))}")
    if request.actuators is None and request.names != {"node"}:
        raise UnknownController("the cluster and machine controllers need a provider; name one with --provider")


class _Builder:
    """Builds each controller with the sources that wake it."""

    def __init__(
        self, manager: Manager, request: ControllerRequest, cache: ClusterCache, certificates: CertificateMaker
    ) -> None:
        self._manager = manager
        self._request = request
        self._cache = cache
        self._certificates = certificates
        self._nodes = CachedNodes(cache, request.clock)
        namespace = request.settings.namespace
        self._clusters = manager.informer(CLUSTERS, namespace)
        self._machines = manager.informer(MACHINES, namespace)
        self._machines.add_index(_PROVIDER_ID, _provider_ids)
        self._machines.add_index(_NODE_NAME, _node_names)

    def build(self, name: str) -> Sequence[Controller]:
        match name:
            case "cluster":
                return [self._cluster_controller()]
            case "machine":
                machines = self._machine_controller()
                return [machines, *self._lookouts(machines)]
            case _:
                return [self._node_controller()]

    def forgetting(self) -> Controller:
        """Return the controller that closes connections to clusters that are gone."""
        reconciler = ForgetGoneClusters(self._clusters, self._nodes)
        return Controller("cluster-connections", reconciler, sources=[for_object(self._clusters)])

    def _cluster_controller(self) -> Controller:
        request = self._request
        dependencies = ClusterDependencies(
            client=self._manager.client,
            clock=request.clock,
            actuator=self._actuators().cluster,
            certificates=self._certificates,
            recorder=EventRecorder(self._manager.client, "cluster-controller", request.clock),
            clusters=self._clusters,
            machines=self._machines,
        )
        return Controller(
            "cluster-controller",
            ClusterReconciler(dependencies, request.settings),
            workers=request.settings.cluster_concurrency,
            sources=[for_object(self._clusters), for_mapped(self._machines, self._clusters_of)],
            rate_limits=RATE_LIMITS,
            reasons=REASONS,
        )

    def _machine_controller(self) -> Controller:
        request = self._request
        if not request.settings.node_name:
            log.warning(
                "environment variable NODE_NAME is not set, this controller will not protect against deleting its "
                "own machine"
            )
        dependencies = MachineDependencies(
            client=self._manager.client,
            clock=request.clock,
            random=request.random,
            actuator=self._actuators().machine,
            workloads=self._cache,
            recorder=EventRecorder(self._manager.client, "machine-controller", request.clock),
            clusters=self._clusters,
            machines=self._machines,
        )
        return Controller(
            "machine-controller",
            MachineReconciler(dependencies, request.settings),
            workers=request.settings.machine_concurrency,
            sources=[for_object(self._machines), for_mapped(self._clusters, self._machines_of)],
            rate_limits=RATE_LIMITS,
            reasons=REASONS,
        )

    def _lookouts(self, machines: Controller) -> Iterator[Controller]:
        """Return the controller that glances at the servers of resting machines, where the provider can."""
        observer = self._actuators().observer
        if observer is not None:
            lookout = Lookout(observer, self._clusters, self._machines, machines.enqueue)
            yield Controller("machine-lookout", lookout, sources=[for_object(self._clusters)])

    def _node_controller(self) -> Controller:
        request = self._request
        dependencies = NodeDependencies(
            client=self._manager.client,
            clock=request.clock,
            nodes=self._nodes,
            recorder=EventRecorder(self._manager.client, "node-controller", request.clock),
            clusters=self._clusters,
            machines=self._machines,
        )
        return Controller(
            "node-controller",
            NodeReconciler(dependencies, request.settings),
            workers=request.settings.machine_concurrency,
            sources=[
                for_object(self._machines),
                for_mapped(self._clusters, self._machines_of),
                self._cache.source(NODES, self._machines_on),
            ],
            rate_limits=RATE_LIMITS,
        )

    def _actuators(self) -> Actuators:
        if self._request.actuators is None:
            raise AssertionError("the request was checked")
        return self._request.actuators

    def _clusters_of(self, machine: Machine) -> Iterable[ObjectKey]:
        return concerned_clusters(machine, self._clusters.list(machine.metadata.namespace))

    def _machines_of(self, cluster: Cluster) -> Iterable[ObjectKey]:
        """Name the machines that may belong to a cluster: those with its label, and those with none."""
        name = cluster.metadata.name
        machines = self._machines.list(cluster.metadata.namespace)
        return tuple(
            key_of(machine) for machine in machines if labels_of(machine).get(CLUSTER_NAME_LABEL, name) == name
        )

    def _machines_on(self, cluster: ObjectKey, node: Node) -> Iterable[ObjectKey]:
        """Name the machines that a Node of a workload cluster may run on: by its id, by annotation, or so far."""
        namespace = cluster.namespace
        same_id = self._machines.list(namespace, index=(_PROVIDER_ID, node.spec.provider_id))
        linked = self._machines.list(namespace, index=(_NODE_NAME, node.metadata.name))
        named = named_machine(node)
        return (*(key_of(machine) for machine in (*same_id, *linked)), *((named,) if named else ()))


def _provider_ids(machine: Machine) -> Iterable[str]:
    return (machine.spec.provider_id,) if machine.spec.provider_id else ()


def _node_names(machine: Machine) -> Iterable[str]:
    return (machine.status.node_ref.name,) if machine.status.node_ref else ()
