"""Hold the whole state of the cloud in tables by id."""

from collections import deque
from typing import Any

from kubecapy.devcloud.identifiers import Identifiers
from kubecapy.devcloud.settings import Capacity, Host, Timing
from kubecapy.devcloud.world.agenda import Agenda
from kubecapy.devcloud.world.boots import BootOrders
from kubecapy.devcloud.world.compute import Flavor, KeyPair, Server, ServerGroup
from kubecapy.devcloud.world.history import History
from kubecapy.devcloud.world.identity import ApplicationCredential, Assignment, Domain, Project, Role, Token, User
from kubecapy.devcloud.world.image import Image
from kubecapy.devcloud.world.network import (
    FloatingIp,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    Trunk,
)
from kubecapy.devcloud.world.quotas import Quotas
from kubecapy.devcloud.world.volume import Snapshot, Volume, VolumeType

REMEMBERED_DELETED_SERVERS = 1000


class World:
    """Every resource of the cloud; a change replaces a frozen value in its table.

    Services meet here and nowhere else. Rules that touch more than one kind live in the modules beside this one.
    Tables keep the order of creation. One thread only.

    Attributes:
        regions: Names of the regions, which share everything; a catalog of several tells them apart by their paths.
        timing: Delays; the control endpoint replaces the value.
        capacity: What each host has; the control endpoint replaces the value.
        hosts: Where servers run.
        deleted_servers: The last removed servers, which `changes-since` still shows.
    """

    def __init__(
        self,
        identifiers: Identifiers,
        timing: Timing,
        capacity: Capacity,
        hosts: tuple[Host, ...],
        regions: tuple[str, ...],
    ) -> None:
        """Start empty; `seed` fills it."""
        self.identifiers = identifiers
        self.timing = timing
        self.capacity = capacity
        self.hosts = hosts
        self.regions = regions
        self.agenda = Agenda()
        self.boot_orders = BootOrders()
        self.quotas = Quotas()

        self.domains: dict[str, Domain] = {}
        self.projects: dict[str, Project] = {}
        self.roles: dict[str, Role] = {}
        self.users: dict[str, User] = {}
        self.assignments: list[Assignment] = []
        self.application_credentials: dict[str, ApplicationCredential] = {}
        self.tokens: dict[str, Token] = {}

        self.images: dict[str, Image] = {}

        self.flavors: dict[str, Flavor] = {}
        self.key_pairs: dict[tuple[str, str], KeyPair] = {}
        self.servers: dict[str, Server] = {}
        self.server_groups: dict[str, ServerGroup] = {}
        self.deleted_servers: deque[Server] = deque(maxlen=REMEMBERED_DELETED_SERVERS)

        self.volume_types: dict[str, VolumeType] = {}
        self.volumes: dict[str, Volume] = {}
        self.snapshots: dict[str, Snapshot] = {}

        self.networks: dict[str, Network] = {}
        self.subnets: dict[str, Subnet] = {}
        self.ports: dict[str, Port] = {}
        self.routers: dict[str, Router] = {}
        self.security_groups: dict[str, SecurityGroup] = {}
        self.security_group_rules: dict[str, SecurityGroupRule] = {}
        self.floating_ips: dict[str, FloatingIp] = {}
        self.trunks: dict[str, Trunk] = {}

        # Lists of these may lag behind; those of people, flavors and images never do.
        self.history = History(
            (
                self.servers,
                self.deleted_servers,
                self.server_groups,
                self.volumes,
                self.snapshots,
                *self.network_tables(),
            )
        )

    def network_tables(self) -> tuple[dict[str, Any], ...]:  # Any: the tables differ in their values
        """Return the tables of all that Neutron keeps."""
        return (
            self.networks,
            self.subnets,
            self.ports,
            self.routers,
            self.security_groups,
            self.security_group_rules,
            self.floating_ips,
            self.trunks,
        )

    @property
    def zones(self) -> tuple[str, ...]:
        """The names of the availability zones, each once, that of the first host first."""
        return tuple(dict.fromkeys(host.zone for host in self.hosts))
