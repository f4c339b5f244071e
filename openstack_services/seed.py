"""Fill a new cloud, through its APIs, with what devcloud has, under the same names.

What a person's request may choose, the ids of flavors and images among it, is the same too. Networks, routers and
groups have ids of Neutron's choice.
"""

import argparse
import ipaddress
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openstack.connection import Connection

from kubecapy.devcloud import seed as devcloud
from kubecapy.devcloud.settings import AddressPlan
from openstack_services.connections import ADMIN_CLOUD, MEMBER_CLOUD, connect

ZONES = {"az2": "compute-3"}
"""Availability zones and their hosts; the others stay in Nova's own zone, `nova`."""
IMAGE = b"\0" * 1024
"""Contents of every image: nothing ever runs them."""
READY_FLOATING_ADDRESSES = 6
_PROJECTS = (devcloud.PROJECT, devcloud.ADMIN_PROJECT)


def main(arguments: Sequence[str]) -> None:
    """Fill the cloud that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m openstack_services.seed")
    parser.add_argument("--clouds", required=True, type=Path, help="a clouds.yaml with `admin` and `openstack`")
    parser.add_argument("--fixed", required=True, help="range of the private network")
    parser.add_argument("--floating", required=True, help="range of the external network")
    options = parser.parse_args(arguments)
    addresses = AddressPlan(fixed_cidr=options.fixed, floating_cidr=options.floating)
    admin, member = (connect(options.clouds, cloud) for cloud in (ADMIN_CLOUD, MEMBER_CLOUD))
    # The services have just begun, and each is slow at its first request, so they are asked side by side.
    with ThreadPoolExecutor() as threads:
        tasks = [
            threads.submit(_plant_compute, admin),
            threads.submit(_plant_images, admin),
            threads.submit(_plant_block_storage, admin),
            threads.submit(_plant_networks, admin, member, addresses),
        ]
        for task in tasks:
            task.result()


def _plant_compute(admin: Connection) -> None:
    for zone, host in ZONES.items():
        aggregate = admin.compute.create_aggregate(name=zone, availability_zone=zone)
        admin.compute.add_host_to_aggregate(aggregate, host)
    for flavor in devcloud.FLAVORS:
        admin.compute.create_flavor(
            id=flavor.id, name=flavor.name, vcpus=flavor.vcpus, ram=flavor.ram_mib, disk=flavor.disk_gib
        )
    for project in _PROJECTS:
        admin.compute.update_quota_set(project.id, user=None, **devcloud.COMPUTE_LIMITS)


def _plant_images(admin: Connection) -> None:
    for identifier, (name, properties) in devcloud.IMAGE_NAMES.items():
        admin.image.create_image(
            id=identifier,
            name=name,
            data=IMAGE,
            disk_format="raw",
            container_format="bare",
            visibility="public",
            meta=properties,
        )


def _plant_block_storage(admin: Connection) -> None:
    known = {found.name for found in admin.block_storage.types()}
    for kind in devcloud.VOLUME_TYPES:
        if kind.name not in known:
            admin.block_storage.create_type(name=kind.name)
    for project in _PROJECTS:
        admin.block_storage.update_quota_set(project.id, **devcloud.VOLUME_LIMITS)


def _plant_networks(admin: Connection, member: Connection, addresses: AddressPlan) -> None:
    for project in _PROJECTS:
        admin.network.update_quota(project.id, **devcloud.NETWORK_LIMITS)
    external = admin.network.create_network(
        name="public",
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network="physical",
    )
    _plant_subnet(admin, external.id, "public-subnet", addresses.floating_cidr)
    private = member.network.create_network(name="private")
    subnet = _plant_subnet(member, private.id, "private-subnet", addresses.fixed_cidr)
    for _ in range(READY_FLOATING_ADDRESSES):
        member.network.create_ip(floating_network_id=external.id)
    router = member.network.create_router(name="router", external_gateway_info={"network_id": external.id})
    member.network.add_interface_to_router(router, subnet)
    _plant_group(member)


def _plant_subnet(connection: Connection, network_id: str, name: str, cidr: str) -> str:
    # DHCP is off: Neutron refuses it on loopback ranges.
    hosts = list(ipaddress.IPv4Network(cidr).hosts())
    subnet = connection.network.create_subnet(
        network_id=network_id,
        name=name,
        ip_version=4,
        cidr=cidr,
        gateway_ip=str(hosts[0]),
        enable_dhcp=False,
        allocation_pools=[{"start": str(hosts[1]), "end": str(hosts[-1])}],
    )
    return str(subnet.id)


def _plant_group(member: Connection) -> None:
    group = member.network.create_security_group(name="kubecapy", description="ssh, https, Kubernetes API, node ports")
    for first, last in devcloud.OPEN_TCP_PORTS:
        member.network.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            ether_type="IPv4",
            protocol="tcp",
            port_range_min=first,
            port_range_max=last,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
