"""Say how many servers one call makes: what it asks for, within the quotas."""

import re
from collections.abc import Sequence

import msgspec

from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import bad_request, forbidden
from kubecapy.devcloud.services.compute.attachment import Attachment
from kubecapy.devcloud.services.compute.bodies import invalid
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.hosts import members_of
from kubecapy.devcloud.world.usage import compute_usage
from kubecapy.devcloud.world.volume import DeviceWish
from kubecapy.devcloud.world.world import World


class Count(msgspec.Struct, frozen=True):
    """How many servers one call makes: as many as the quota allows, from `least` to `most`."""

    least: int
    most: int


def read_count(wish: JsonObject) -> Count:
    """Return how many servers a body asks for.

    Raises:
        Refusal: 400, a number is none, or the least is above the most.
    """
    least = _read_positive(wish, "min_count", 1)
    most = _read_positive(wish, "max_count", least)
    if least > most:
        raise bad_request("min_count must be <= max_count")
    return Count(least, most)


def require_repeatable(attachments: Sequence[Attachment], wishes: Sequence[DeviceWish], count: Count) -> None:
    """Refuse what only one server can have where more are asked for (nova/compute/api.py, `_create_instance`).

    Raises:
        Refusal: 400.
    """
    if count.most == 1:
        return
    if any(attachment.port is not None for attachment in attachments):
        raise bad_request(
            "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. Please "
            "launch your instance one by one with different ports."
        )
    if any(attachment.fixed_address is not None for attachment in attachments):
        raise bad_request("Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.")
    if any(wish.volume_id for wish in wishes):
        raise bad_request("Cannot attach one or more volumes to multiple instances")


def count_allowed(world: World, draft: Server, count: Count) -> int:
    """Return how many servers like `draft` the quotas allow, at most as many as asked for.

    Raises:
        Refusal: 403, not even the least.
    """
    quotas, project_id, flavor = world.quotas, draft.project_id, draft.flavor
    used = msgspec.structs.asdict(compute_usage(world, project_id))
    each = {"cores": flavor.vcpus, "instances": 1, "ram": flavor.ram_mib}
    rooms = [quotas.room("compute", project_id, name, used[name]) // size for name, size in each.items() if size]
    number = max(count.least, int(min(count.most, *rooms)))
    quotas.require_compute(project_id, {name: size * number for name, size in each.items()}, used)
    group = world.server_groups.get(draft.group_id or "")
    if group is not None:
        members = len(members_of(world, group)) + number
        if not quotas.allows("compute", project_id, "server_group_members", members):
            raise forbidden("Quota exceeded, too many servers in group")
    return number


def _read_positive(wish: JsonObject, field: str, default: int) -> int:
    value = str(wish.get(field, default))
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
        raise invalid(field, f"{value!r} does not match '^[0-9]*$' or is less than 1", value)
    return int(value)
