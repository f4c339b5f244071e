"""A cluster's providerSpec: the article's is accepted, and what is not supported is refused by name."""

from typing import Any

import pytest
from tests.providers.openstack.core_cloud import CoreCloud
from tests.providers.openstack.machines import make_cluster

from kubecapy.api.cluster.v1alpha1 import Cluster
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.api.specs import decode_cluster_spec
from kubecapy.providers.openstack.services.projects import Projects


def errors_of(**value: Any) -> list[str]:
    return [str(error) for error in decode_cluster_spec(value, "value").errors]


@pytest.mark.parametrize("kind", ["OpenstackProviderSpec", "OpenstackClusterProviderSpec", ""])
def test_the_articles_cluster_is_accepted(kind: str) -> None:
    assert errors_of(apiVersion="openstackproviderconfig/v1alpha1", kind=kind) == []
    assert decode_cluster_spec(None).value is not None


def test_fields_that_ask_for_nothing_are_accepted() -> None:
    nothing = {"nodeCidr": "", "managedSecurityGroups": False, "dnsNameservers": [], "caKeyPair": {}, "tags": []}
    assert errors_of(**nothing) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("nodeCidr", "10.0.0.0/24", "managed networks"),
        ("dnsNameservers", ["1.1.1.1"], "managed networks"),
        ("externalNetworkId", "x", "managed networks"),
        ("externalRouterIPs", [{"fixedIP": "1.1.1.1"}], "managed networks"),
        ("disablePortSecurity", True, "managed networks"),
        ("managedSecurityGroups", True, "managed security groups"),
        ("useOctavia", True, "load balancers"),
        ("managedAPIServerLoadBalancer", True, "load balancers"),
        ("apiServerLoadBalancerFloatingIP", "1.1.1.1", "load balancers"),
        ("apiServerLoadBalancerPort", 6443, "load balancers"),
        ("apiServerLoadBalancerAdditionalPorts", [80], "load balancers"),
        ("caKeyPair", {"cert": "x"}, "keys in the spec"),
        ("etcdCAKeyPair", {"cert": "x"}, "keys in the spec"),
        ("frontProxyCAKeyPair", {"cert": "x"}, "keys in the spec"),
        ("saKeyPair", {"key": "hidden-key"}, "keys in the spec"),
        ("clusterConfiguration", {"kubernetesVersion": "v1"}, "not supported, change the template"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(field: str, value: Any, words: str) -> None:
    (error,) = errors_of(**{field: value})
    assert error.startswith(f"value.{field}: ")
    assert words in error
    assert "hidden-key" not in error


def test_a_misspelt_field_names_the_nearest() -> None:
    assert errors_of(tag=["x"]) == ['value.tag: unknown field "tag", did you mean "tags"?']


async def test_a_wrong_cluster_is_refused_without_a_call(projects: Projects, cloud: CoreCloud) -> None:
    actuator = OpenStackClusterActuator(projects)
    with pytest.raises(InvalidConfiguration, match=r"spec.providerSpec.value.nodeCidr: managed networks"):
        await actuator.reconcile(make_cluster(value={"nodeCidr": "10.0.0.0/24"}))
    assert cloud.entries() == []


async def test_a_cluster_has_nothing_to_make_and_nothing_to_delete(projects: Projects, cluster: Cluster) -> None:
    actuator = OpenStackClusterActuator(projects)
    assert (await actuator.reconcile(cluster)).endpoint is None
    assert (await actuator.delete(cluster)).gone
