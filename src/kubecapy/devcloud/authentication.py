"""Turn a token into the credentials of its user: the one place that reads X-Auth-Token."""

from datetime import datetime

import msgspec

from kubecapy.devcloud.world.identity import ADMIN_ROLE, Token
from kubecapy.devcloud.world.world import World


class Credentials(msgspec.Struct, frozen=True):
    """Who calls: the user, the project that the token is scoped to, the roles there."""

    user_id: str
    user_name: str
    project_id: str
    roles: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        """Whether the caller may see and do everything."""
        return ADMIN_ROLE in self.roles

    def owns(self, project_id: str) -> bool:
        """Whether a resource of `project_id` is the caller's own, or the caller an administrator."""
        return self.is_admin or (bool(project_id) and project_id == self.project_id)


ANONYMOUS = Credentials("", "", "", ())


def find_token(world: World, token_id: str, now: datetime) -> Token | None:
    """Return a token that is valid at `now`, `None` where it is unknown, revoked or over, or its user disabled."""
    token = world.tokens.get(token_id)
    if token is None or token.expires_at <= now:
        return None
    user = world.users.get(token.user_id)
    if user is None or not user.enabled:
        return None
    return token


def find_credentials(world: World, token_id: str | None, now: datetime) -> Credentials | None:
    """Return who holds the token, `None` where it proves nothing."""
    token = find_token(world, token_id or "", now)
    if token is None:
        return None
    user = world.users[token.user_id]
    roles = tuple(world.roles[role_id].name for role_id in token.role_ids)
    return Credentials(user.id, user.name, token.project_id or "", roles)
