"""Type what the services answer, as far as the provider reads it.

Sources: https://docs.openstack.org/api-ref/compute/, /network/v2/ and /image/v2/.
"""

from collections.abc import Mapping
from typing import Any

import msgspec


class Network(msgspec.Struct, frozen=True):
    """A Neutron network."""

    id: str
    name: str = ""
    description: str | None = ""
    tags: tuple[str, ...] = ()


class Subnet(msgspec.Struct, frozen=True):
    """A Neutron subnet."""

    id: str
    name: str = ""
    description: str | None = ""
    tags: tuple[str, ...] = ()
    network_id: str = ""
    cidr: str = ""
    gateway_ip: str | None = None
    dns_nameservers: tuple[str, ...] = ()


class SecurityGroupRule(msgspec.Struct, frozen=True):
    """A rule of a Neutron security group; None means any."""

    id: str
    direction: str
    ethertype: str | None = None
    protocol: str | int | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    description: str | None = ""


class SecurityGroup(msgspec.Struct, frozen=True):
    """A Neutron security group."""

    id: str
    name: str = ""
    project_id: str | None = None
    description: str | None = ""
    tags: tuple[str, ...] = ()
    rules: tuple[SecurityGroupRule, ...] = msgspec.field(name="security_group_rules", default=())


class FixedAddress(msgspec.Struct, frozen=True):
    """One address of a port."""

    ip_address: str
    subnet_id: str = ""


class Gateway(msgspec.Struct, frozen=True):
    """A router's way out."""

    network_id: str


class Router(msgspec.Struct, frozen=True):
    """A Neutron router."""

    id: str
    name: str = ""
    description: str | None = ""
    tags: tuple[str, ...] = ()
    gateway: Gateway | None = msgspec.field(name="external_gateway_info", default=None)


class Port(msgspec.Struct, frozen=True):
    """A Neutron port."""

    id: str
    name: str = ""
    description: str | None = ""
    network_id: str = ""
    fixed_ips: tuple[FixedAddress, ...] = ()
    device_id: str | None = ""
    device_owner: str | None = ""
    tags: tuple[str, ...] = ()


class FloatingAddress(msgspec.Struct, frozen=True):
    """A Neutron floating IP."""

    id: str
    floating_ip_address: str
    port_id: str | None = None
    revision_number: int | None = None
    description: str | None = ""
    tags: tuple[str, ...] = ()


class Trunk(msgspec.Struct, frozen=True):
    """A Neutron trunk."""

    id: str
    name: str = ""
    description: str | None = ""
    port_id: str = ""
    tags: tuple[str, ...] = ()


class VolumeAttachment(msgspec.Struct, frozen=True):
    """Where a Cinder volume is attached."""

    server_id: str = ""


class Volume(msgspec.Struct, frozen=True):
    """A Cinder volume."""

    id: str
    name: str | None = ""
    status: str = ""
    metadata: Mapping[str, str] = {}
    attachments: tuple[VolumeAttachment, ...] = ()

    @property
    def server_ids(self) -> tuple[str, ...]:
        """The servers that it is attached to."""
        return tuple(attachment.server_id for attachment in self.attachments)


class VolumeType(msgspec.Struct, frozen=True):
    """A Cinder volume type."""

    id: str
    name: str = ""


class Snapshot(msgspec.Struct, frozen=True):
    """A Cinder snapshot."""

    id: str
    name: str | None = ""
    status: str = ""


class ServerGroup(msgspec.Struct, frozen=True):
    """A Nova server group."""

    id: str
    name: str = ""


class Flavor(msgspec.Struct, frozen=True):
    """A Nova flavor."""

    id: str
    name: str
    ram: int = 0
    """MiB."""
    vcpus: int = 0
    disk: int = 0
    """GiB."""


class Image(msgspec.Struct, frozen=True):
    """A Glance image."""

    id: str
    name: str | None = ""
    status: str = ""


class KeyPair(msgspec.Struct, frozen=True):
    """A Nova key pair of our user."""

    name: str
    public_key: str = ""

    @property
    def id(self) -> str:
        """Its name, which is unique for a user."""
        return self.name


class ListedKeyPair(msgspec.Struct, frozen=True):
    """An entry of Nova's list of key pairs, which wraps each."""

    keypair: KeyPair


class ZoneState(msgspec.Struct, frozen=True):
    """Whether an availability zone takes servers."""

    available: bool = True


class Zone(msgspec.Struct, frozen=True):
    """A Nova availability zone."""

    name: str = msgspec.field(name="zoneName")
    state: ZoneState = msgspec.field(name="zoneState", default=ZoneState())


class Fault(msgspec.Struct, frozen=True):
    """Why a server is in ERROR."""

    message: str = ""
    code: int = 0


class ServerAddress(msgspec.Struct, frozen=True):
    """One address of a server, as Nova caches it."""

    addr: str
    kind: str = msgspec.field(name="OS-EXT-IPS:type", default="fixed")


class ServerFlavor(msgspec.Struct, frozen=True):
    """What a server was asked for with, as it was then; empty where Nova is asked at less than microversion 2.47."""

    name: str = msgspec.field(name="original_name", default="")
    vcpus: int = 0
    ram: int = 0
    """MiB."""
    disk: int = 0
    """GiB."""


class Server(msgspec.Struct, frozen=True):
    """A Nova server."""

    id: str
    name: str = ""
    status: str = "BUILD"
    task_state: str | None = msgspec.field(name="OS-EXT-STS:task_state", default=None)
    metadata: Mapping[str, str] = {}
    fault: Fault | None = None
    addresses: Mapping[str, tuple[ServerAddress, ...]] = {}
    key_name: str | None = None
    flavor: ServerFlavor = ServerFlavor()
    availability_zone: str | None = msgspec.field(name="OS-EXT-AZ:availability_zone", default=None)


class Console(msgspec.Struct, frozen=True):
    """The answer of Nova's console action."""

    output: str | None = ""


class Limits(msgspec.Struct, frozen=True):
    """What the project may have in Nova or Cinder, and has."""

    absolute: Mapping[str, Any] = {}  # Any: numbers, and texts in some releases

    def number(self, name: str) -> int | None:
        """Return a limit or a use; None where it is not told, or negative, which is no limit."""
        found = self.absolute.get(name)
        return found if isinstance(found, int) and found >= 0 else None


class NetworkQuota(msgspec.Struct, frozen=True):
    """One of Neutron's quotas with its use; a negative limit is none."""

    limit: int = -1
    used: int = 0
    reserved: int = 0

    @property
    def most(self) -> int | None:
        """How many there may be; None where there is no limit."""
        return None if self.limit < 0 else self.limit

    @property
    def taken(self) -> int:
        """How many of them are no longer free."""
        return self.used + self.reserved


class NetworkQuotas(msgspec.Struct, frozen=True):
    """Those of Neutron's quotas that clusters and machines use."""

    port: NetworkQuota = NetworkQuota()
    floatingip: NetworkQuota = NetworkQuota()
    network: NetworkQuota = NetworkQuota()
    subnet: NetworkQuota = NetworkQuota()
    router: NetworkQuota = NetworkQuota()
    security_group: NetworkQuota = NetworkQuota()
    security_group_rule: NetworkQuota = NetworkQuota()


class Extension(msgspec.Struct, frozen=True):
    """An extension of Neutron."""

    alias: str
