"""Check what a person or program authenticates with, and find what it is scoped to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from kubecapy.devcloud.authentication import find_token
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request, not_found, unauthorized
from kubecapy.devcloud.world.identity import ApplicationCredential, Project, User
from kubecapy.devcloud.world.world import World


class Login(msgspec.Struct, frozen=True):
    """A proven identity: the user, how it was proven, and the application credential that was used."""

    user: User
    methods: tuple[str, ...]
    credential: ApplicationCredential | None = None
    latest_expiry: datetime | None = None


class Scope(msgspec.Struct, frozen=True):
    """What a token is for: a project and the user's roles there; no project is unscoped."""

    project: Project | None
    role_ids: tuple[str, ...]


def check_login(world: World, body: JsonObject, now: datetime) -> Login:
    """Return who the `auth` document of `body` proves to be.

    Raises:
        Refusal: 400 the document is malformed; 401 it proves nothing.
    """
    identity = _section(_section(body, "auth"), "identity")
    methods = identity.get("methods")
    if not isinstance(methods, list) or len(methods) != 1:
        raise bad_request("Expecting to find exactly one method in auth.identity.methods.")
    login = _prove(world, identity, methods[0], now)
    if not login.user.enabled:
        raise unauthorized()
    return login


def choose_scope(world: World, body: JsonObject, login: Login) -> Scope:
    """Return what the token will be for; without a wish, the user's default project.

    Raises:
        Refusal: 400 the document is malformed; 401 the user has no role there, or there is no such project.
    """
    if login.credential is not None:
        return Scope(world.projects[login.credential.project_id], login.credential.role_ids)
    wish = _section(body, "auth").get("scope")
    if wish is None:
        return _default_scope(world, login.user)
    if wish == "unscoped" or (isinstance(wish, dict) and "unscoped" in wish):
        return Scope(None, ())
    if not isinstance(wish, dict) or "project" not in wish:
        raise unauthorized()  # Nobody has roles in a domain or in the system here.
    project = _find_project(world, _section(wish, "project"))
    roles = roles_in(world, login.user, project.id) if project else ()
    if not roles:
        raise unauthorized()
    return Scope(project, roles)


def roles_in(world: World, user: User, project_id: str) -> tuple[str, ...]:
    """Return the ids of the user's roles in a project."""
    return tuple(
        assignment.role_id
        for assignment in world.assignments
        if assignment.user_id == user.id and assignment.project_id == project_id
    )


def _prove(world: World, identity: Mapping[str, Any], method: object, now: datetime) -> Login:  # Any: as below
    match method:
        case "password":
            return Login(_by_password(world, _section(_section(identity, "password"), "user")), ("password",))
        case "token":
            return _by_token(world, _section(identity, "token"), now)
        case "application_credential":
            return _by_application_credential(world, _section(identity, "application_credential"), now)
        case _:
            raise Refusal(401, "Unauthorized", "Attempted to authenticate with an unsupported method.")


def _by_password(world: World, wish: Mapping[str, Any]) -> User:  # Any: checked field by field below
    user = _find_user(world, wish)
    if user is None or wish.get("password") != user.password.reveal():
        raise unauthorized()
    return user


def _by_token(world: World, wish: Mapping[str, Any], now: datetime) -> Login:  # Any: as above
    token = find_token(world, str(wish.get("id", "")), now)
    if token is None:
        raise not_found("Could not recognize Fernet token")  # As Keystone says it: no 401 here.
    methods = tuple(dict.fromkeys((*token.methods, "token")))
    return Login(world.users[token.user_id], methods, latest_expiry=token.expires_at)


def _by_application_credential(world: World, wish: Mapping[str, Any], now: datetime) -> Login:  # Any: as above
    credential = _find_application_credential(world, wish)
    if credential is None or wish.get("secret") != credential.secret.reveal():
        raise unauthorized()
    if credential.expires_at is not None and credential.expires_at <= now:
        raise unauthorized()
    return Login(world.users[credential.user_id], ("application_credential",), credential, credential.expires_at)


def _find_application_credential(
    world: World, wish: Mapping[str, Any]
) -> ApplicationCredential | None:  # Any: as above
    if wish.get("id"):
        found = world.application_credentials.get(str(wish["id"]))
        if found is None:
            raise not_found(f"Could not find Application Credential: {wish['id']}")  # As Keystone; by name it is a 401.
        return found
    if not wish.get("name"):
        raise _expected("id or name", "application credential")
    user = _find_user(world, _section(wish, "user", "application credential"))
    for credential in world.application_credentials.values():
        if user is not None and credential.user_id == user.id and credential.name == wish["name"]:
            return credential
    return None


def _find_user(world: World, wish: Mapping[str, Any]) -> User | None:  # Any: as above
    name, identifier = wish.get("name"), wish.get("id")
    if not name and not identifier:
        raise _expected("id or name", "user")
    if not name:
        return world.users.get(str(identifier))
    domain_id = _find_domain_id(world, _section(wish, "domain", "user"))
    for user in world.users.values():
        if user.name == name and user.domain_id == domain_id:
            return user
    return None


def _find_project(world: World, wish: Mapping[str, Any]) -> Project | None:  # Any: as above
    name, identifier = wish.get("name"), wish.get("id")
    if not name:
        return world.projects.get(str(identifier))
    domain_id = _find_domain_id(world, _section(wish, "domain", "project"))
    for project in world.projects.values():
        if project.name == name and project.domain_id == domain_id:
            return project
    return None


def _find_domain_id(world: World, wish: Mapping[str, Any]) -> str | None:  # Any: as above
    if not wish.get("id") and not wish.get("name"):
        raise _expected("id or name", "domain")
    for domain in world.domains.values():
        if wish.get("id") == domain.id or wish.get("name") == domain.name:
            return domain.id
    return None


def _default_scope(world: World, user: User) -> Scope:
    project = world.projects.get(user.default_project_id or "")
    if project is None:
        return Scope(None, ())
    return Scope(project, roles_in(world, user, project.id))


def _section(parent: Mapping[str, Any], name: str, target: str = "auth") -> JsonObject:  # Any: as above
    section = parent.get(name)
    if not isinstance(section, dict):
        raise _expected(name, target)
    return section


def _expected(attribute: str, target: str) -> Refusal:
    """Return Keystone's refusal of a document that lacks something; it is never shown, since it may hold a password."""
    return bad_request(
        f"Expecting to find {attribute} in {target}. The server could not comply with the request since it is either "
        "malformed or otherwise incorrect. The client is assumed to be in error."
    )
