"""Choose the servers that a list call asks for."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.endpoints import Call
from kubecapy.devcloud.messages import Query
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import Refusal, bad_request, forbidden
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.world.compute import Server
from kubecapy.devcloud.world.ports import ports_of_device
from kubecapy.devcloud.world.world import World

Rule = Callable[[Server], bool]

# What a query name compares with; Nova compares these as text.
EXACT: Mapping[str, Callable[[Server], object]] = {
    "status": lambda server: server.status,
    "flavor": lambda server: server.flavor.id,
    "image": lambda server: server.image_id,
    "uuid": lambda server: server.id,
    "reservation_id": lambda server: server.reservation_id,
    "key_name": lambda server: server.key_name,
    "user_id": lambda server: server.user_id,
    "host": lambda server: server.host,
    "vm_state": lambda server: server.vm_state,
    "task_state": lambda server: server.task_state,
    "power_state": lambda server: server.power_state,
    "availability_zone": lambda server: server.availability_zone,
    "description": lambda server: server.description,
}
STATUSES = frozenset(
    [
        "active",
        "build",
        "deleted",
        "error",
        "hard_reboot",
        "migrating",
        "password",
        "paused",
        "reboot",
        "rebuild",
        "rescue",
        "resize",
        "revert_resize",
        "shelved",
        "shelved_offloaded",
        "shutoff",
        "soft_deleted",
        "suspended",
        "verify_resize",
    ]
)
ADMIN_ONLY = frozenset({"host", "vm_state", "task_state", "power_state", "user_id"})
SORT_KEYS: Mapping[str, Callable[[Server], str]] = {
    "created_at": lambda server: server.created_at.isoformat(),
    "updated_at": lambda server: server.updated_at.isoformat(),
    "display_name": lambda server: server.name,
    "uuid": lambda server: server.id,
    "vm_state": lambda server: server.vm_state,
    "key_name": lambda server: server.key_name or "",
}


def select_servers(world: World, call: Call, version: Microversion) -> list[Server]:
    """Return the servers that the caller may see and the query fits, newest first unless it sorts otherwise.

    Raises:
        Refusal: 400 a filter is malformed; 403 all projects asked for by somebody who is no administrator.
    """
    query, caller = call.request.query, call.credentials
    rules = [_project_rule(query, caller), *_filters(world, query, caller, version)]
    candidates = _candidates(world, query, caller, version)
    return _sorted([server for server in candidates if all(rule(server) for rule in rules)], query)


def _candidates(world: World, query: Query, caller: Credentials, version: Microversion) -> list[Server]:
    """Return the servers among which the filters choose.

    Lists leave out what is deleted, softly or for good; a list of changes has both (nova/db/main/api.py).
    """
    wants_deleted = _truth(query.find("deleted")) or (query.find("status") or "").lower() == "deleted"
    if wants_deleted and caller.is_admin:
        return [*world.deleted_servers, *(server for server in world.servers.values() if _is_hidden(server))]
    names = query.names()
    if "changes-since" in names or ("changes-before" in names and version >= microversions.CHANGES_BEFORE):
        return [*world.servers.values(), *world.deleted_servers]
    return [server for server in world.servers.values() if not _is_hidden(server)]


def _is_hidden(server: Server) -> bool:
    return server.status == "SOFT_DELETED"


def _project_rule(query: Query, caller: Credentials) -> Rule:
    everywhere = any(_truth(query.find(name)) for name in ("all_tenants", "all_projects"))
    if everywhere and not caller.is_admin:
        raise forbidden("Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.")
    if not everywhere:
        return lambda server: server.project_id == caller.project_id
    chosen = query.find("project_id") or query.find("tenant_id")
    return lambda server: chosen is None or server.project_id == chosen


def _filters(world: World, query: Query, caller: Credentials, version: Microversion) -> list[Rule]:
    rules: list[Rule] = []
    _require_order(query)
    for name in query.names():
        values = query.list(name)
        if name == "status":
            _require_status(values, caller, version)
        if name in EXACT and (caller.is_admin or name not in ADMIN_ONLY):
            rules.append(_exact_rule(name, values))
        elif name == "name":
            rules.append(_pattern_rule(values[-1]))
        elif name == "ip":
            rules.append(_address_rule(world, values[-1]))
        elif name == "changes-since" or (name == "changes-before" and version >= microversions.CHANGES_BEFORE):
            rules.append(_change_rule(name, values[-1]))
        elif name in {"tags", "tags-any", "not-tags", "not-tags-any"} and version >= microversions.TAGS:
            rules.append(_tag_rule(name, frozenset(values[-1].split(","))))
    return rules


def _require_order(query: Query) -> None:
    since, before = query.find("changes-since"), query.find("changes-before")
    if since and before and _read_time("changes-since", since) > _read_time("changes-before", before):
        raise bad_request("The value of changes-since must be less than or equal to changes-before.")


def _require_status(values: tuple[str, ...], caller: Credentials, version: Microversion) -> None:
    wanted = {value.lower() for value in values} & STATUSES
    if not wanted and version >= microversions.STATUS_CHECKED:
        raise bad_request("Invalid status value")
    if wanted == {"deleted"} and not caller.is_admin:
        raise forbidden("Only administrators may list deleted instances")


def _exact_rule(name: str, values: tuple[str, ...]) -> Rule:
    value_of = EXACT[name]
    wanted = {value.rpartition("/")[2].lower() for value in values}
    return lambda server: str(value_of(server)).lower() in wanted


def _pattern_rule(text: str) -> Rule:
    """Return a rule on the name: Nova takes the filter as a regular expression that may fit anywhere."""
    pattern = _compile("name", text)
    return lambda server: pattern.search(server.name) is not None


def _address_rule(world: World, text: str) -> Rule:
    pattern = _compile("ip", text)

    def fits(server: Server) -> bool:
        ports = ports_of_device(world, server.id)
        return any(pattern.search(fixed.ip_address) for port in ports for fixed in port.fixed_ips)

    return fits


def _compile(name: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise bad_request(f"Invalid filter {name}: {text!r} is not a regular expression") from error


def _change_rule(name: str, text: str) -> Rule:
    moment = _read_time(name, text)
    if name == "changes-since":
        return lambda server: server.updated_at >= moment
    return lambda server: server.updated_at <= moment


def _tag_rule(name: str, wanted: frozenset[str]) -> Rule:
    match name:
        case "tags":
            return lambda server: wanted <= set(server.tags)
        case "tags-any":
            return lambda server: not wanted.isdisjoint(server.tags)
        case "not-tags":
            return lambda server: not wanted <= set(server.tags)
        case _:
            return lambda server: wanted.isdisjoint(server.tags)


def _sorted(servers: list[Server], query: Query) -> list[Server]:
    servers.sort(key=lambda server: (server.created_at, server.id), reverse=True)
    keys = query.list("sort_key")
    directions = query.list("sort_dir")
    for index, key in reversed(list(enumerate(keys))):
        if key not in SORT_KEYS:
            raise _bad_sort_key(key)
        direction = directions[index] if index < len(directions) else "desc"
        servers.sort(key=SORT_KEYS[key], reverse=direction == "desc")
    return servers


def _bad_sort_key(key: str) -> Refusal:
    return bad_request(
        f"Invalid input for query parameters sort_key. Value: {key}. '{key}' is not one of {sorted(SORT_KEYS)}"
    )


def _read_time(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request(
            f"Invalid input for query parameters {name}. Value: {text}. It is not a 'date-time'"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _truth(text: str | None) -> bool:
    return text is not None and text.lower() in {"1", "true", "yes", "on", "t", "y", ""}
