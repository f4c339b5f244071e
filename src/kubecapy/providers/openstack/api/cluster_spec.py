"""Describe a cluster's providerSpec: what its machines share in the cloud.

Source: cluster-api-provider-openstack v1alpha1 to release 0.1,
pkg/apis/openstackproviderconfig/v1alpha1/types.go. What the field came to have later is named as the later versions of
the provider name it, in the form of this one.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.providers.openstack.api.managed_groups import ManagedSecurityGroups
from kubecapy.providers.openstack.api.secret_reference import CloudReference, SecretReference
from kubecapy.providers.openstack.api.selectors import NetworkReference, RouterSelector, SubnetSelector


class RouterAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fixed address of the router's gateway."""

    fixed_ip: str = msgspec.field(name="fixedIP", default="")
    subnet: SubnetSelector | None = None
    """A subnet of the external network; not needed where the address tells it."""


class AllocationPool(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Addresses from `start` to `end`, both included."""

    start: str = ""
    end: str = ""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the cluster's API server is reached."""

    host: str = ""
    port: int = 0


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
    """Asks for a network and a subnet of our own; the range of the subnet, IPv4."""
    dns_nameservers: tuple[str, ...] = ()
    """Name servers of the managed subnet; a change is carried over."""
    allocation_pools: tuple[AllocationPool, ...] = ()
    """The part of `nodeCidr` that machines get addresses of; empty means all of it."""
    gateway_ip: str = msgspec.field(name="gatewayIP", default="")
    """The router's address on the managed subnet; empty means the first one."""
    disable_dhcp: bool = msgspec.field(name="disableDHCP", default=False)
    """Serves no DHCP on the managed subnet: hosts then take their addresses from the config drive."""
    network_mtu: int = msgspec.field(name="networkMTU", default=0)
    """MTU of the managed network; 0 lets Neutron choose."""
    disable_port_security: bool = False
    """Switches port security off on the managed network."""
    external_network_id: str = ""
    """The network to which a router of our own leads; without it there is no router."""
    external_network: NetworkReference | None = None
    """The same by its id, its name or a filter."""
    external_router_ips: tuple[RouterAddress, ...] = msgspec.field(name="externalRouterIPs", default=())
    """Fixed addresses of that router on the external network."""
    network: NetworkReference | None = None
    """An existing network for machines that name none; it is never changed or deleted."""
    subnet: SubnetSelector | None = None
    """The subnet of that network on which machines get their addresses; absent lets Neutron choose."""
    router: RouterSelector | None = None
    """An existing router: the managed subnet is joined to it; it is never changed otherwise or deleted."""
    managed_security_groups: bool | ManagedSecurityGroups = False
    """Asks for security groups of our own: `true`, or a mapping that says what they let through."""
    control_plane_endpoint: Endpoint | None = None
    """Where the API server is reached; absent means the address of the first control plane."""
    api_server_port: int = 0
    """Port of the API server; 0 means that of `controlPlaneEndpoint`, else that of the controllers."""
    control_plane_availability_zones: tuple[str, ...] = ()
    """The failure domains that take control planes; empty means all."""
    clouds_secret: SecretReference | None = None
    """Secret with `clouds.yaml` and, where used, `cacert`; absent means the controller's own credentials."""
    cloud_name: str = ""
    """Entry inside that clouds.yaml."""
    tags: tuple[str, ...] = ()
    """Tags of everything of the cluster that takes tags, beside our own."""
    disable_server_tags: bool = False
    """True for clouds whose Nova is older than microversion 2.52."""
    use_octavia: bool = False
    managed_api_server_load_balancer: bool = msgspec.field(name="managedAPIServerLoadBalancer", default=False)
    api_server_load_balancer_floating_ip: str = msgspec.field(name="apiServerLoadBalancerFloatingIP", default="")
    api_server_load_balancer_port: int = msgspec.field(name="apiServerLoadBalancerPort", default=0)
    api_server_load_balancer_additional_ports: tuple[int, ...] = ()
    api_server_load_balancer: Mapping[str, Any] | None = None
    bastion: Mapping[str, Any] | None = None
    ca_key_pair: KeyPair | None = None
    etcd_ca_key_pair: KeyPair | None = msgspec.field(name="etcdCAKeyPair", default=None)
    front_proxy_ca_key_pair: KeyPair | None = msgspec.field(name="frontProxyCAKeyPair", default=None)
    sa_key_pair: KeyPair | None = None
    cluster_configuration: Mapping[str, Any] | None = None
    """Of kubeadm's ClusterConfiguration only `controlPlaneEndpoint`, as `host:port`, is read."""

    @property
    def credentials(self) -> CloudReference:
        """Whose credentials the cluster is made with."""
        return CloudReference(secret=self.clouds_secret, cloud=self.cloud_name)

    @property
    def security_groups(self) -> ManagedSecurityGroups | None:
        """What the managed security groups let through; None where none are asked for.

        `true`, the original's form, lets everything through between the machines, as the original did but for
        protocols other than TCP, UDP and ICMP.
        """
        if isinstance(self.managed_security_groups, bool):
            return ManagedSecurityGroups(allow_all_in_cluster_traffic=True) if self.managed_security_groups else None
        return self.managed_security_groups

    @property
    def wants_router(self) -> bool:
        """Whether a router of our own is asked for."""
        return bool(self.external_network_id) or self.external_network is not None

    @property
    def joins_router(self) -> bool:
        """Whether the managed subnet is joined to a router, ours or an existing one."""
        return bool(self.node_cidr) and (self.wants_router or self.router is not None)

    @property
    def ether_types(self) -> tuple[str, ...]:
        """The families that the machines' network may have: ours is IPv4, an existing one may be both."""
        return ("IPv4",) if self.node_cidr else ("IPv4", "IPv6")

    @property
    def gives_network(self) -> bool:
        """Whether machines that name no network get one of the cluster."""
        return bool(self.node_cidr) or self.network is not None

    @property
    def manages_something(self) -> bool:
        """Whether the cluster asks for anything to be made for it."""
        return bool(self.node_cidr) or self.security_groups is not None
