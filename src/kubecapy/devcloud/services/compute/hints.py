"""Read the scheduler hints of a server body, and find the group that they name."""

import re

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import bad_request
from kubecapy.devcloud.services.compute.bodies import invalid, read_object
from kubecapy.devcloud.world.world import World

# The two names of one field beside `server`: the first wins.
HINTS = ("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints")
UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


def read_hints(body: JsonObject) -> JsonObject:
    """Return the hints of a body, also those that no scheduler knows; empty where there are none.

    Raises:
        Refusal: 400, they are no object.
    """
    for name in HINTS:
        if name in body:
            return read_object(body, name)
    return {}


def find_group_id(world: World, hints: JsonObject, caller: Credentials) -> str | None:
    """Return the id of the server group that the hint `group` names, `None` where it names none.

    Raises:
        Refusal: 400, it is no id, or the caller has no such group.
    """
    hint = hints.get("group")
    if hint is None:
        return None
    identifier = hint[0] if isinstance(hint, list) and hint else hint
    if not isinstance(identifier, str) or not UUID.fullmatch(identifier):
        raise invalid("group", f"{hint!r} is not valid under any of the given schemas", hint)
    group = world.server_groups.get(identifier)
    if group is None or not caller.owns(group.project_id):
        raise bad_request(f"Instance group {identifier} could not be found.")
    return group.id
