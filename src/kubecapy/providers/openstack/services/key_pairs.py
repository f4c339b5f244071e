"""Find, make and delete Nova's key pairs.

A key pair belongs to the user of the credentials, not to the project. One that is made of a public key is named after
the cluster's mark and the key: all machines of the cluster share it, and two clusters of one user never do. It goes
with the last server of the cluster that was made with it. A server keeps its key without the pair.
"""

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from kubecapy.contract.errors import Conflict, NotFound, ProviderError, Unavailable
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.naming import METADATA_CLUSTER, Owner
from kubecapy.providers.openstack.services.listing import Listing
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import KeyPair, ListedKeyPair
from kubecapy.telemetry.logs import V, get_logger

_LOG = get_logger(__name__)


def key_pair_name(cluster_mark: str, public_key: str) -> str:
    """Return the name of the pair that a cluster has of a public key; the key's comment does not count."""
    words = public_key.split()[:2]
    return f"{cluster_mark}-{hashlib.sha256(' '.join(words).encode()).hexdigest()[:12]}"


async def check_key_pair(project: Project, name: str) -> None:
    """Return where Nova has the key pair for our user; an empty name asks for none.

    Raises:
        NotFound: it has not; the message says how to register one.
    """
    if name:
        await project.look_up(("key pair", name), lambda: _find(project, name))


async def ensure_key_pair(project: Project, owner: Owner, public_key: str) -> str:
    """Find or make the cluster's pair of `public_key`; return its name.

    Raises:
        CapacityExhausted: the user's quota of key pairs is used up.
        Conflict: Nova refuses the name though it lists no such pair.
    """
    name = key_pair_name(owner.mark, public_key)
    listing = _listing(project)
    if name in await listing.read(project.freshness.changing):
        return name
    _LOG.log(V(2), "creating key pair %s for %s", name, owner)
    call = Call(doing=f"creating key pair {name} for {owner}", service="compute", method="POST", path="/os-keypairs")
    try:
        made = await project.client.write(
            call, {"keypair": {"name": name, "public_key": public_key.strip()}}, "keypair", KeyPair
        )
    except Conflict:
        # Nova may know the name: another machine, or a lost reply, was quicker with the same key.
        listing.invalidate()
        if name in await listing.read(project.freshness.changing):
            return name
        raise
    except ProviderError as error:
        if isinstance(error, Unavailable):
            listing.invalidate()
        raise
    listing.note_made(made)
    return name


async def delete_unused_key_pairs(project: Project, owner: Owner) -> None:
    """Delete the cluster's pairs that none of its servers was made with.

    Race: a machine whose server is about to be made may lose its pair; it is looked for again, and made, right before.
    """
    pairs = await list_marked_key_pairs(project, owner.mark) if owner.mark else ()
    if not pairs:
        return
    servers = (await project.servers.read(project.freshness.changing)).values()
    used = {server.key_name for server in servers if server.metadata.get(METADATA_CLUSTER) == owner.mark}
    for pair in pairs:
        if pair.name not in used:
            await _delete(project, owner, pair)


async def list_marked_key_pairs(project: Project, mark: str) -> Sequence[KeyPair]:
    """Return our user's pairs that were made for a cluster."""
    listed = (await _listing(project).read(project.freshness.changing)).values()
    return [pair for pair in listed if pair.name.startswith(f"{mark}-")]


async def _delete(project: Project, owner: Owner, pair: KeyPair) -> None:
    _LOG.log(V(2), "deleting key pair %s, which %s was the last to use", pair.name, owner)
    doing = f"deleting key pair {pair.name} of {owner}"
    await project.client.delete(Call(doing=doing, service="compute", method="DELETE", path=_path(pair.name)))
    _listing(project).note_deleted(pair.name)


async def _find(project: Project, name: str) -> KeyPair:
    call = Call(doing=f'looking for key pair "{name}"', service="compute", method="GET", path=_path(name))
    try:
        return await project.client.read(call, "keypair", KeyPair)
    except NotFound as error:
        hint = f"openstack keypair create --public-key FILE {name}"
        raise NotFound(f'key pair "{name}" is not registered for the user; register it: {hint}') from error


def _listing(project: Project) -> Listing[KeyPair]:
    async def fetch() -> Sequence[KeyPair]:
        call = Call(doing="listing key pairs", service="compute", method="GET", path="/os-keypairs")
        return [entry.keypair for entry in await project.client.list(call, "keypairs", ListedKeyPair)]

    return project.listing("key pairs", fetch)


def _path(name: str) -> str:
    return f"/os-keypairs/{quote(name, safe='')}"
