"""Make the objects that both servers are loaded with: Machines as a cluster of some size has them."""

from kubecapy.api.cluster.v1alpha1.crds import custom_resource_definitions
from kubecapy.apimachinery.meta import JsonObject

NAMESPACE = "bench"
COLLECTION = "/apis/cluster.k8s.io/v1alpha1/namespaces/{namespace}/machines"
CONDITIONS = (
    "Ready",
    "Reserved",
    "CertificatesReady",
    "BootstrapReady",
    "InstanceReady",
    "NodeReady",
    "ControlPlaneEndpointReady",
)


def machine_definition() -> JsonObject:
    """Return the definition of Machine."""
    definitions = custom_resource_definitions()
    return next(made for made in definitions if made["spec"]["names"]["kind"] == "Machine")


def machine(name: str) -> JsonObject:
    """Return a new Machine, 2 KB of JSON."""
    networks = [{"uuid": f"e2d9ead6-759b-4592-873d-981d3db07c8{index}"} for index in range(4)]
    groups = [{"uuid": f"97acf9d4-e5bf-4fff-a2c0-be0b04fbc44{index}"} for index in range(4)]
    value = {
        "apiVersion": "openstackproviderconfig/v1alpha1",
        "kind": "OpenstackProviderSpec",
        "flavor": "m1.medium",
        "image": "KVM-Ubt18.04-Srv-x64",
        "sshUserName": "cloudusr",
        "keyName": "cluster-api-provider-openstack",
        "availabilityZone": "nova",
        "networks": networks,
        "floatingIP": "192.0.2.17",
        "securityGroups": groups,
        "userDataSecret": {"name": "worker-user-data", "namespace": "openstack-provider-system"},
        "trunk": False,
    }
    return {
        "apiVersion": "cluster.k8s.io/v1alpha1",
        "kind": "Machine",
        "metadata": {
            "name": name,
            "labels": {"set": "node", "cluster.k8s.io/cluster-name": "test1", "topology": name[-1]},
            "annotations": {f"example.com/note-{index}": "a line that a person wrote " * 3 for index in range(8)},
            "finalizers": ["machine.cluster.k8s.io"],
        },
        "spec": {"providerSpec": {"value": value}, "versions": {"kubelet": "1.14.0"}},
    }


def status(revision: int) -> JsonObject:
    """Return the merge patch of a status, 1.6 KB of JSON, that differs from that of every other `revision`."""
    conditions = [
        {
            "type": type_,
            "status": "True",
            "reason": "AsExpected",
            "message": f"pass {revision} looked at everything that belongs to {type_} and found it as it should be",
            "lastTransitionTime": "2026-11-28T12:00:00Z",
            "observedGeneration": 1,
        }
        for type_ in CONDITIONS
    ]
    addresses = [{"type": "InternalIP", "address": "10.0.0.4"}, {"type": "ExternalIP", "address": "192.0.2.17"}]
    return {
        "status": {
            "phase": "Running",
            "lastUpdated": "2026-11-28T12:00:00Z",
            "nodeRef": {"kind": "Node", "name": "node-1", "uid": "5f0c2f9e-7d0d-4c54-9c4b-1f8d6d2b8f11"},
            "versions": {"kubelet": "1.14.0"},
            "addresses": addresses,
            "conditions": conditions,
        }
    }
