"""Bring one Cluster a step closer to its wish."""

from collections.abc import Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import CLUSTER_FINALIZER, CLUSTERS, Cluster, Machine, with_identity
from kubecapy.apimachinery.finalizers import with_finalizer
from kubecapy.apimachinery.meta import ObjectKey, has_finalizer, is_deleting, key_of
from kubecapy.client.interfaces import Client
from kubecapy.client.patching import PatchHelper
from kubecapy.clock import Clock
from kubecapy.contract.actuators import ClusterActuator
from kubecapy.controllers.cluster.certificates import CertificateMaker, CertificateStore
from kubecapy.controllers.cluster.deletion import DeleteInfrastructure, DeleteMachines, DeleteSecrets, ReleaseCluster
from kubecapy.controllers.cluster.phases import (
    ChooseEndpoint,
    EnsureCertificates,
    EnsureInfrastructure,
    ObserveControlPlane,
)
from kubecapy.controllers.cluster.scope import ClusterScope
from kubecapy.controllers.interfaces import ObjectView
from kubecapy.controllers.membership import machines_of
from kubecapy.controllers.pausing import is_paused
from kubecapy.controllers.phases import Outcome, Phase, run_phases
from kubecapy.controllers.reactions import reaction_to, result_of
from kubecapy.controllers.settings import ControllerSettings
from kubecapy.runtime.event_recorder import Recorder
from kubecapy.runtime.reconciler import DONE, Result
from kubecapy.telemetry.logs import V, get_logger

log = get_logger(__name__)


class ClusterDependencies(msgspec.Struct, frozen=True):
    """What a ClusterReconciler works with."""

    client: Client
    clock: Clock
    actuator: ClusterActuator
    certificates: CertificateMaker
    recorder: Recorder
    clusters: ObjectView[Cluster]
    machines: ObjectView[Machine]


class ClusterReconciler:
    """Keeps what the machines of a cluster share: authorities, infrastructure, endpoint, kubeconfig.

    The only writer of a Cluster's status and of the cluster's Secrets.
    """

    def __init__(self, dependencies: ClusterDependencies, settings: ControllerSettings) -> None:
        """Work with `dependencies`."""
        self._client = dependencies.client
        self._clock = dependencies.clock
        self._recorder = dependencies.recorder
        self._clusters = dependencies.clusters
        self._machines = dependencies.machines
        self._resync = Result(settings.resync_seconds)
        store = CertificateStore(dependencies.client, dependencies.certificates)
        self._making: Sequence[Phase[ClusterScope]] = (
            EnsureCertificates(store),
            EnsureInfrastructure(dependencies.actuator),
            ChooseEndpoint(store, settings.api_port),
            ObserveControlPlane(),
        )
        self._deleting: Sequence[Phase[ClusterScope]] = (
            DeleteMachines(dependencies.client, settings.poll_seconds),
            DeleteInfrastructure(dependencies.actuator),
            DeleteSecrets(store),
            ReleaseCluster(dependencies.client),
        )

    async def reconcile(self, key: ObjectKey) -> Result:
        """Look at the Cluster and act once.

        Raises:
            TerminalError: the spec can never work, which the status tells.
            Backoff: the cloud failed, which the status tells, and the key's backoff decides when to look again.
            StatusError: the API refused; a Conflict means that somebody else wrote meanwhile.
        """
        cluster = await self._client.find(CLUSTERS, key)
        if cluster is None:
            return DONE
        log.info("Running reconcile Cluster for %s", key.name)
        if is_paused(cluster, cluster):
            log.log(V(4), "Cluster %s is paused", key.name)
            return DONE
        if is_deleting(cluster):
            return await self._delete(cluster)
        return await self._make(cluster)

    async def _make(self, cluster: Cluster) -> Result:
        # Order: the finalizer is stored before the first effect outside, or a delete could overtake it; the identity
        # likewise, for what is made bears it.
        owned = with_identity(with_finalizer(cluster.metadata, CLUSTER_FINALIZER))
        claimed = msgspec.structs.replace(cluster, metadata=owned)
        cluster = await PatchHelper(self._client).patch(CLUSTERS, cluster, claimed)
        log.info("reconciling cluster object %s triggers idempotent reconcile.", cluster.metadata.name)
        scope = self._scope(cluster)
        outcome = await run_phases(self._making, scope, scope.findings)
        await self._report(cluster, scope, outcome)
        if outcome.error is not None:
            return result_of(outcome.error)
        return outcome.result or self._resync

    async def _delete(self, cluster: Cluster) -> Result:
        if not has_finalizer(cluster, CLUSTER_FINALIZER):
            log.info("reconciling cluster object %s causes a no-op as there is no finalizer.", cluster.metadata.name)
            return DONE
        scope = self._scope(cluster)
        outcome = await run_phases(self._deleting, scope, scope.findings)
        if outcome.error is not None:
            await self._report(cluster, scope, outcome)
            return result_of(outcome.error)
        if outcome.result is not None:
            await self._report(cluster, scope, outcome)
            return outcome.result
        return DONE

    async def _report(self, before: Cluster, scope: ClusterScope, outcome: Outcome) -> None:
        error = outcome.error
        reaction = reaction_to(error) if error is not None else None
        if reaction is not None and reaction.terminal:
            scope.record_error(str(error))
        after = scope.finished()
        await PatchHelper(self._client).patch(CLUSTERS, before, after)
        if reaction is not None and reaction.is_failure and after.status != before.status:
            log.error("Cluster error %s: %s", before.metadata.name, error)
            await self._recorder.event(before, "Warning", reaction.reason, str(error))

    def _scope(self, cluster: Cluster) -> ClusterScope:
        namespace = key_of(cluster).namespace
        machines = machines_of(cluster, self._machines.list(namespace), self._clusters.list(namespace))
        return ClusterScope(cluster, machines, self._clock.now())
