"""Describe a machine's providerSpec: which server a person wishes for.

Source: cluster-api-provider-openstack v1alpha1, pkg/apis/openstackproviderconfig/v1alpha1/types.go.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.providers.openstack.api.ports_spec import PortOptions
from kubecapy.providers.openstack.api.secret_reference import CloudReference, SecretKeyReference, SecretReference
from kubecapy.providers.openstack.api.selectors import NetworkReference, NetworkSelector, SecurityGroupSelector
from kubecapy.providers.openstack.api.volumes_spec import RootVolume, VolumeWish


class KubeadmConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Overrides kubeadm's documents."""

    join: Mapping[str, Any] | None = None
    init: Mapping[str, Any] | None = None


class MachineProviderSpec(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a person wishes of one server."""

    api_version: str = ""
    kind: str = ""
    metadata: Mapping[str, Any] | None = None
    """Kept for old files; means nothing."""
    clouds_secret: SecretReference | None = None
    """Secret with `clouds.yaml` and, where used, `cacert`; absent means the controller's own credentials."""
    cloud_name: str = ""
    """Entry inside that clouds.yaml."""
    flavor: str = ""
    """Name or id."""
    image: str = ""
    """Name or id."""
    key_name: str = ""
    """Nova key pair that exists; empty for none."""
    public_key: str = ""
    """OpenSSH public key; a key pair is made of it where the cluster has none, and removed with its last machine."""
    public_key_secret: SecretKeyReference | None = None
    """Secret that holds the public key, in its place."""
    ssh_user_name: str = ""
    """Account that the key opens; used by tools that log in, not by the provider."""
    networks: tuple[NetworkSelector, ...] = ()
    """One port is made for each entry and each of its subnets.

    Empty, with empty `ports`, means the cluster's managed network, else the project's only own one.
    """
    ports: tuple[PortOptions, ...] = ()
    """Ports with all that may be said of one; they come after those of `networks`."""
    floating_ip: str = msgspec.field(name="floatingIP", default="")
    """An address that is allocated to the project and free; set free when the machine is deleted, never released."""
    floating_ip_pool: NetworkReference | None = msgspec.field(name="floatingIPPool", default=None)
    """External network of which an address is allocated for the machine, and released with it."""
    availability_zone: str = ""
    """Nova's; empty lets Nova choose."""
    security_groups: tuple[SecurityGroupSelector, ...] = ()
    """Groups of every port, beside the cluster's managed ones; none at all means the project's default group."""
    user_data_secret: SecretReference | None = None
    """Secret with the boot template; read by the machine reconciler."""
    trunk: bool = False
    """Asks for a Neutron trunk on every port."""
    tags: tuple[str, ...] = ()
    """Tags of server, ports and trunks, beside our own."""
    server_metadata: Mapping[str, str] = {}
    """Nova metadata, beside our own."""
    config_drive: bool | None = None
    """None lets Nova choose."""
    root_volume: RootVolume | None = None
    """Boots from a volume in place of the flavor's disk."""
    volumes: tuple[VolumeWish, ...] = ()
    """Further volumes, attached before the server boots."""
    server_group: str = ""
    """Name or id of a Nova server group that exists."""
    scheduler_hints: Mapping[str, Any] = {}
    """Nova's `os:scheduler_hints`, such as `different_host`; `serverGroup` is the way to name a group.

    A cloud ignores, without a word, hints that none of its scheduler's filters reads.
    """
    kubeadm_configuration: KubeadmConfiguration | None = None

    @property
    def credentials(self) -> CloudReference:
        """Whose credentials the machine is made with."""
        return CloudReference(secret=self.clouds_secret, cloud=self.cloud_name)
