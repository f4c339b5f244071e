"""Ask the cloud, without changing anything, whether a cluster and its machines can be made.

Manifests that a person wrote have no identity yet: nothing in the cloud can be theirs, and an address that leads to
anything is in use. A backup's manifests bring their identity along, and what bears its mark is theirs.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from kubecapy.api.cluster.v1alpha1 import IDENTITY_ANNOTATION, Cluster
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.providers.openstack.api.secret_reference import CloudReference
from kubecapy.providers.openstack.api.specs import decode_cluster_spec, decode_machine_spec
from kubecapy.providers.openstack.naming import Owner, mark
from kubecapy.providers.openstack.plugin.cluster_checks import Shared, check_shared
from kubecapy.providers.openstack.plugin.machine_checks import Candidate, Size, check_candidate
from kubecapy.providers.openstack.services.marks import list_marked_servers
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.projects import Projects
from kubecapy.providers.openstack.services.quotas import Need, find_shortages

DEFAULT_NAMESPACE = "default"


async def find_obstacles(projects: Projects, cluster: JsonObject, machines: Sequence[JsonObject]) -> Sequence[str]:
    """Return one sentence for each thing that stands in the way; empty where all can be made.

    Raises:
        PermissionDenied, Unavailable: the cloud refuses us or does not answer.
    """
    namespace = cluster["metadata"].get("namespace") or DEFAULT_NAMESPACE
    decoded = decode_cluster_spec(_value(cluster))
    obstacles = [f"Cluster {cluster['metadata']['name']}: {error}" for error in decoded.errors]
    shared = Shared()
    if decoded.value is not None:
        project = await projects.find(decoded.value.credentials, namespace)
        await project.client.project_id()
        shared = Shared(decoded.value, _mark(cluster["metadata"], namespace, cluster["metadata"]["name"]))
        found = await check_shared(project, decoded.value, msgspec.convert(cluster, Cluster))
        obstacles += [f"Cluster {cluster['metadata']['name']}: {sentence}" for sentence in found]
    candidates: list[Candidate] = []
    for machine in machines:
        spec = decode_machine_spec(_value(machine))
        owner = _owner(cluster, machine, namespace)
        obstacles += [f"{owner}: {error}" for error in spec.errors]
        if spec.value is not None:
            candidates.append(Candidate(owner, spec.value, has_managed_network=shared.spec.gives_network))
    return [
        *obstacles,
        *_shared_addresses(candidates),
        *await _missing_in_cloud(projects, candidates, shared, namespace),
    ]


def _shared_addresses(candidates: Sequence[Candidate]) -> Sequence[str]:
    counted = Counter(candidate.spec.floating_ip for candidate in candidates if candidate.spec.floating_ip)
    return [f"floating address {address} is given to {n} machines" for address, n in counted.items() if n > 1]


async def _missing_in_cloud(
    projects: Projects, candidates: Sequence[Candidate], shared: Shared, namespace: str
) -> Sequence[str]:
    obstacles: list[str] = []
    by_credentials: dict[CloudReference, list[Candidate]] = {}
    if shared.needs != Need():
        by_credentials[shared.spec.credentials] = []
    for candidate in candidates:
        by_credentials.setdefault(candidate.spec.credentials, []).append(candidate)
    for credentials, group in by_credentials.items():
        project = await projects.find(credentials, namespace)
        size = Size(shared.needs if credentials == shared.spec.credentials else Need())
        for candidate in group:
            obstacles += await check_candidate(project, candidate, size)
        obstacles += await _check_quota(project, shared.mark, size)
    return obstacles


async def _check_quota(project: Project, mark: str, size: Size) -> Sequence[str]:
    """Return the quotas that are too small; not where some of the machines are there, whose part nobody knows."""
    if mark and await list_marked_servers(project, mark):
        return ()
    return await find_shortages(project, size.needs)


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
