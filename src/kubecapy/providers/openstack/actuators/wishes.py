"""Turn a machine's spec into what must exist, by looking up everything that it names."""

import msgspec

from kubecapy.providers.openstack.actuators.scope import MachineScope
from kubecapy.providers.openstack.services.flavors import find_flavor
from kubecapy.providers.openstack.services.images import find_image
from kubecapy.providers.openstack.services.networks import find_attachments
from kubecapy.providers.openstack.services.placement import check_key_pair, check_zone
from kubecapy.providers.openstack.services.ports import PortWish, plan_ports
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.security_groups import find_security_groups


class MachineWish(msgspec.Struct, frozen=True):
    """A machine's spec with ids in place of names."""

    image_id: str
    flavor_id: str
    ports: tuple[PortWish, ...]


async def resolve_wish(project: Project, scope: MachineScope) -> MachineWish:
    """Look up everything that the spec names; read-only, and remembered for a while.

    It comes before the first thing is made, so that a wrong name leaves nothing behind.

    Raises:
        NotFound, Conflict: something that the spec names is not there, or not there exactly once.
    """
    spec = scope.spec
    flavor = await find_flavor(project, spec.flavor)
    image = await find_image(project, spec.image)
    await check_key_pair(project, spec.key_name)
    await check_zone(project, spec.availability_zone)
    attachments = await find_attachments(project, spec.networks)
    groups = await find_security_groups(project, spec.security_groups)
    return MachineWish(image.id, flavor.id, plan_ports(scope.owner, attachments, groups, scope.tags))
