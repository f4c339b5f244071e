"""Bring what a cluster's machines share to its wish, one step after another.

    mark -> network -> subnet -> router -> interface -> security groups -> rules -> failure domains

A step finds its thing, else makes it, else mends it, and returns the record with it. Once a step put a new id into the
record the pass ends, so that the id is stored before the next thing is made.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from kubecapy.contract.errors import NotFound, PermissionDenied
from kubecapy.providers.openstack.actuators.cluster_references import ClusterReferences
from kubecapy.providers.openstack.actuators.cluster_scope import ClusterScope
from kubecapy.providers.openstack.api.cluster_status import (
    ClusterProviderStatus,
    FailureDomain,
    NetworkRecord,
    Role,
    RouterRecord,
    RuleRecord,
    SecurityGroupRecord,
    SubnetRecord,
    group_of,
)
from kubecapy.providers.openstack.services.managed_groups import ensure_group, ensure_rules
from kubecapy.providers.openstack.services.managed_networks import ensure_network, ensure_subnet, gateway_address
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import SecurityGroup, SecurityGroupRule
from kubecapy.providers.openstack.services.routers import InterfaceWish, ensure_interface, ensure_router
from kubecapy.providers.openstack.services.rules import WishedRule, content_of
from kubecapy.providers.openstack.services.wished_rules import GroupSettings, wished_rules
from kubecapy.providers.openstack.services.zones import list_zones, zone_called

ROLES: Final[tuple[Role, ...]] = ("control-plane", "worker")


class ClusterWork(msgspec.Struct, frozen=True):
    """What every step works with."""

    project: Project
    scope: ClusterScope
    references: ClusterReferences
    max_age_seconds: float
    """How old the shared lists may be."""


Step = Callable[[ClusterWork, ClusterProviderStatus], Awaitable[ClusterProviderStatus]]


async def run_steps(work: ClusterWork) -> tuple[ClusterProviderStatus, bool]:
    """Run the steps until one puts a new id into the record; return the record, and whether all steps ran."""
    record = work.scope.record
    for step in _STEPS:
        before = _ids_in(record)
        record = await step(work, record)
        if _ids_in(record) != before:
            return msgspec.structs.replace(record, ready=False), False
    return msgspec.structs.replace(record, ready=True), True


def _ids_in(record: ClusterProviderStatus) -> tuple[str, ...]:
    network = record.network
    things = (
        network,
        network.subnet if network else None,
        network.router if network else None,
        record.control_plane_security_group,
        record.worker_security_group,
    )
    return (record.cluster_mark, *(thing.id if thing else "" for thing in things))


async def _note_mark(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    """Write down that things may bear the mark from now on: a delete asks the cloud for them only then."""
    if not work.scope.spec.manages_something:
        return record
    return msgspec.structs.replace(record, cluster_mark=work.scope.owner.mark)


async def _ensure_network(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    spec, recorded = work.scope.spec, record.network
    network = work.references.network
    if spec.node_cidr:
        recorded_id = recorded.id if recorded else ""
        network = await ensure_network(work.project, work.scope.owner, spec, recorded_id, work.max_age_seconds)
    if network is None:
        return record
    kept = recorded if recorded and recorded.id == network.id else NetworkRecord(id=network.id)
    return msgspec.structs.replace(record, network=msgspec.structs.replace(kept, name=network.name))


async def _ensure_subnet(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    spec, network = work.scope.spec, record.network
    subnet = work.references.subnet
    if spec.node_cidr and network:
        recorded_id = network.subnet.id if network.subnet else ""
        subnet = await ensure_subnet(
            work.project, work.scope.owner, spec, network.id, recorded_id, work.max_age_seconds
        )
    if subnet is None or network is None:
        return record
    found = SubnetRecord(id=subnet.id, name=subnet.name, cidr=subnet.cidr)
    return msgspec.structs.replace(record, network=msgspec.structs.replace(network, subnet=found))


async def _ensure_router(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    references, network = work.references, record.network
    router = references.router
    if references.gateway and network:
        recorded_id = network.router.id if network.router else ""
        tags = work.scope.spec.tags
        router = await ensure_router(
            work.project, work.scope.owner, references.gateway, tags, recorded_id, work.max_age_seconds
        )
    if router is None or network is None:
        return record
    found = RouterRecord(id=router.id, name=router.name)
    return msgspec.structs.replace(record, network=msgspec.structs.replace(network, router=found))


async def _ensure_interface(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    spec, network = work.scope.spec, record.network
    if spec.node_cidr and network and network.subnet and network.router:
        wish = InterfaceWish(network.router.id, network.id, network.subnet.id, gateway_address(spec))
        await ensure_interface(work.project, work.scope.owner, wish, work.max_age_seconds)
    return record


async def _ensure_control_plane_group(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    return await _ensure_group(work, record, "control-plane")


async def _ensure_worker_group(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    return await _ensure_group(work, record, "worker")


async def _ensure_group(work: ClusterWork, record: ClusterProviderStatus, role: Role) -> ClusterProviderStatus:
    if work.scope.spec.security_groups is None:
        return record
    group = await _find_or_make_group(work, record, role)
    recorded = group_of(record, role)
    rules = recorded.rules if recorded and recorded.id == group.id else ()
    return _with_group(record, role, SecurityGroupRecord(id=group.id, name=group.name, rules=rules))


async def _ensure_rules(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    """Bring the rules of both groups to their wish; they come last, since they name both groups."""
    groups = work.scope.spec.security_groups
    if groups is None:
        return record
    found = {role: await _find_or_make_group(work, record, role) for role in ROLES}
    ids = {role: group.id for role, group in found.items()}
    settings = GroupSettings(groups, ids, work.scope.api_port, work.scope.spec.ether_types)
    for role, group in found.items():
        wished = wished_rules(settings, role)
        kept = await ensure_rules(work.project, work.scope.owner, group, wished)
        rules = _rule_records(kept.rules, wished)
        record = _with_group(record, role, SecurityGroupRecord(id=kept.id, name=kept.name, rules=rules))
    return record


async def _find_or_make_group(work: ClusterWork, record: ClusterProviderStatus, role: Role) -> SecurityGroup:
    recorded = group_of(record, role)
    recorded_id = recorded.id if recorded else ""
    tags = work.scope.spec.tags
    return await ensure_group(work.project, work.scope.owner, role, tags, recorded_id, work.max_age_seconds)


async def _observe_zones(work: ClusterWork, record: ClusterProviderStatus) -> ClusterProviderStatus:
    """Write down the zones that take servers; a cloud that tells none leaves what was known.

    Raises:
        NotFound: the spec names a zone that does not exist.
    """
    try:
        zones = await list_zones(work.project)
    except (NotFound, PermissionDenied):
        return record
    chosen = work.scope.spec.control_plane_availability_zones
    for name in chosen:
        zone_called(name, zones)
    domains = [
        FailureDomain(name=zone.name, control_plane=not chosen or zone.name in chosen)
        for zone in zones
        if zone.state.available
    ]
    return msgspec.structs.replace(record, failure_domains=tuple(sorted(domains, key=lambda domain: domain.name)))


def _with_group(record: ClusterProviderStatus, role: Role, group: SecurityGroupRecord) -> ClusterProviderStatus:
    if role == "control-plane":
        return msgspec.structs.replace(record, control_plane_security_group=group)
    return msgspec.structs.replace(record, worker_security_group=group)


def _rule_records(rules: Sequence[SecurityGroupRule], wished: Sequence[WishedRule]) -> tuple[RuleRecord, ...]:
    """Return those of `rules` that are wished, in the order of what they let through."""
    contents = {wish.content for wish in wished}
    found = sorted((content_of(rule), rule.id) for rule in rules if content_of(rule) in contents)
    return tuple(
        RuleRecord(
            id=id_,
            direction=content.direction,
            ether_type=content.ether_type,
            protocol=content.protocol,
            port_range_min=content.port_min if content.port_min >= 0 else None,
            port_range_max=content.port_max if content.port_max >= 0 else None,
            remote_group_id=content.remote_group_id,
            remote_ip_prefix=content.remote_prefix,
        )
        for content, id_ in found
    )


_STEPS: Final[tuple[Step, ...]] = (
    _note_mark,
    _ensure_network,
    _ensure_subnet,
    _ensure_router,
    _ensure_interface,
    _ensure_control_plane_group,
    _ensure_worker_group,
    _ensure_rules,
    _observe_zones,
)
