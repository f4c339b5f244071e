"""Show projects, users, domains and roles."""

from collections.abc import Iterable

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import not_found
from kubecapy.devcloud.services.identity.policy import denied
from kubecapy.devcloud.world.identity import Domain, Project, Role, User
from kubecapy.devcloud.world.world import World

Entity = Project | User | Domain | Role


class Directory:
    """Serves what administrators read of Keystone, and users of themselves."""

    def __init__(self, world: World) -> None:
        """Read `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v3/projects", self._list_projects),
            Route("GET", "/v3/projects/{id}", self._show_project),
            Route("GET", "/v3/users", self._list_users),
            Route("GET", "/v3/users/{id}", self._show_user),
            Route("GET", "/v3/users/{user_id}/projects", self._list_user_projects),
            Route("GET", "/v3/domains", self._list_domains),
            Route("GET", "/v3/domains/{id}", self._show_domain),
            Route("GET", "/v3/roles", self._list_roles),
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
            view |= {
                "domain_id": entity.domain_id,
                "enabled": entity.enabled,
                "options": {},
                "password_expires_at": None,
            }
        case Domain() | Role():
            view |= {"description": "", "options": {}}
    return view


def _require_admin(call: Call, rule: str) -> None:
    if not call.credentials.is_admin:
        raise denied(rule)
