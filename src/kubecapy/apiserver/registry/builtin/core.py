"""List the kinds of the core group."""

from collections.abc import Iterable

from kubecapy.apimachinery.resources import GroupVersionKind
from kubecapy.apiserver.registry.access import read_text
from kubecapy.apiserver.registry.builtin.selectable import fields_at, flags_at
from kubecapy.apiserver.registry.columns import core as columns
from kubecapy.apiserver.registry.columns import nodes as node_columns
from kubecapy.apiserver.registry.columns import pods as pod_columns
from kubecapy.apiserver.registry.kinds import ServedKind, Strategy, Subresource, status_of
from kubecapy.apiserver.registry.strategies.events import EVENTS
from kubecapy.apiserver.registry.strategies.namespaces import namespaces as namespace_strategy
from kubecapy.apiserver.registry.strategies.nodes import NODES
from kubecapy.apiserver.registry.strategies.pods import PODS
from kubecapy.apiserver.registry.strategies.secrets import CONFIG_MAPS, SECRETS
from kubecapy.apiserver.registry.strategies.services import ENDPOINTS, SERVICES

_POD_FIELDS = fields_at(
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
) | flags_at("spec.hostNetwork")
_EVENT_FIELDS = fields_at(
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "type",
) | {"source": lambda event: read_text(event, "source", "component") or read_text(event, "reportingComponent")}


def core_kinds(root_ca: str) -> Iterable[ServedKind]:
    """Yield the kinds of the group; `root_ca` is the PEM published in each namespace, empty where there is none."""
    yield ServedKind(
        group="",
        version="v1",
        kind="Namespace",
        plural="namespaces",
        singular="namespace",
        namespaced=False,
        short_names=("ns",),
        verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
        subresources=(
            status_of("", "v1", "Namespace"),
            Subresource("finalize", GroupVersionKind("", "v1", "Namespace"), ("update",)),
        ),
        columns=columns.NAMESPACES,
        fields=fields_at("status.phase"),
        strategy=namespace_strategy(root_ca),
        description="Namespace provides a scope for names.",
    )
    yield from _KINDS


_KINDS = (
    ServedKind(
        group="",
        version="v1",
        kind="Pod",
        plural="pods",
        singular="pod",
        short_names=("po",),
        categories=("all",),
        subresources=(
            status_of("", "v1", "Pod"),
            Subresource("log", GroupVersionKind("", "v1", "Pod"), ("get",)),
            Subresource("binding", GroupVersionKind("", "v1", "Binding"), ("create",)),
        ),
        columns=pod_columns.COLUMNS,
        fields=_POD_FIELDS,
        strategy=PODS,
        description="Pod is a collection of containers that run on one node.",
    ),
    ServedKind(
        group="",
        version="v1",
        kind="Node",
        plural="nodes",
        singular="node",
        namespaced=False,
        short_names=("no",),
        subresources=(status_of("", "v1", "Node"),),
        columns=node_columns.COLUMNS,
        fields=flags_at("spec.unschedulable"),
        strategy=NODES,
        description="Node is a machine of the cluster.",
    ),
    ServedKind(
        group="",
        version="v1",
        kind="Secret",
        plural="secrets",
        singular="secret",
        columns=columns.SECRETS,
        fields=fields_at("type"),
        strategy=SECRETS,
        description="Secret holds data that only few may read.",
    ),
    ServedKind(
        group="",
        version="v1",
        kind="ConfigMap",
        plural="configmaps",
        singular="configmap",
        short_names=("cm",),
        columns=columns.CONFIG_MAPS,
        strategy=CONFIG_MAPS,
        description="ConfigMap holds configuration for pods to read.",
    ),
    ServedKind(
        group="",
        version="v1",
        kind="Service",
        plural="services",
        singular="service",
        short_names=("svc",),
        categories=("all",),
        subresources=(status_of("", "v1", "Service"),),
        columns=columns.SERVICES,
        fields=fields_at("spec.clusterIP", "spec.type"),
        strategy=SERVICES,
        description="Service names a set of pods that offer the same.",
    ),
    ServedKind(
        group="",
        version="v1",
        kind="Endpoints",
        plural="endpoints",
        singular="endpoints",
        list_kind="EndpointsList",
        short_names=("ep",),
        columns=columns.ENDPOINTS,
        strategy=ENDPOINTS,
        warning="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        description="Endpoints are the addresses behind a Service.",
    ),
    ServedKind(
        group="",
        version="v1",
        kind="Event",
        plural="events",
        singular="event",
        short_names=("ev",),
        columns=columns.EVENTS,
        names_itself=True,
        fields=_EVENT_FIELDS,
        strategy=EVENTS,
        description="Event reports something that happened to an object.",
    ),
    ServedKind(
        group="",
        version="v1",
        kind="ServiceAccount",
        plural="serviceaccounts",
        singular="serviceaccount",
        short_names=("sa",),
        subresources=(
            Subresource("token", GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest"), ("create",)),
        ),
        columns=columns.SERVICE_ACCOUNTS,
        strategy=Strategy(returns_deleted=True),
        description="ServiceAccount is who a pod is to the API server.",
    ),
)
"""All but Namespace, which depends on the server."""
