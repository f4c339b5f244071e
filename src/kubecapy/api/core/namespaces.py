"""Describe namespaces, service accounts and services.

Source: https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from collections.abc import Mapping

import msgspec

from kubecapy.api.core.references import LocalObjectReference, ObjectReference
from kubecapy.apimachinery.meta import ObjectMeta, Value, always_written
from kubecapy.apimachinery.resources import Resource


class NamespaceSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the namespace waits for before it goes."""

    finalizers: tuple[str, ...] = ()
    """Normally `kubernetes`: the namespace controller empties the namespace first."""


class NamespaceStatus(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What was found."""

    phase: str = ""
    """Active or Terminating."""


class Namespace(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Scopes names."""

    api_version: str = always_written("v1")
    kind: str = always_written("Namespace")
    metadata: ObjectMeta = ObjectMeta()
    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()


class ServiceAccount(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Is an identity of pods."""

    api_version: str = always_written("v1")
    kind: str = always_written("ServiceAccount")
    metadata: ObjectMeta = ObjectMeta()
    secrets: tuple[ObjectReference, ...] = ()
    """Secrets that its pods may mount."""
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    """Secrets for pulling images."""
    automount_service_account_token: bool | None = None
    """False where its pods get no token."""


class ServicePort(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One port of a Service."""

    name: str = ""
    protocol: str = "TCP"
    port: int
    target_port: int | str | None = None
    node_port: int | None = None


class ServiceSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a person wishes."""

    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    """Virtual address; `None` for a headless Service."""
    ports: tuple[ServicePort, ...] = ()
    selector: Mapping[str, str] | None = None
    """Labels of the pods that answer."""
    type: str = ""
    """ClusterIP, NodePort, LoadBalancer or ExternalName."""


class Service(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Names a set of pods on the network."""

    api_version: str = always_written("v1")
    kind: str = always_written("Service")
    metadata: ObjectMeta = ObjectMeta()
    spec: ServiceSpec = ServiceSpec()


NAMESPACES: Resource[Namespace] = Resource("", "v1", "Namespace", "namespaces", Namespace, namespaced=False)
SERVICE_ACCOUNTS: Resource[ServiceAccount] = Resource("", "v1", "ServiceAccount", "serviceaccounts", ServiceAccount)
SERVICES: Resource[Service] = Resource("", "v1", "Service", "services", Service)
