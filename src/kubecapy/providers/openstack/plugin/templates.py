"""Write the Cluster and the Machines that a person fills in.

Source of the fields and defaults: cluster-api-provider-openstack v1alpha1, cmd/clusterctl/examples/openstack. What
only the person's cloud knows is a placeholder in angle brackets, which validation refuses by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from kubecapy.api.cluster.v1alpha1 import API_VERSION as CLUSTER_API_VERSION
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.providers.openstack.api.header import API_VERSION, MACHINE_KIND
from kubecapy.providers.openstack.plugin.components import NAMESPACE

OperatingSystem = Literal["ubuntu", "centos"]

CLUSTER_NAME: Final = "test1"
KEY_NAME: Final = "cluster-api-provider-openstack"
KUBERNETES_VERSION: Final = "1.14.0"

_IMAGES: Final[Mapping[OperatingSystem, str]] = {
    "ubuntu": "KVM-Ubt18.04-Srv-x64",
    "centos": "KVM-CentOS7-x64",
}


def cluster() -> JsonObject:
    """Return the Cluster; it needs no filling in."""
    return {
        "apiVersion": CLUSTER_API_VERSION,
        "kind": "Cluster",
        "metadata": {"name": CLUSTER_NAME},
        "spec": {
            "clusterNetwork": {
                "services": {"cidrBlocks": ["10.96.0.0/12"]},
                "pods": {"cidrBlocks": ["192.168.0.0/16"]},
                "serviceDomain": "cluster.local",
            },
            "providerSpec": {"value": {"apiVersion": API_VERSION, "kind": MACHINE_KIND}},
        },
    }


def machines(operating_system: OperatingSystem) -> Sequence[JsonObject]:
    """Return one control plane and one worker."""
    control_plane = {"kubelet": KUBERNETES_VERSION, "controlPlane": KUBERNETES_VERSION}
    return (
        _machine("master", operating_system, control_plane),
        _machine("node", operating_system, {"kubelet": KUBERNETES_VERSION}),
    )


def _machine(role: str, operating_system: OperatingSystem, versions: Mapping[str, str]) -> JsonObject:
    user_data = {"master": "master-user-data", "node": "worker-user-data"}[role]
    return {
        "apiVersion": CLUSTER_API_VERSION,
        "kind": "Machine",
        "metadata": {"generateName": f"openstack-{role}-", "labels": {"set": role}},
        "spec": {
            "providerSpec": {"value": _provider_spec(operating_system, user_data)},
            "versions": dict(versions),
        },
    }


def _provider_spec(operating_system: OperatingSystem, user_data: str) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": MACHINE_KIND,
        "flavor": "m1.medium",
        "image": _IMAGES[operating_system],
        "sshUserName": operating_system,
        "keyName": KEY_NAME,
        "availabilityZone": "nova",
        "networks": [{"uuid": "<NETWORK_ID>"}],
        "floatingIP": "<FLOATING_IP>",
        "securityGroups": [{"uuid": "<SECURITY_GROUP_ID>"}],
        "userDataSecret": {"name": user_data, "namespace": NAMESPACE},
        "trunk": False,
    }
