"""Show projects, users, domains, roles, and keep application credentials."""

from collections.abc import Iterable
from datetime import UTC, datetime

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, conflict, forbidden, not_found
from kubecapy.devcloud.times import format_micro_time
from kubecapy.devcloud.world.identity import ApplicationCredential, Domain, Project, Role, User
from kubecapy.devcloud.world.world import World
from kubecapy.telemetry.secrets import Secret

Entity = Project | User | Domain | Role


class Directory:
    """Serves what administrators read of Keystone, and users of themselves."""

    def __init__(self, world: World) -> None:
        """Read `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        own = "/v3/users/{user_id}/application_credentials"
        return [
            Route("GET", "/v3/projects", self._list_projects),
            Route("GET", "/v3/projects/{id}", self._show_project),
            Route("GET", "/v3/users", self._list_users),
            Route("GET", "/v3/users/{id}", self._show_user),
            Route("GET", "/v3/users/{user_id}/projects", self._list_user_projects),
            Route("GET", "/v3/domains", self._list_domains),
            Route("GET", "/v3/domains/{id}", self._show_domain),
            Route("GET", "/v3/roles", self._list_roles),
            Route("GET", own, self._list_credentials),
            Route("POST", own, self._create_credential),
            Route("GET", own + "/{id}", self._show_credential),
            Route("DELETE", own + "/{id}", self._delete_credential),
        ]

    def _list_projects(self, call: Call) -> Response:
        _require_admin(call, "identity:list_projects")
        return self._collection(call, "projects", self._world.projects.values())

    def _list_user_projects(self, call: Call) -> Response:
        user_id = call.parameters["user_id"]
        if user_id != call.credentials.user_id:
            _require_admin(call, "identity:list_user_projects")
        own = {item.project_id for item in self._world.assignments if item.user_id == user_id}
        return self._collection(call, "projects", [self._world.projects[project_id] for project_id in own])

    def _show_project(self, call: Call) -> Response:
        if call.parameters["id"] != call.credentials.project_id:
            _require_admin(call, "identity:get_project")
        return self._entity(call, "project", self._world.projects.get(call.parameters["id"]))

    def _list_users(self, call: Call) -> Response:
        _require_admin(call, "identity:list_users")
        return self._collection(call, "users", self._world.users.values())

    def _show_user(self, call: Call) -> Response:
        if call.parameters["id"] != call.credentials.user_id:
            _require_admin(call, "identity:get_user")
        return self._entity(call, "user", self._world.users.get(call.parameters["id"]))

    def _list_domains(self, call: Call) -> Response:
        _require_admin(call, "identity:list_domains")
        return self._collection(call, "domains", self._world.domains.values())

    def _show_domain(self, call: Call) -> Response:
        _require_admin(call, "identity:get_domain")
        return self._entity(call, "domain", self._world.domains.get(call.parameters["id"]))

    def _list_roles(self, call: Call) -> Response:
        _require_admin(call, "identity:list_roles")
        return self._collection(call, "roles", self._world.roles.values())

    def _collection(self, call: Call, plural: str, entities: Iterable[Entity]) -> Response:
        views = [_view(call, plural, entity) for entity in entities]
        for name in ("name", "domain_id"):
            wanted = call.request.query.find(name)
            if wanted is not None:
                views = [view for view in views if view.get(name) == wanted]
        links = {"self": f"{call.base_url}/identity/v3/{plural}", "next": None, "previous": None}
        return json_response(200, {plural: views, "links": links})

    def _entity(self, call: Call, singular: str, entity: Entity | None) -> Response:
        if entity is None:
            raise not_found(f"Could not find {singular}: {call.parameters['id']}.")
        return json_response(200, {singular: _view(call, f"{singular}s", entity)})

    def _list_credentials(self, call: Call) -> Response:
        _require_self(call)
        own = [item for item in self._world.application_credentials.values() if _is_own(call, item)]
        views = [self._credential_view(item) for item in own]
        return json_response(200, {"application_credentials": views, "links": {"next": None, "previous": None}})

    def _create_credential(self, call: Call) -> Response:
        _require_self(call)
        wish = call.body.get("application_credential")
        if not isinstance(wish, dict) or not isinstance(wish.get("name"), str):
            raise bad_request("'name' is a required property")
        if any(
            _is_own(call, item) and item.name == wish["name"] for item in self._world.application_credentials.values()
        ):
            raise conflict(
                "Conflict occurred attempting to store application_credential - Duplicate entry found with name "
                f"{wish['name']}."
            )
        secret = wish.get("secret") or self._world.identifiers.password()
        credential = ApplicationCredential(
            id=self._world.identifiers.hex_id(),
            name=wish["name"],
            user_id=call.credentials.user_id,
            project_id=call.credentials.project_id,
            secret=Secret(str(secret)),
            role_ids=tuple(role.id for role in self._world.roles.values() if role.name in call.credentials.roles),
            expires_at=_read_expiry(wish.get("expires_at")),
        )
        self._world.application_credentials[credential.id] = credential
        # The only answer that carries the secret: it is never shown again.
        return json_response(
            201, {"application_credential": {**self._credential_view(credential), "secret": credential.secret.reveal()}}
        )

    def _show_credential(self, call: Call) -> Response:
        return json_response(200, {"application_credential": self._credential_view(self._own_credential(call))})

    def _delete_credential(self, call: Call) -> Response:
        del self._world.application_credentials[self._own_credential(call).id]
        return Response(204)

    def _own_credential(self, call: Call) -> ApplicationCredential:
        _require_self(call)
        credential = self._world.application_credentials.get(call.parameters["id"])
        if credential is None or not _is_own(call, credential):
            raise not_found(f"Could not find Application Credential: {call.parameters['id']}.")
        return credential

    def _credential_view(self, credential: ApplicationCredential) -> JsonObject:
        roles = [{"id": role_id, "name": self._world.roles[role_id].name} for role_id in credential.role_ids]
        return {
            "id": credential.id,
            "name": credential.name,
            "description": None,
            "project_id": credential.project_id,
            "user_id": credential.user_id,
            "roles": roles,
            "expires_at": format_micro_time(credential.expires_at) if credential.expires_at else None,
            "unrestricted": False,
        }


def _view(call: Call, plural: str, entity: Entity) -> JsonObject:
    view: JsonObject = {
        "id": entity.id,
        "name": entity.name,
        "enabled": True,
        "links": {"self": f"{call.base_url}/identity/v3/{plural}/{entity.id}"},
    }
    match entity:
        case Project():
            view |= {
                "domain_id": entity.domain_id,
                "parent_id": entity.domain_id,
                "description": entity.description,
                "is_domain": False,
                "tags": [],
                "options": {},
            }
        case User():
            view |= {"domain_id": entity.domain_id, "options": {}, "password_expires_at": None}
        case Domain() | Role():
            view |= {"description": "", "options": {}}
    return view


def _read_expiry(text: object) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise bad_request(f"Invalid input for field 'expires_at': {text!r} is not a 'date-time'") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_own(call: Call, credential: ApplicationCredential) -> bool:
    return credential.user_id == call.credentials.user_id


def _require_self(call: Call) -> None:
    if call.parameters["user_id"] != call.credentials.user_id:
        raise _denied("identity:application_credentials")


def _require_admin(call: Call, rule: str) -> None:
    if not call.credentials.is_admin:
        raise _denied(rule)


def _denied(rule: str) -> Exception:
    return forbidden(f"You are not authorized to perform the requested action: {rule}.")
