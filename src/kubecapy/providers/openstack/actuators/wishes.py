"""Turn a machine's spec into what must exist, by looking up everything that it names."""

import msgspec

from kubecapy.providers.openstack.actuators.scope import MachineScope
from kubecapy.providers.openstack.api.machine_rules import ROOT_VOLUME_NAME
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.volumes_spec import RootVolume
from kubecapy.providers.openstack.services.block_storage import (
    check_given_volume,
    check_snapshot,
    check_volume_type,
)
from kubecapy.providers.openstack.services.flavors import find_flavor
from kubecapy.providers.openstack.services.images import find_image
from kubecapy.providers.openstack.services.key_pairs import check_key_pair
from kubecapy.providers.openstack.services.networks import find_network
from kubecapy.providers.openstack.services.placement import check_zone, find_server_group
from kubecapy.providers.openstack.services.port_wishes import PortWish, resolve_ports
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Flavor
from kubecapy.providers.openstack.services.trunks import check_trunks
from kubecapy.providers.openstack.services.volumes import VolumeOrder


class MachineWish(msgspec.Struct, frozen=True):
    """A machine's spec with ids in place of names."""

    image_id: str
    """Empty where the server boots from a volume that is not made of an image."""
    flavor: Flavor
    server_group_id: str
    ports: tuple[PortWish, ...]
    volumes: tuple[VolumeOrder, ...]
    """What is to be made; the root volume comes first where it is one of them."""


async def resolve_wish(project: Project, scope: MachineScope) -> MachineWish:
    """Look up everything that the spec names; read-only, and remembered for a while.

    It comes before the first thing is made, so that a wrong name leaves nothing behind.

    Raises:
        NotFound, Conflict: something that the spec names is not there, or not there exactly once.
    """
    spec = scope.spec
    flavor = await find_flavor(project, spec.flavor)
    image_id = await find_boot_image(project, spec)
    await check_key_pair(project, spec.key_name)
    await check_zone(project, spec.availability_zone)
    if spec.floating_ip_pool is not None:
        await find_network(project, spec.floating_ip_pool, is_external=True)
    ports = await resolve_ports(project, scope.owner, spec, scope.managed, scope.tags)
    if any(port.has_trunk for port in ports):
        await check_trunks(project)
    return MachineWish(
        image_id=image_id,
        flavor=flavor,
        server_group_id=await find_server_group(project, spec.server_group),
        ports=ports,
        volumes=await resolve_volumes(project, spec, image_id),
    )


async def find_boot_image(project: Project, spec: MachineProviderSpec) -> str:
    """Return the id of the image that the server or its root volume is made of; empty where it is made of none.

    Raises:
        NotFound, Conflict: it is not there, or not there exactly once.
    """
    root = spec.root_volume
    if root is not None and root.source in ("volume", "snapshot"):
        return ""
    if root is not None and root.is_asked_for and root.source_uuid:
        return (await find_image(project, root.source_uuid)).id
    return (await find_image(project, spec.image)).id


async def resolve_volumes(project: Project, spec: MachineProviderSpec, image_id: str) -> tuple[VolumeOrder, ...]:
    """Return the volumes that must be made, the root volume first.

    Raises:
        NotFound, Conflict: a volume type or the root volume's source is not there, or not usable.
    """
    root = spec.root_volume
    orders = [await _root_order(project, root, image_id)] if root is not None and root.is_asked_for else []
    for volume in spec.volumes:
        await check_volume_type(project, volume.volume_type)
        orders.append(
            VolumeOrder(
                name=volume.name,
                size_gib=volume.disk_size,
                volume_type=volume.volume_type,
                availability_zone=volume.availability_zone,
                is_kept=not volume.delete_on_termination,
            )
        )
    return tuple(order for order in orders if order is not None)


async def _root_order(project: Project, root: RootVolume, image_id: str) -> VolumeOrder | None:
    """Return the root volume that must be made; None where a person gave it."""
    if root.is_given:
        await check_given_volume(project, root.source_uuid)
        return None
    if root.source == "snapshot":
        await check_snapshot(project, root.source_uuid)
    await check_volume_type(project, root.volume_type)
    return VolumeOrder(
        name=ROOT_VOLUME_NAME,
        size_gib=root.disk_size,
        volume_type=root.volume_type,
        availability_zone=root.availability_zone,
        image_id=image_id,
        snapshot_id=root.source_uuid if root.source == "snapshot" else "",
        is_kept=not root.delete_on_termination,
    )
