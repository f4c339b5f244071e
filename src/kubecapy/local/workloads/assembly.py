"""Put the controllers of a small control plane together: the one page where they meet the runtime."""

from random import Random

from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.pki.certificates import KeyPair
from kubecapy.client.interfaces import Client
from kubecapy.clock import Clock
from kubecapy.local.workloads.bootstrap_tokens import CLUSTER_INFO_KEY, TOKEN_NAMESPACE, TokenReconciler
from kubecapy.local.workloads.daemonsets import DaemonSetReconciler
from kubecapy.local.workloads.deployments import DeploymentReconciler
from kubecapy.local.workloads.kinds import (
    CONFIG_MAPS,
    DAEMON_SETS,
    DEPLOYMENTS,
    LEASES,
    NODE_INDEX,
    NODES,
    OWNER_INDEX,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SIGNING_REQUESTS,
    STATEFUL_SETS,
    controller_uids,
    node_names,
)
from kubecapy.local.workloads.node_lifecycle import LEASE_NAMESPACE, NodeLifecycleReconciler
from kubecapy.local.workloads.replicasets import ReplicaSetReconciler
from kubecapy.local.workloads.scheduler import SchedulingReconciler
from kubecapy.local.workloads.signing_requests import SigningRequestReconciler
from kubecapy.local.workloads.statefulsets import StatefulSetReconciler
from kubecapy.runtime.controller import Controller
from kubecapy.runtime.informer import Informer
from kubecapy.runtime.manager import Manager
from kubecapy.runtime.sources import for_mapped, for_object, for_owner


def controller_manager(client: Client, authority: KeyPair, clock: Clock, random: Random) -> Manager:
    """Return what kube-controller-manager does here; it signs requests as `authority`."""
    manager = Manager(client, clock, random)
    pods = manager.informer(PODS)
    pods.add_index(OWNER_INDEX, controller_uids)
    pods.add_index(NODE_INDEX, node_names)
    nodes = manager.informer(NODES)
    _add_replicated(manager, pods, clock)
    _add_daemon_sets(manager, pods, nodes)
    _add_nodes(manager, pods, nodes, clock)
    _add_bootstrap(manager, authority, clock)
    return manager


def scheduler(client: Client, clock: Clock, random: Random) -> Manager:
    """Return what kube-scheduler does here."""
    manager = Manager(client, clock, random)
    pods, nodes = manager.informer(PODS), manager.informer(NODES)

    def waiting(node: JsonObject) -> list[ObjectKey]:  # noqa: ARG001 - any change of any node may help
        return [
            ObjectKey(pod["metadata"]["namespace"], pod["metadata"]["name"])
            for pod in pods.list()
            if not pod["spec"].get("nodeName")
        ]

    reconciler = SchedulingReconciler(manager.client, pods, nodes, clock)
    sources = [for_object(pods), for_mapped(nodes, waiting)]
    manager.add_controller(Controller("scheduler", reconciler, sources=sources))
    return manager


def _add_replicated(manager: Manager, pods: Informer[JsonObject], clock: Clock) -> None:
    deployments, replica_sets = manager.informer(DEPLOYMENTS), manager.informer(REPLICA_SETS)
    stateful_sets = manager.informer(STATEFUL_SETS)
    replica_sets.add_index(OWNER_INDEX, controller_uids)

    def deployment_of(pod: JsonObject) -> list[ObjectKey]:
        """Name the Deployment behind the ReplicaSet of `pod`: the end of a pod may be what it waits for."""
        owners = {owner["name"] for owner in pod["metadata"].get("ownerReferences") or ()}
        found = [replica_sets.get(ObjectKey(pod["metadata"]["namespace"], name)) for name in owners]
        return [
            ObjectKey(pod["metadata"]["namespace"], owner["name"])
            for replica_set in found
            if replica_set is not None
            for owner in replica_set["metadata"].get("ownerReferences") or ()
        ]

    manager.add_controller(
        Controller(
            "deployment",
            DeploymentReconciler(manager.client, deployments, replica_sets, pods, clock),
            sources=[
                for_object(deployments),
                for_owner(replica_sets, DEPLOYMENTS),
                for_mapped(pods, deployment_of),
            ],
        )
    )
    manager.add_controller(
        Controller(
            "replicaset",
            ReplicaSetReconciler(manager.client, replica_sets, pods),
            sources=[for_object(replica_sets), for_owner(pods, REPLICA_SETS)],
        )
    )
    manager.add_controller(
        Controller(
            "statefulset",
            StatefulSetReconciler(manager.client, stateful_sets, pods),
            sources=[for_object(stateful_sets), for_owner(pods, STATEFUL_SETS)],
        )
    )


def _add_daemon_sets(manager: Manager, pods: Informer[JsonObject], nodes: Informer[JsonObject]) -> None:
    daemon_sets = manager.informer(DAEMON_SETS)

    def everyone(node: JsonObject) -> list[ObjectKey]:  # noqa: ARG001 - any node concerns every DaemonSet
        return [ObjectKey(found["metadata"]["namespace"], found["metadata"]["name"]) for found in daemon_sets.list()]

    manager.add_controller(
        Controller(
            "daemonset",
            DaemonSetReconciler(manager.client, daemon_sets, pods, nodes),
            sources=[for_object(daemon_sets), for_owner(pods, DAEMON_SETS), for_mapped(nodes, everyone)],
        )
    )


def _add_nodes(manager: Manager, pods: Informer[JsonObject], nodes: Informer[JsonObject], clock: Clock) -> None:
    leases = manager.informer(LEASES, LEASE_NAMESPACE)

    def node_of_lease(lease: JsonObject) -> list[ObjectKey]:
        return [ObjectKey("", lease["metadata"]["name"])]

    def node_of_pod(pod: JsonObject) -> list[ObjectKey]:
        return [ObjectKey("", name) for name in node_names(pod)]

    reconciler = NodeLifecycleReconciler(manager.client, nodes, leases, pods, clock)
    sources = [for_object(nodes), for_mapped(leases, node_of_lease), for_mapped(pods, node_of_pod)]
    manager.add_controller(Controller("node-lifecycle", reconciler, sources=sources))


def _add_bootstrap(manager: Manager, authority: KeyPair, clock: Clock) -> None:
    requests = manager.informer(SIGNING_REQUESTS)
    signing = SigningRequestReconciler(manager.client, requests, authority, clock)
    manager.add_controller(Controller("signing-requests", signing, sources=[for_object(requests)]))
    secrets = manager.informer(SECRETS, TOKEN_NAMESPACE)
    config_maps = manager.informer(CONFIG_MAPS, CLUSTER_INFO_KEY.namespace)

    def cluster_info(obj: JsonObject) -> list[ObjectKey]:  # noqa: ARG001 - all changes concern the one object
        return [CLUSTER_INFO_KEY]

    tokens = TokenReconciler(manager.client, secrets, config_maps, clock)
    sources = [for_mapped(secrets, cluster_info), for_mapped(config_maps, cluster_info)]
    manager.add_controller(Controller("bootstrap-tokens", tokens, sources=sources))
