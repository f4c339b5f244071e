"""Check the key pair and the availability zone that a machine's spec names."""

from urllib.parse import quote

from kubecapy.contract.errors import NotFound
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import KeyPair, Zone


async def check_key_pair(project: Project, name: str) -> None:
    """Return where Nova has the key pair for our user; an empty name asks for none.

    Raises:
        NotFound: it has not; the message says how to register one.
    """
    if not name:
        return
    await project.look_up(("key pair", name), lambda: _find_key_pair(project, name))


async def check_zone(project: Project, name: str) -> None:
    """Return where the availability zone takes servers; an empty name lets Nova choose.

    Raises:
        NotFound: it does not exist, or is not available.
    """
    if name:
        await project.look_up(("zone", name), lambda: _find_zone(project, name))


async def _find_key_pair(project: Project, name: str) -> KeyPair:
    call = Call(
        doing=f'looking for key pair "{name}"',
        service="compute",
        method="GET",
        path=f"/os-keypairs/{quote(name, safe='')}",
    )
    try:
        return await project.client.read(call, "keypair", KeyPair)
    except NotFound as error:
        hint = f"openstack keypair create --public-key FILE {name}"
        raise NotFound(f'key pair "{name}" is not registered for the user; register it: {hint}') from error


async def _find_zone(project: Project, name: str) -> Zone:
    call = Call(doing="listing availability zones", service="compute", method="GET", path="/os-availability-zone")
    zones = await project.client.list(call, "availabilityZoneInfo", Zone)
    # An administrator may write `zone:host`.
    zone = next((zone for zone in zones if zone.name == name.partition(":")[0]), None)
    if zone is None:
        known = ", ".join(sorted(zone.name for zone in zones)) or "none"
        raise NotFound(f'availability zone "{name}" does not exist; there are {known}')
    if not zone.state.available:
        raise NotFound(f'availability zone "{name}" is not available')
    return zone
