"""Keep security groups."""

from collections.abc import Mapping
from datetime import datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, conflict, not_found
from kubecapy.devcloud.services.network.attributes import Attribute, boolean
from kubecapy.devcloud.services.network.collection import render
from kubecapy.devcloud.services.network.securitygrouprules import render_rule
from kubecapy.devcloud.world import security, usage
from kubecapy.devcloud.world.network import SecurityGroup, revise
from kubecapy.devcloud.world.world import World


class SecurityGroups:
    """The kind security group."""

    singular = "security_group"
    path = "security-groups"
    type = SecurityGroup
    derived = frozenset[str]()
    attributes: Mapping[str, Attribute] = {"stateful": Attribute(boolean)}

    def __init__(self, world: World) -> None:
        """Keep the security groups of `world`."""
        self._world = world
        self.table = world.security_groups

    def missing(self, identifier: str) -> Refusal:
        """Return Neutron's refusal for an unknown group."""
        return not_found(f"Security group {identifier} does not exist", "SecurityGroupNotFound")

    def can_see(self, resource: SecurityGroup, caller: Credentials) -> bool:
        """Return whether the group is the caller's or shared."""
        return caller.owns(resource.project_id) or resource.shared

    def view(self, resource: SecurityGroup, _caller: Credentials) -> JsonObject:
        """Return the group's JSON with its rules."""
        view = render(resource)
        view["security_group_rules"] = [
            render_rule(self._world, rule) for rule in security.rules_of(self._world, resource.id)
        ]
        return view

    def create(self, values: JsonObject, _caller: Credentials, now: datetime) -> SecurityGroup:
        """Store a new group, with rules that let everything leave.

        Raises:
            Refusal: 409, the name is `default`, or the quota is used up.
        """
        if str(values.get("name")).lower() == security.DEFAULT_GROUP:
            raise conflict("Default security group already exists.", "SecurityGroupDefaultAlreadyExists")
        usage.require_network_quota(self._world, values["project_id"], "security_group")
        return security.add_group(self._world, SecurityGroup(id=self._world.identifiers.uuid(), **values), now)

    def update(
        self,
        resource: SecurityGroup,
        values: JsonObject,
        _caller: Credentials,
        now: datetime,
    ) -> SecurityGroup:
        """Change a group.

        Raises:
            Refusal: 409, the default group would be renamed, or ports are in a group whose statefulness would change.
        """
        if resource.name == security.DEFAULT_GROUP and "name" in values:
            raise conflict("Updating default security group not allowed.", "SecurityGroupCannotUpdateDefault")
        if str(values.get("name")).lower() == security.DEFAULT_GROUP:
            raise conflict("Default security group already exists.", "SecurityGroupDefaultAlreadyExists")
        changes_state = values.get("stateful", resource.stateful) != resource.stateful
        if changes_state and security.is_in_use(self._world, resource):
            raise conflict(f"Security Group {resource.id} in use.", "SecurityGroupInUse")
        changed = revise(resource, now, **values)
        self.table[resource.id] = changed
        return changed

    def delete(self, resource: SecurityGroup, caller: Credentials, _now: datetime) -> None:
        """Remove a group with its rules.

        Raises:
            Refusal: 409, it is in use, or it is the default and the caller no administrator.
        """
        if resource.name == security.DEFAULT_GROUP and not caller.is_admin:
            raise conflict(
                "Insufficient rights for removing default security group.", "SecurityGroupCannotRemoveDefault"
            )
        security.remove_group(self._world, resource)
