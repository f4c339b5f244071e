"""Make a machine's server on what was reserved for it."""

from typing import Any, Final

from kubecapy.contract.errors import NotReady
from kubecapy.providers.openstack.actuators.scope import MachineScope
from kubecapy.providers.openstack.actuators.wishes import MachineWish
from kubecapy.providers.openstack.services.key_pairs import ensure_key_pair
from kubecapy.providers.openstack.services.ports import find_ports
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.quotas import Need, telling_what_is_left
from kubecapy.providers.openstack.services.resources import Server
from kubecapy.providers.openstack.services.server_request import AttachedVolume, ServerWish
from kubecapy.providers.openstack.services.servers import create_server
from kubecapy.providers.openstack.services.volumes import require_usable
from kubecapy.telemetry.secrets import Secret

LOOK_AGAIN_SECONDS: Final = 1.0


async def make_server(project: Project, scope: MachineScope, wish: MachineWish, user_data: Secret[bytes]) -> Server:
    """Make the server; the caller has looked for it before.

    Raises:
        NotReady: a port or volume is not there yet, or a volume is still being filled.
        InvalidConfiguration: the user data is too long, or Nova refuses what was asked for.
        CapacityExhausted: a quota is too small; the message says what of it is left.
        Conflict: a port is in use, which happens where a lost reply had made a server already.
    """
    spec, owner = scope.spec, scope.owner
    root, volumes = await _attached_volumes(project, scope, wish)
    server = ServerWish(
        image_id=wish.image_id,
        flavor_id=wish.flavor.id,
        port_ids=await _reserved_port_ids(project, scope, wish),
        user_data=user_data,
        key_name=await _key_name(project, scope),
        availability_zone=spec.availability_zone,
        tags=scope.tags,
        metadata=spec.server_metadata,
        config_drive=spec.config_drive,
        root_volume=root,
        volumes=volumes,
        scheduler_hints=_scheduler_hints(scope, wish),
    )
    flavor = wish.flavor
    need = Need(servers=1, cores=flavor.vcpus, memory_mib=flavor.ram, flavor=flavor.name)
    async with telling_what_is_left(project, need):
        return await create_server(project, owner, server, with_tags=scope.with_server_tags)


async def _key_name(project: Project, scope: MachineScope) -> str:
    """Return the key pair's name; one of ours is made anew where the last machine that used it took it along."""
    if scope.public_key:
        return await ensure_key_pair(project, scope.owner, scope.public_key)
    return scope.spec.key_name


def _scheduler_hints(scope: MachineScope, wish: MachineWish) -> dict[str, Any]:
    group = {"group": wish.server_group_id} if wish.server_group_id else {}
    return {**scope.spec.scheduler_hints, **group}


async def _attached_volumes(
    project: Project, scope: MachineScope, wish: MachineWish
) -> tuple[AttachedVolume | None, tuple[AttachedVolume, ...]]:
    """Return the volume to boot from, None where there is none, and the others."""
    found = await require_usable(project, scope.owner, wish.volumes)
    attached = [AttachedVolume(volume.id, order.is_kept) for volume, order in zip(found, wish.volumes, strict=True)]
    root = scope.spec.root_volume
    if root is None or not root.is_asked_for:
        return None, tuple(attached)
    if root.is_given:
        return AttachedVolume(root.source_uuid, is_kept=True, device_type=root.device_type), tuple(attached)
    own, *others = attached
    return AttachedVolume(own.volume_id, own.is_kept, root.device_type), tuple(others)


async def _reserved_port_ids(project: Project, scope: MachineScope, wish: MachineWish) -> tuple[str, ...]:
    ports = await find_ports(project, scope.owner, project.freshness.changing)
    found = {port.name: port.id for port in ports}
    missing = [port.name for port in wish.ports if port.name not in found]
    if missing:
        message = f"port {missing[0]} of {scope.owner} is not there yet, or no more"
        raise NotReady(message, retry_after_seconds=LOOK_AGAIN_SECONDS)
    return tuple(found[port.name] for port in wish.ports)
