"""A cluster's providerSpec: every field means something, or is refused with one sentence that names it."""

from typing import Any

import pytest
from tests.providers.openstack.core_cloud import CoreCloud
from tests.providers.openstack.machines import make_cluster

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint
from kubecapy.contract.errors import InvalidConfiguration
from kubecapy.providers.openstack.actuators.cluster import OpenStackClusterActuator
from kubecapy.providers.openstack.api.cluster_spec import ClusterProviderSpec
from kubecapy.providers.openstack.api.endpoints import api_port_of, endpoint_of
from kubecapy.providers.openstack.api.specs import decode_cluster_spec
from kubecapy.providers.openstack.services.projects import Projects

NETWORK = {"nodeCidr": "10.7.0.0/24"}
ROUTER = {**NETWORK, "externalNetworkId": "ext"}


def errors_of(**value: Any) -> list[str]:
    return [str(error) for error in decode_cluster_spec(value, "value").errors]


def spec_of(**value: Any) -> ClusterProviderSpec:
    decoded = decode_cluster_spec(value, "value")
    assert decoded.value is not None, decoded.errors
    return decoded.value


@pytest.mark.parametrize("kind", ["OpenstackProviderSpec", "OpenstackClusterProviderSpec", ""])
def test_the_articles_cluster_is_accepted(kind: str) -> None:
    assert errors_of(apiVersion="openstackproviderconfig/v1alpha1", kind=kind) == []
    assert decode_cluster_spec(None).value is not None


def test_fields_that_ask_for_nothing_are_accepted() -> None:
    nothing = {
        "nodeCidr": "",
        "managedSecurityGroups": False,
        "dnsNameservers": [],
        "caKeyPair": {},
        "tags": [],
        "bastion": {"enabled": False},
        "useOctavia": False,
        "clusterConfiguration": {"apiVersion": "kubeadm.k8s.io/v1beta1", "kind": "ClusterConfiguration"},
    }
    assert errors_of(**nothing) == []


@pytest.mark.parametrize(
    "value",
    [
        NETWORK,
        {**ROUTER, "dnsNameservers": ["1.1.1.1", "2606:4700::1111"], "externalRouterIPs": [{"fixedIP": "1.2.3.4"}]},
        {**NETWORK, "externalNetwork": {"filter": {"tags": "blue"}}, "networkMTU": 1400, "disableDHCP": True},
        {**NETWORK, "gatewayIP": "10.7.0.9", "allocationPools": [{"start": "10.7.0.10", "end": "10.7.0.99"}]},
        {**NETWORK, "router": {"filter": {"name": "office"}}},
        {"network": {"uuid": "n"}, "subnet": {"filter": {"cidr": "10.0.0.0/8"}}, "router": {"uuid": "r"}},
        {"managedSecurityGroups": True},
        {"MANAGEDSECURITYGROUPS": {"CNI": "calico", "sshallowedcidrs": ["192.0.2.0/24"]}},
        {"controlPlaneAvailabilityZones": ["az-1"]},
    ],
    ids=lambda value: "-".join(value),
)
def test_what_a_cluster_may_ask_for(value: dict[str, Any]) -> None:
    assert errors_of(**value) == []


@pytest.mark.parametrize(
    ("value", "field", "words"),
    [
        ({"nodeCidr": "10.7.0.5/24"}, "nodeCidr", "write 10.7.0.0/24"),
        ({"nodeCidr": "ten"}, "nodeCidr", "is not a range of addresses"),
        ({"nodeCidr": "fd00::/64"}, "nodeCidr", "only IPv4 networks are made"),
        ({"nodeCidr": "10.7.0.0/30"}, "nodeCidr", "too small"),
        ({"dnsNameservers": ["1.1.1.1"]}, "dnsNameservers", "give nodeCidr"),
        ({"externalNetworkId": "x"}, "externalNetworkId", "give nodeCidr"),
        ({"disablePortSecurity": True}, "disablePortSecurity", "give nodeCidr"),
        ({**NETWORK, "dnsNameservers": ["dns"]}, "dnsNameservers[0]", "is not an IP address"),
        ({**NETWORK, "gatewayIP": "10.8.0.1"}, "gatewayIP", "is not in nodeCidr 10.7.0.0/24"),
        ({**NETWORK, "networkMTU": 10}, "networkMTU", "at least 68"),
        ({**NETWORK, "allocationPools": [{"start": "10.7.0.9", "end": "10.7.0.2"}]}, "allocationPools[0]", "after"),
        ({**NETWORK, "allocationPools": [{"start": "10.7.0.1", "end": "10.7.0.2"}]}, "allocationPools[0]", "gateway"),
        ({**NETWORK, "allocationPools": [{"start": "10.7.0.3"}]}, "allocationPools[0].end", "is not an IP address"),
        ({**NETWORK, "externalRouterIPs": [{"fixedIP": "1.1.1.1"}]}, "externalRouterIPs", "no router without"),
        ({**ROUTER, "externalRouterIPs": [{}]}, "externalRouterIPs[0]", "give fixedIP, subnet or both"),
        ({**ROUTER, "externalRouterIPs": [{"subnet": {}}]}, "externalRouterIPs[0].subnet", "exactly one subnet"),
        ({**NETWORK, "externalNetwork": {}}, "externalNetwork", "selects exactly one network"),
        ({**ROUTER, "externalNetwork": {"uuid": "x"}}, "externalNetwork", "externalNetworkId names one"),
        ({**ROUTER, "router": {"uuid": "x"}}, "router", "its own matter"),
        ({**NETWORK, "network": {"uuid": "x"}}, "network", "leave one of them out"),
        ({"network": {}}, "network", "exactly one network"),
        ({"subnet": {"uuid": "x"}}, "subnet", "name that as well"),
        ({**NETWORK, "disablePortSecurity": True, "managedSecurityGroups": True}, "managedSecurityGroups", "no effect"),
        ({"useOctavia": True}, "useOctavia", "load balancers are a later piece of work"),
        ({"managedAPIServerLoadBalancer": True}, "managedAPIServerLoadBalancer", "load balancers"),
        ({"apiServerLoadBalancer": {"enabled": True}}, "apiServerLoadBalancer", "load balancers"),
        ({"bastion": {"enabled": True}}, "bastion", "bastions are a later piece of work"),
        ({"caKeyPair": {"cert": "x"}}, "caKeyPair", "keys in the spec"),
        ({"etcdCAKeyPair": {"cert": "x"}}, "etcdCAKeyPair", "keys in the spec"),
        ({"frontProxyCAKeyPair": {"cert": "x"}}, "frontProxyCAKeyPair", "keys in the spec"),
        ({"saKeyPair": {"key": "hidden-key"}}, "saKeyPair", "keys in the spec"),
        (
            {"clusterConfiguration": {"kubernetesVersion": "v1"}},
            "clusterConfiguration.kubernetesVersion",
            "change the template",
        ),
        (
            {"clusterConfiguration": {"controlPlaneEndpoint": "1.2.3.4"}},
            "clusterConfiguration.controlPlaneEndpoint",
            "write host:port",
        ),
        ({"controlPlaneEndpoint": {"host": "x", "port": 0}}, "controlPlaneEndpoint.port", "from 1 to 65535"),
        ({"controlPlaneEndpoint": {"port": 443}}, "controlPlaneEndpoint.host", "an address or a DNS name"),
        ({"apiServerPort": 70000}, "apiServerPort", "from 1 to 65535"),
        (
            {"controlPlaneEndpoint": {"host": "x", "port": 443}, "apiServerPort": 6443},
            "apiServerPort",
            "the endpoint has another port",
        ),
        ({"controlPlaneAvailabilityZones": [""]}, "controlPlaneAvailabilityZones[0]", "a zone has a name"),
        ({"managedSecurityGroups": {"cni": "weave"}}, "managedSecurityGroups.cni", '"calico", "cilium", "flannel"'),
        (
            {"managedSecurityGroups": {"sshAllowedCIDRs": ["x"]}},
            "managedSecurityGroups.sshAllowedCIDRs[0]",
            "not a range",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(value: dict[str, Any], field: str, words: str) -> None:
    (error,) = errors_of(**value)
    assert error.startswith(f"value.{field}: ")
    assert words in error
    assert "hidden-key" not in error


@pytest.mark.parametrize(
    ("rule", "field", "words"),
    [
        ({"name": ""}, ".name", "name the rule"),
        ({"direction": "in"}, ".direction", '"ingress", "egress"'),
        ({"etherType": "v4"}, ".etherType", '"IPv4", "IPv6"'),
        ({"protocol": "http"}, ".protocol", "unsupported value"),
        ({"protocol": "256"}, ".protocol", "unsupported value"),
        ({"portRangeMin": 1, "portRangeMax": 2}, ".protocol", "ports belong to a protocol"),
        ({"protocol": "tcp", "portRangeMin": 9}, ".portRangeMin", "the smaller first"),
        ({"protocol": "tcp", "portRangeMin": 9, "portRangeMax": 8}, ".portRangeMin", "the smaller first"),
        ({"remoteGroupID": "x", "remoteIPPrefix": "10.0.0.0/8"}, "", "give one of remoteManagedGroups"),
        ({"remoteManagedGroups": ["bastion"]}, ".remoteManagedGroups[0]", '"controlplane", "worker"'),
        ({"remoteIPPrefix": "fd00::/8"}, ".remoteIPPrefix", "set etherType to IPv6"),
        ({"remoteIPPrefix": "here"}, ".remoteIPPrefix", "is not a range"),
    ],
)
def test_a_further_rule_that_neutron_would_refuse_is_told_before(rule: dict[str, Any], field: str, words: str) -> None:
    groups = {"workerNodesSecurityGroupRules": [{"name": "mine", **rule}]}
    (error,) = errors_of(managedSecurityGroups=groups)
    assert error.startswith(f"value.managedSecurityGroups.workerNodesSecurityGroupRules[0]{field}: ")
    assert words in error


def test_a_load_balancer_is_refused_by_one_sentence_whatever_asks_for_it() -> None:
    asked = {"managedAPIServerLoadBalancer": True, "apiServerLoadBalancerPort": 6443, "useOctavia": True}
    (error,) = errors_of(**asked)
    assert error.startswith("value.useOctavia: load balancers are a later piece of work")
    assert "(and managedAPIServerLoadBalancer, apiServerLoadBalancerPort)" in error


def test_true_lets_everything_through_between_machines_and_a_mapping_says_what() -> None:
    true, mapping = spec_of(managedSecurityGroups=True), spec_of(managedSecurityGroups={"cni": "flannel"})
    assert true.security_groups is not None
    assert mapping.security_groups is not None
    assert (true.security_groups.allow_all_in_cluster_traffic, true.security_groups.cni) == (True, "")
    assert (mapping.security_groups.allow_all_in_cluster_traffic, mapping.security_groups.cni) == (False, "flannel")
    assert spec_of(managedSecurityGroups=False).security_groups is None


@pytest.mark.parametrize(
    ("value", "endpoint", "port"),
    [
        ({}, None, None),
        ({"apiServerPort": 443}, None, 443),
        ({"controlPlaneEndpoint": {"host": "api.example", "port": 443}}, ("api.example", 443), 443),
        ({"clusterConfiguration": {"controlPlaneEndpoint": "192.0.2.7:6443"}}, ("192.0.2.7", 6443), 6443),
        ({"clusterConfiguration": {"controlPlaneEndpoint": "[2001:db8::1]:443"}}, ("2001:db8::1", 443), 443),
        (
            {
                "clusterConfiguration": {"controlPlaneEndpoint": "a:443"},
                "controlPlaneEndpoint": {"host": "a", "port": 443},
                "apiServerPort": 443,
            },
            ("a", 443),
            443,
        ),
    ],
)
def test_where_the_api_server_is_reached_is_read_from_one_place(
    value: dict[str, Any], endpoint: tuple[str, int] | None, port: int | None
) -> None:
    spec = spec_of(**value)
    assert endpoint_of(spec) == (ApiEndpoint(host=endpoint[0], port=endpoint[1]) if endpoint else None)
    assert api_port_of(spec) == port


def test_a_misspelt_field_names_the_nearest() -> None:
    assert errors_of(tag=["x"]) == ['value.tag: unknown field "tag", did you mean "tags"?']


async def test_a_wrong_cluster_is_refused_without_a_call(projects: Projects, cloud: CoreCloud) -> None:
    actuator = OpenStackClusterActuator(projects)
    with pytest.raises(InvalidConfiguration, match=r"spec.providerSpec.value.nodeCidr: "):
        await actuator.reconcile(make_cluster(value={"nodeCidr": "10.0.0.1/24"}))
    assert cloud.entries() == []
