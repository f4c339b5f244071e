"""Fill an empty world with the cloud of the article: one project with a network, a router and floating addresses.

The ids of the project, the network and the security group are those of the article's manifests, so that the manifests
work as they stand. Every other id that a person or test may name is fixed too; ids of ports and rules are drawn.
"""

import ipaddress
from datetime import datetime

import msgspec

from kubecapy.devcloud.settings import DevCloudSettings
from kubecapy.devcloud.world.compute import Flavor
from kubecapy.devcloud.world.floating import allocate_floating_ip
from kubecapy.devcloud.world.identity import ADMIN_ROLE, Assignment, Domain, Project, Role, User
from kubecapy.devcloud.world.image import Image
from kubecapy.devcloud.world.network import (
    AllocationPool,
    FloatingIp,
    Network,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    stamp,
)
from kubecapy.devcloud.world.routing import add_subnet_interface, set_gateway
from kubecapy.devcloud.world.security import add_group, add_rule, ensure_default_group
from kubecapy.devcloud.world.volume import VolumeType
from kubecapy.devcloud.world.world import World
from kubecapy.telemetry.secrets import Secret

DEFAULT_DOMAIN = Domain("default", "Default")
MEMBER_DOMAIN = Domain("1b2e6c7f0d0c4b7c9a3d6f1e5b8a4c20", "ibm")
PROJECT = Project("07962130d7044e3c84e1825859d5bef9", "kubecapy", MEMBER_DOMAIN.id, "clusters are built here")
ADMIN_PROJECT = Project("b7a1f0c9e2d84b6fa5c3907d1e4f6a82", "admin", DEFAULT_DOMAIN.id)
ROLES = (
    Role("5a3c1e9f7b2d4806ac91de4f6b830c75", ADMIN_ROLE),
    Role("6b4d2f0a8c3e4917bda2ef507c941d86", "member"),
    Role("7c5e301b9d4f4a28ceb3f0618da52e97", "reader"),
)
MEMBER_USER_ID = "c6f2a8d4b09e4173865d1f3a7e2c4b90"
MEMBER_USER_NAME = "capi"
ADMIN_USER_ID = "d703b9e5c1af4284976e204b8f3d5ca1"
ADMIN_USER_NAME = "admin"

FLAVORS = (
    Flavor("2", "m1.small", 1, 2048, 20),
    Flavor("3", "m1.medium", 2, 4096, 40),
    Flavor("4", "m1.large", 4, 8192, 80),
    Flavor("5", "m1.xlarge", 8, 16384, 160),
)
IMAGE_NAMES = {
    "a2f0c6de-31b7-4d55-9d0a-6c1b8e4f7a01": ("KVM-Ubt18.04-Srv-x64", {"os_distro": "ubuntu", "os_version": "18.04"}),
    "b3a1d7ef-42c8-4e66-8e1b-7d2c9f508b12": ("KVM-CentOS7-x64", {"os_distro": "centos", "os_version": "7"}),
}
IMAGE_BYTES = 344_457_216

# The first is the default type.
VOLUME_TYPES = (
    VolumeType("c4b2e8f0-53d9-4f77-8e2c-8e3da0619c23", "__DEFAULT__", "Default Volume Type"),
    VolumeType("d5c3f901-64ea-4088-9f3d-9f4eb1720d34", "fast"),
)

NETWORK_ID = "e2d9ead6-759b-4592-873d-981d3db07c86"
SUBNET_ID = "3f5b7d91-0c2e-4a68-9b1d-4e7f60a2c3d4"
EXTERNAL_NETWORK_ID = "71c0b2ae-5d48-4f3a-8e69-0d1f2a3b4c5d"
EXTERNAL_SUBNET_ID = "82d1c3bf-6e59-4a4b-9f7a-1e203b4c5d6e"
ROUTER_ID = "93e2d4c0-7f6a-4b5c-808b-2f314c5d6e7f"
SECURITY_GROUP_ID = "97acf9d4-e5bf-4fff-a2c0-be0b04fbc44b"
OPEN_TCP_PORTS = ((22, 22), (443, 443), (6443, 6443), (3000, 32767))


# What an operator allows a project that builds clusters: the defaults end after five small servers.
COMPUTE_LIMITS = {"instances": 100, "cores": 400, "ram": 819_200}
VOLUME_LIMITS = {"volumes": 200, "gigabytes": 10_000}
NETWORK_LIMITS = {"security_group": 50, "security_group_rule": 500}


class Access(msgspec.Struct, frozen=True):
    """The passwords that the seed has drawn."""

    member: Secret[str]
    admin: Secret[str]


def plant(world: World, settings: DevCloudSettings, now: datetime) -> Access:
    """Fill `world` and return the passwords of its two users."""
    access = Access(Secret(world.identifiers.password()), Secret(world.identifiers.password()))
    _plant_people(world, access)
    _plant_quotas(world)
    _plant_sizes_and_images(world, now)
    _plant_security_groups(world, now)
    _plant_private_network(world, settings, now)
    _plant_external_network(world, settings, now)
    _plant_floating_addresses(world, settings, now)
    _plant_router(world, now)
    return access


def floating_ip_id(number: int) -> str:
    """Return the id of the `number`-th floating address (from 0) that the project owns from the start."""
    return f"f10a71b6-add2-4e55-8000-{number:012x}"


def _plant_people(world: World, access: Access) -> None:
    world.domains.update({domain.id: domain for domain in (DEFAULT_DOMAIN, MEMBER_DOMAIN)})
    world.projects.update({project.id: project for project in (PROJECT, ADMIN_PROJECT)})
    world.roles.update({role.id: role for role in ROLES})
    member = User(MEMBER_USER_ID, MEMBER_USER_NAME, MEMBER_DOMAIN.id, access.member)
    admin = User(ADMIN_USER_ID, ADMIN_USER_NAME, DEFAULT_DOMAIN.id, access.admin)
    world.users.update({user.id: user for user in (member, admin)})
    admin_role, *member_roles = ROLES
    world.assignments += [Assignment(member.id, PROJECT.id, role.id) for role in member_roles]
    world.assignments += [Assignment(admin.id, project.id, admin_role.id) for project in (ADMIN_PROJECT, PROJECT)]


def _plant_quotas(world: World) -> None:
    for project in (PROJECT, ADMIN_PROJECT):
        world.quotas.set_limits("compute", project.id, COMPUTE_LIMITS)
        world.quotas.set_limits("network", project.id, NETWORK_LIMITS)
        world.quotas.set_limits("block-storage", project.id, VOLUME_LIMITS)


def _plant_sizes_and_images(world: World, now: datetime) -> None:
    world.flavors.update({flavor.id: flavor for flavor in FLAVORS})
    world.volume_types.update({kind.id: kind for kind in VOLUME_TYPES})
    for identifier, (name, properties) in IMAGE_NAMES.items():
        world.images[identifier] = Image(
            id=identifier,
            name=name,
            owner=ADMIN_PROJECT.id,
            size_bytes=IMAGE_BYTES,
            checksum=identifier.replace("-", ""),
            created_at=now,
            properties=properties,
        )


def _plant_security_groups(world: World, now: datetime) -> None:
    ensure_default_group(world, PROJECT.id, now)
    group = SecurityGroup(
        id=SECURITY_GROUP_ID,
        project_id=PROJECT.id,
        name="kubecapy",
        description="ssh, https, Kubernetes API, node ports",
    )
    add_group(world, group, now)
    for first, last in OPEN_TCP_PORTS:
        rule = SecurityGroupRule(
            id=world.identifiers.uuid(),
            project_id=PROJECT.id,
            security_group_id=group.id,
            direction="ingress",
            protocol="tcp",
            port_range_min=first,
            port_range_max=last,
        )
        add_rule(world, rule, now)


def _plant_private_network(world: World, settings: DevCloudSettings, now: datetime) -> None:
    network = Network(id=NETWORK_ID, project_id=PROJECT.id, name="private")
    world.networks[network.id] = stamp(network, now)
    subnet = _subnet(SUBNET_ID, network, "private-subnet", settings.addresses.fixed_cidr)
    world.subnets[subnet.id] = stamp(subnet, now)


def _plant_external_network(world: World, settings: DevCloudSettings, now: datetime) -> None:
    network = Network(id=EXTERNAL_NETWORK_ID, project_id=ADMIN_PROJECT.id, name="public", external=True)
    world.networks[network.id] = stamp(network, now)
    subnet = _subnet(EXTERNAL_SUBNET_ID, network, "public-subnet", settings.addresses.floating_cidr)
    world.subnets[subnet.id] = stamp(subnet, now)


def _plant_floating_addresses(world: World, settings: DevCloudSettings, now: datetime) -> None:
    for number in range(settings.ready_floating_addresses):
        draft = FloatingIp(
            id=floating_ip_id(number),
            project_id=PROJECT.id,
            floating_ip_address="",
            floating_network_id=EXTERNAL_NETWORK_ID,
        )
        allocate_floating_ip(world, draft, now)


def _plant_router(world: World, now: datetime) -> None:
    router = stamp(Router(id=ROUTER_ID, project_id=PROJECT.id, name="router"), now)
    joined = set_gateway(world, router, EXTERNAL_NETWORK_ID, now)
    add_subnet_interface(world, joined, world.subnets[SUBNET_ID], now)


def _subnet(identifier: str, network: Network, name: str, cidr: str) -> Subnet:
    # DHCP is off: Neutron refuses it on loopback ranges, and nothing here would listen.
    hosts = list(ipaddress.IPv4Network(cidr).hosts())
    return Subnet(
        id=identifier,
        project_id=network.project_id,
        name=name,
        network_id=network.id,
        cidr=cidr,
        gateway_ip=str(hosts[0]),
        enable_dhcp=False,
        allocation_pools=(AllocationPool(str(hosts[1]), str(hosts[-1])),),
    )
