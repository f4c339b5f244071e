"""The built-in kinds: their addresses, what they read of real objects, and secrets that stay secret."""

from typing import Any

import msgspec
import pytest

from kubecapy.api.apiextensions import CUSTOM_RESOURCE_DEFINITIONS
from kubecapy.api.apps import DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS
from kubecapy.api.certificates import CERTIFICATE_SIGNING_REQUESTS
from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES
from kubecapy.api.coordination import LEASES
from kubecapy.api.core import (
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    NodeCondition,
    Secret,
    encode_secret_data,
    is_ready,
    reference_to,
    secret_data,
)
from kubecapy.api.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from kubecapy.apimachinery.codec import convert, to_json_object
from kubecapy.apimachinery.meta import ObjectMeta
from kubecapy.apimachinery.resources import Resource

ALL: tuple[Resource[Any], ...] = (
    CERTIFICATE_SIGNING_REQUESTS,
    CLUSTERS,
    CLUSTER_ROLES,
    CLUSTER_ROLE_BINDINGS,
    CONFIG_MAPS,
    CUSTOM_RESOURCE_DEFINITIONS,
    DEPLOYMENTS,
    EVENTS,
    LEASES,
    MACHINES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    ROLES,
    ROLE_BINDINGS,
    SECRETS,
    SERVICES,
    SERVICE_ACCOUNTS,
    STATEFUL_SETS,
)

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "d"},
    "spec": {
        "containers": [
            {
                "name": "c",
                "image": "kubecapy/manager:1",
                "env": [
                    {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                    {"name": "OS_CLOUD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "OS_CLOUD"}}},
                ],
                "volumeMounts": [{"name": "v", "mountPath": "/etc/openstack"}],
            }
        ],
        "volumes": [{"name": "v", "secret": {"secretName": "cloud-config"}}],
        "tolerations": [{"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"}],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "containerStatuses": [
            {
                "name": "c",
                "ready": False,
                "restartCount": 0,
                "image": "",
                "imageID": "",
                "started": None,
                "state": {"terminated": {"exitCode": 0}},
                "lastState": {},
            }
        ],
    },
}


@pytest.mark.parametrize("resource", ALL, ids=lambda resource: resource.plural)
def test_each_kind_carries_its_own_address(resource: Resource[Any]) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(resource.type)}

    assert fields["api_version"].default_factory() == resource.api_version
    assert fields["kind"].default_factory() == resource.kind
    assert resource.type.__name__ == resource.kind


def test_a_pod_loses_nothing_that_it_uses() -> None:
    assert to_json_object(convert(POD, PODS.type)) == POD


def test_a_node_is_ready_by_its_condition() -> None:
    node = convert({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, NODES.type)
    unknown = msgspec.structs.replace(
        node, status=msgspec.structs.replace(node.status, conditions=(NodeCondition(type="Ready", status="Unknown"),))
    )

    assert is_ready(node)
    assert not is_ready(unknown)


def test_a_reference_names_the_stored_object() -> None:
    meta = ObjectMeta(name="s", namespace="d", uid="1", resource_version="7")

    found = reference_to(Secret(metadata=meta), SECRETS)

    assert (found.api_version, found.kind, found.namespace, found.name, found.uid) == ("v1", "Secret", "d", "s", "1")


def test_secret_data_is_base64_and_comes_back() -> None:
    secret = Secret(data=encode_secret_data({"text": "é", "bytes": b"\x00\xff"}))

    assert secret_data(secret) == {"text": "é".encode(), "bytes": b"\x00\xff"}
    assert secret_data(Secret()) == {}


def test_a_secret_shows_its_address_alone() -> None:
    secret = Secret(
        metadata=ObjectMeta(name="s", namespace="d"), data={"k": "aHVudGVyMg=="}, string_data={"x": "hunter2"}
    )

    assert repr(secret) == str(secret) == "Secret(d/s)"


def test_a_malformed_secret_is_named_without_its_value() -> None:
    secret = Secret(metadata=ObjectMeta(name="s", namespace="d"), data={"k": "hunter2!"})

    with pytest.raises(ValueError, match=r"Secret d/s: data\[k\] is not base64") as caught:
        secret_data(secret)

    assert "hunter2" not in str(caught.value)
