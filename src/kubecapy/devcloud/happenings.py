"""Let things happen to the world that no client asked for: a failed host, a lost server, a cut cable."""

from datetime import datetime

import msgspec

from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import not_found
from kubecapy.devcloud.seed import EXTERNAL_NETWORK_ID, PROJECT
from kubecapy.devcloud.world.floating import allocate_floating_ip
from kubecapy.devcloud.world.network import FloatingIp, Router
from kubecapy.devcloud.world.ports import remove_port
from kubecapy.devcloud.world.routing import add_subnet_interface, find_interface, get_subnet
from kubecapy.devcloud.world.servers import get_server, put_in_error, remove_server
from kubecapy.devcloud.world.volumes import get_volume, put_volume_in_error
from kubecapy.devcloud.world.world import World
from kubecapy.telemetry.secrets import Secret


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a server fails, as its owner will read it."""

    message: str
    code: int = 500


class QuotaChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new limit: `service` is compute, network or block-storage, `resource` a quota of it such as `instances`."""

    service: str
    resource: str
    limit: int
    project_id: str = PROJECT.id


class Expiry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose tokens end; `None` means everybody's."""

    user: str | None = None


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes about a user, named as at login; `None` leaves it as it is. Either change ends the user's tokens."""

    user: str
    enabled: bool | None = None
    password: str | None = None


class Cable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The subnet that a router is joined to or parted from."""

    subnet_id: str


class ChosenAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A floating address for a project; an empty `address` means any free one."""

    address: str = ""
    project_id: str = PROJECT.id


class Happenings:
    """Changes the world at once, without credentials; ids that do not exist are refused with 404."""

    def __init__(self, world: World) -> None:
        """Change `world`."""
        self._world = world

    def fail_server(self, server_id: str, failure: Failure, now: datetime) -> JsonObject:
        """Put a server into ERROR with a fault."""
        put_in_error(self._world, get_server(self._world, server_id), failure.code, failure.message, now)
        return {"id": server_id, "status": "ERROR"}

    def lose_server(self, server_id: str, now: datetime) -> JsonObject:
        """Remove a server behind its owner's back."""
        remove_server(self._world, get_server(self._world, server_id), now)
        return {"id": server_id, "status": "DELETED"}

    def fail_volume(self, volume_id: str, now: datetime) -> JsonObject:
        """Put a volume into error, as where a backend fails."""
        put_volume_in_error(self._world, get_volume(self._world, volume_id), now)
        return {"id": volume_id, "status": "error"}

    def expire_tokens(self, expiry: Expiry) -> JsonObject:
        """End tokens before their time."""
        world = self._world
        ended = [
            token_id
            for token_id, token in world.tokens.items()
            if expiry.user is None or world.users[token.user_id].name == expiry.user
        ]
        for token_id in ended:
            del world.tokens[token_id]
        return {"expired": len(ended)}

    def change_account(self, change: AccountChange) -> JsonObject:
        """Revoke a user, let it in again, or change its password, as an administrator would."""
        world = self._world
        for user in [item for item in world.users.values() if item.name == change.user]:
            enabled = user.enabled if change.enabled is None else change.enabled
            password = user.password if change.password is None else Secret(change.password)
            world.users[user.id] = msgspec.structs.replace(user, enabled=enabled, password=password)
            return {"user": user.name, "enabled": enabled, **self.expire_tokens(Expiry(user.name))}
        raise not_found(f"there is no user {change.user}")

    def set_quota(self, change: QuotaChange) -> JsonObject:
        """Set one limit of a project."""
        self._world.quotas.set_limits(change.service, change.project_id, {change.resource: change.limit})
        return {"limits": self._world.quotas.limits(change.service, change.project_id)}

    def detach_router(self, router_id: str, cable: Cable, now: datetime) -> JsonObject:
        """Part a router from a subnet, even where a floating IP needs it."""
        router = self._get_router(router_id)
        port = find_interface(self._world, router, cable.subnet_id)
        if port is None:
            raise not_found(f"router {router_id} is not joined to subnet {cable.subnet_id}")
        remove_port(self._world, port, now)
        return {"id": router_id, "subnet_id": cable.subnet_id}

    def attach_router(self, router_id: str, cable: Cable, now: datetime) -> JsonObject:
        """Join a router to a subnet."""
        router = self._get_router(router_id)
        add_subnet_interface(self._world, router, get_subnet(self._world, cable.subnet_id), now)
        return {"id": router_id, "subnet_id": cable.subnet_id}

    def allocate_address(self, chosen: ChosenAddress, now: datetime) -> JsonObject:
        """Allocate a floating address to a project."""
        draft = FloatingIp(
            id=self._world.identifiers.uuid(),
            project_id=chosen.project_id,
            floating_ip_address=chosen.address,
            floating_network_id=EXTERNAL_NETWORK_ID,
        )
        allocated = allocate_floating_ip(self._world, draft, now)
        return {"id": allocated.id, "floating_ip_address": allocated.floating_ip_address}

    def set_timing(self, changes: dict[str, float]) -> JsonObject:
        """Change some delays, named as in `settings.Timing`.

        Raises:
            ValueError: a name is unknown or a value negative.
        """
        timing = msgspec.convert({**msgspec.structs.asdict(self._world.timing), **changes}, type(self._world.timing))
        _require_names(changes, timing)
        self._world.timing = timing
        return msgspec.structs.asdict(timing)

    def set_capacity(self, changes: dict[str, int]) -> JsonObject:
        """Change what the hosts have, named as in `settings.Capacity`.

        Raises:
            ValueError: a name is unknown.
        """
        capacity = msgspec.structs.replace(self._world.capacity, **_require_names(changes, self._world.capacity))
        self._world.capacity = capacity
        return msgspec.structs.asdict(capacity)

    def count(self) -> JsonObject:
        """Return how many resources there are of each kind."""
        world = self._world
        tables = (
            "servers",
            "server_groups",
            "key_pairs",
            "volumes",
            "snapshots",
            "networks",
            "subnets",
            "ports",
            "routers",
            "security_groups",
            "floating_ips",
        )
        counts = {name: len(getattr(world, name)) for name in (*tables, "trunks", "tokens")}
        counts["associated_floating_ips"] = sum(1 for item in world.floating_ips.values() if item.port_id)
        return counts

    def _get_router(self, router_id: str) -> Router:
        router = self._world.routers.get(router_id)
        if router is None:
            raise not_found(f"Router {router_id} could not be found")
        return router


def _require_names(changes: dict[str, int] | dict[str, float], value: msgspec.Struct) -> JsonObject:
    known = msgspec.structs.asdict(value)
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise ValueError(f"unknown name {', '.join(unknown)}; the names are {', '.join(known)}")
    return dict(changes)
