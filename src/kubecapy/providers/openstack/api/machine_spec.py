"""Describe a machine's providerSpec: which server a person wishes for.

Source: cluster-api-provider-openstack v1alpha1, pkg/apis/openstackproviderconfig/v1alpha1/types.go.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubecapy.providers.openstack.api.secret_reference import CloudReference, SecretReference
from kubecapy.providers.openstack.api.selectors import NetworkSelector, SecurityGroupSelector


class RootVolume(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Asks for a server that boots from a volume."""

    source_type: str = ""
    source_uuid: str = msgspec.field(name="sourceUUID", default="")
    device_type: str = ""
    disk_size: int = 0
    """GiB; 0 asks for no volume."""


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
    ssh_user_name: str = ""
    """Account that the key opens; used by tools that log in, not by the provider."""
    networks: tuple[NetworkSelector, ...] = ()
    """One port is made for each entry and each of its subnets; empty means the project's only own network."""
    floating_ip: str = msgspec.field(name="floatingIP", default="")
    """An address that is allocated to the project and free."""
    availability_zone: str = ""
    """Nova's; empty lets Nova choose."""
    security_groups: tuple[SecurityGroupSelector, ...] = ()
    """Groups of every port; empty means the project's default group."""
    user_data_secret: SecretReference | None = None
    """Secret with the boot template; read by the machine reconciler."""
    trunk: bool = False
    """Asks for a Neutron trunk on every port."""
    tags: tuple[str, ...] = ()
    """Tags of server and ports, beside our own."""
    server_metadata: Mapping[str, str] = {}
    """Nova metadata, beside our own."""
    config_drive: bool | None = None
    """None lets Nova choose."""
    root_volume: RootVolume | None = None
    kubeadm_configuration: KubeadmConfiguration | None = None

    @property
    def credentials(self) -> CloudReference:
        """Whose credentials the machine is made with."""
        return CloudReference(secret=self.clouds_secret, cloud=self.cloud_name)
