"""Ask the cloud, without changing anything, whether a cluster and its machines can be made.

Manifests that a person wrote have no identity yet: nothing in the cloud can be theirs, and an address that leads to
anything is in use. A backup's manifests bring their identity along, and what bears its mark is theirs.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import IDENTITY_ANNOTATION
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.errors import CapacityExhausted, Conflict, InvalidConfiguration, NotFound
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.secret_reference import CloudReference
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, decode_machine_spec
from kubecapy.providers.openstack.naming import Owner, mark
from kubecapy.providers.openstack.services.flavors import find_flavor
from kubecapy.providers.openstack.services.floating_addresses import check_floating_address
from kubecapy.providers.openstack.services.images import find_image
from kubecapy.providers.openstack.services.marks import list_marked_ports, list_marked_servers
from kubecapy.providers.openstack.services.networks import find_attachments
from kubecapy.providers.openstack.services.placement import check_key_pair, check_zone
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.projects import Projects
from kubecapy.providers.openstack.services.quotas import find_shortages
from kubecapy.providers.openstack.services.resources import Flavor
from kubecapy.providers.openstack.services.security_groups import find_security_groups

DEFAULT_NAMESPACE = "default"


class _Candidate(msgspec.Struct, frozen=True):
    """A machine that is to be made."""

    owner: Owner
    spec: MachineProviderSpec


class _Size:
    """Adds up what all candidates of a project take."""

    def __init__(self) -> None:
        self.flavors: list[Flavor] = []
        self.ports = 0


async def find_obstacles(projects: Projects, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
    """Return one sentence for each thing that stands in the way; empty where all can be made.

    Raises:
        PermissionDenied, Unavailable: the cloud refuses us or does not answer.
    """
    namespace = cluster["metadata"].get("namespace") or DEFAULT_NAMESPACE
    decoded = decode_cluster_spec(_value(cluster))
    obstacles = [f"Cluster {cluster['metadata']['name']}: {error}" for error in decoded.errors]
    if decoded.value is not None:
        project = await projects.find(decoded.value.credentials, namespace)
        await project.client.project_id()
    candidates: list[_Candidate] = []
    for machine in machines:
        spec = decode_machine_spec(_value(machine))
        owner = _owner(cluster, machine, namespace)
        obstacles += [f"{owner}: {error}" for error in spec.errors]
        if spec.value is not None:
            candidates.append(_Candidate(owner, spec.value))
    return [*obstacles, *_shared_addresses(candidates), *await _missing_in_cloud(projects, candidates)]


def _shared_addresses(candidates: Sequence[_Candidate]) -> Sequence[str]:
    counted = Counter(candidate.spec.floating_ip for candidate in candidates if candidate.spec.floating_ip)
    return [f"floating address {address} is given to {n} machines" for address, n in counted.items() if n > 1]


async def _missing_in_cloud(projects: Projects, candidates: Sequence[_Candidate]) -> Sequence[str]:
    obstacles: list[str] = []
    by_credentials: dict[CloudReference, list[_Candidate]] = {}
    for candidate in candidates:
        by_credentials.setdefault(candidate.spec.credentials, []).append(candidate)
    for credentials, group in by_credentials.items():
        project = await projects.find(credentials, group[0].owner.namespace)
        size = _Size()
        for candidate in group:
            obstacles += await _check_candidate(project, candidate, size)
        obstacles += await _check_quota(project, group[0].owner, size)
    return obstacles


async def _check_candidate(project: Project, candidate: _Candidate, size: _Size) -> Sequence[str]:
    """Return what of the candidate's wishes is not there; what it takes is added to `size`."""
    spec, owner = candidate.spec, candidate.owner

    async def note_flavor() -> None:
        size.flavors.append(await find_flavor(project, spec.flavor))

    async def note_ports() -> None:
        size.ports += len(await find_attachments(project, spec.networks))

    checks: Sequence[Callable[[], Awaitable[object]]] = (
        note_flavor,
        lambda: find_image(project, spec.image),
        lambda: check_key_pair(project, spec.key_name),
        lambda: check_zone(project, spec.availability_zone),
        note_ports,
        lambda: find_security_groups(project, spec.security_groups),
        lambda: _check_address(project, owner, spec.floating_ip),
    )
    found = [await _sentence_of(check) for check in checks]
    return [f"{owner}: {sentence}" for sentence in found if sentence]


async def _sentence_of(check: Callable[[], Awaitable[object]]) -> str:
    try:
        await check()
    except (NotFound, Conflict, InvalidConfiguration, CapacityExhausted) as error:
        return str(error)
    return ""


async def _check_address(project: Project, owner: Owner, address: str) -> None:
    """Check a floating address; one that leads to a machine of this very cluster is its own."""
    if not address:
        return
    ports = await list_marked_ports(project, owner.mark) if owner.mark else ()
    await check_floating_address(project, owner, address, tuple(ports))


async def _check_quota(project: Project, owner: Owner, size: _Size) -> Sequence[str]:
    """Return the quotas that are too small; not where some of the machines are there, whose part nobody knows."""
    if owner.mark and await list_marked_servers(project, owner.mark):
        return ()
    return await find_shortages(project, size.flavors, size.ports)


def _value(obj: JsonObject) -> JsonObject | None:
    value = (obj["spec"].get("providerSpec") or {}).get("value")
    return value if isinstance(value, dict) else None


def _owner(cluster: JsonObject, machine: JsonObject, namespace: str) -> Owner:
    metadata = machine["metadata"]
    name = str(metadata.get("name") or metadata.get("generateName", ""))
    cluster_name = cluster["metadata"]["name"]
    return Owner(namespace, cluster_name, name, _mark(cluster["metadata"], namespace, cluster_name), "")


def _mark(metadata: JsonObject, namespace: str, name: str) -> str:
    identity = (metadata.get("annotations") or {}).get(IDENTITY_ANNOTATION)
    return mark(identity, namespace, name) if identity else ""
