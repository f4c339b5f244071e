"""Describe a cluster's providerSpec: what its machines share in the cloud.

Source: cluster-api-provider-openstack v1alpha1 to release 0.1,
pkg/apis/openstackproviderconfig/v1alpha1/types.go.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.providers.openstack.api.secret_reference import CloudReference, SecretReference
from kubecapy.providers.openstack.api.selectors import SubnetSelector


class RouterAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fixed address of the router's gateway."""

    fixed_ip: str = msgspec.field(name="fixedIP", default="")
    subnet: SubnetSelector | None = None


class KeyPair(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A certificate and its key, base64; private keys do not belong into a spec."""

    cert: str = ""
    key: str = ""

    def __repr__(self) -> str:
        """Return stars."""
        return "KeyPair(***)"


class ClusterProviderSpec(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a person wishes of the cluster as a whole."""

    api_version: str = ""
    kind: str = ""
    metadata: Mapping[str, Any] | None = None
    """Kept for old files; means nothing."""
    node_cidr: str = ""
    """Asks for a managed network, subnet and router."""
    dns_nameservers: tuple[str, ...] = ()
    """Name servers of the managed subnet."""
    external_network_id: str = ""
    """Gateway network of the managed router."""
    managed_security_groups: bool = False
    """Asks for security groups of our own."""
    clouds_secret: SecretReference | None = None
    """Secret with `clouds.yaml` and, where used, `cacert`; absent means the controller's own credentials."""
    cloud_name: str = ""
    """Entry inside that clouds.yaml."""
    tags: tuple[str, ...] = ()
    """Tags of every server and port of the cluster, beside our own."""
    disable_server_tags: bool = False
    """True for clouds whose Nova is older than microversion 2.52."""
    external_router_ips: tuple[RouterAddress, ...] = msgspec.field(name="externalRouterIPs", default=())
    use_octavia: bool = False
    managed_api_server_load_balancer: bool = msgspec.field(name="managedAPIServerLoadBalancer", default=False)
    api_server_load_balancer_floating_ip: str = msgspec.field(name="apiServerLoadBalancerFloatingIP", default="")
    api_server_load_balancer_port: int = msgspec.field(name="apiServerLoadBalancerPort", default=0)
    api_server_load_balancer_additional_ports: tuple[int, ...] = ()
    disable_port_security: bool = False
    """Switches port security off on the managed network."""
    ca_key_pair: KeyPair | None = None
    etcd_ca_key_pair: KeyPair | None = msgspec.field(name="etcdCAKeyPair", default=None)
    front_proxy_ca_key_pair: KeyPair | None = msgspec.field(name="frontProxyCAKeyPair", default=None)
    sa_key_pair: KeyPair | None = None
    cluster_configuration: Mapping[str, Any] | None = None
    """Overrides kubeadm's ClusterConfiguration."""

    @property
    def credentials(self) -> CloudReference:
        """Whose credentials the cluster is made with."""
        return CloudReference(secret=self.clouds_secret, cloud=self.cloud_name)
