"""Say which ports a machine must have: names by rule, everything else by what its spec and its cluster say."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.ports_spec import AddressPair, PortOptions
from kubecapy.providers.openstack.naming import Owner
from kubecapy.providers.openstack.services.networks import (
    Attachment,
    find_attachments,
    find_fixed,
    find_network,
    find_own_network,
)
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.security_groups import find_security_groups


class ManagedNetwork(msgspec.Struct, frozen=True):
    """What a cluster's machines share in Neutron, as the cluster's record has it."""

    attachment: Attachment | None = None
    """None where the cluster manages no network."""
    security_group_ids: tuple[str, ...] = ()
    without_port_security: bool = False
    """Whether ports of the network are not filtered unless they ask for it."""


class PortWish(msgspec.Struct, frozen=True):
    """One port that a machine must have."""

    name: str
    attachment: Attachment
    security_group_ids: tuple[str, ...] | None = None
    """None means the project's default group."""
    allowed_address_pairs: tuple[AddressPair, ...] = ()
    vnic_type: str = ""
    profile: Mapping[str, Any] = {}
    mac_address: str = ""
    port_security: bool | None = None
    """None leaves it to the network."""
    tags: tuple[str, ...] = ()
    has_trunk: bool = False


def port_names(owner: Owner, spec: MachineProviderSpec) -> tuple[str, ...]:
    """Return the names of the ports that `spec` asks for, in their order; pure, so that a delete can use it too."""
    plain = sum(max(len(network.subnets), 1) for network in spec.networks)
    suffixes = [""] * plain + [port.name_suffix for port in spec.ports] or [""]
    return tuple(owner.port_name(suffix or (str(index) if index else "")) for index, suffix in enumerate(suffixes))


async def resolve_ports(
    project: Project, owner: Owner, spec: MachineProviderSpec, managed: ManagedNetwork, tags: tuple[str, ...]
) -> tuple[PortWish, ...]:
    """Return the wished ports with ids in place of names: those of `networks`, then those of `ports`, else one.

    Raises:
        NotFound, Conflict: a selector does not mean exactly one thing.
    """
    attachments = list(await find_attachments(project, spec.networks))
    if not (spec.networks or spec.ports):
        attachments.append(await _default_attachment(project, managed))
    plain = [PortOptions()] * len(attachments)
    attachments.extend([await _attachment_of(project, port, managed) for port in spec.ports])
    names = port_names(owner, spec)
    groups = (*managed.security_group_ids, *await find_security_groups(project, spec.security_groups))
    wishes = zip(names, attachments, (*plain, *spec.ports), strict=True)
    return tuple(
        [
            _wish(name, attachment, port, await _groups_of(project, port, attachment, groups, managed), spec, tags)
            for name, attachment, port in wishes
        ]
    )


def _wish(
    name: str,
    attachment: Attachment,
    port: PortOptions,
    groups: tuple[str, ...] | None,
    spec: MachineProviderSpec,
    tags: tuple[str, ...],
) -> PortWish:
    return PortWish(
        name=name,
        attachment=attachment,
        security_group_ids=groups,
        allowed_address_pairs=port.allowed_address_pairs,
        vnic_type=port.vnic_type,
        profile=port.profile,
        mac_address=port.mac_address,
        port_security=port.enable_port_security,
        tags=tuple(dict.fromkeys((*tags, *port.tags))),
        has_trunk=spec.trunk if port.trunk is None else port.trunk,
    )


async def _default_attachment(project: Project, managed: ManagedNetwork) -> Attachment:
    return managed.attachment or await find_own_network(project)


async def _attachment_of(project: Project, port: PortOptions, managed: ManagedNetwork) -> Attachment:
    if port.network is None:
        default = await _default_attachment(project, managed)
        fixed = await find_fixed(project, default.network_id, port.fixed_ips)
        return Attachment(default.network_id, fixed or default.fixed)
    network = await find_network(project, port.network)
    return Attachment(network.id, await find_fixed(project, network.id, port.fixed_ips))


async def _groups_of(
    project: Project, port: PortOptions, attachment: Attachment, common: Sequence[str], managed: ManagedNetwork
) -> tuple[str, ...] | None:
    """Return the port's groups; where nothing is filtered there can be none."""
    if port.enable_port_security is False:
        return ()
    if port.security_groups is not None:
        return await find_security_groups(project, port.security_groups)
    is_open = (
        managed.without_port_security
        and managed.attachment is not None
        and attachment.network_id == managed.attachment.network_id
        and port.enable_port_security is None
    )
    return () if is_open else (tuple(dict.fromkeys(common)) or None)
