"""Issue, show and revoke tokens."""

from datetime import datetime, timedelta

from kubecapy.devcloud.authentication import Credentials, find_token
from kubecapy.devcloud.endpoints import Call, Effect, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import forbidden, not_found
from kubecapy.devcloud.services.identity.catalog import render_catalog
from kubecapy.devcloud.services.identity.login import check_login, choose_scope
from kubecapy.devcloud.times import format_micro_time
from kubecapy.devcloud.world.identity import Token
from kubecapy.devcloud.world.world import World


class Tokens:
    """Serves /v3/auth."""

    def __init__(self, world: World, token_seconds: float) -> None:
        """Issue tokens that live for `token_seconds`."""
        self._world = world
        self._life = timedelta(seconds=token_seconds)

    def routes(self) -> list[Route]:
        """Return the routes of tokens and of what a token may see of itself."""
        return [
            # A token is no resource of a project: issuing one counts as reading.
            Route("POST", "/v3/auth/tokens", self._issue, public=True, effect=Effect.READ),
            Route("GET", "/v3/auth/tokens", self._show),
            Route("HEAD", "/v3/auth/tokens", self._show),
            Route("DELETE", "/v3/auth/tokens", self._revoke),
            Route("GET", "/v3/auth/catalog", self._catalog),
            Route("GET", "/v3/auth/projects", self._projects),
        ]

    def _issue(self, call: Call) -> Response:
        world = self._world
        self._forget_expired(call.now)
        login = check_login(world, call.body, call.now)
        scope = choose_scope(world, call.body, login)
        latest = call.now + self._life
        token = Token(
            user_id=login.user.id,
            project_id=scope.project.id if scope.project else None,
            role_ids=scope.role_ids,
            methods=login.methods,
            issued_at=call.now,
            expires_at=min(latest, login.latest_expiry or latest),
            audit_id=world.identifiers.hex_id(),
        )
        token_id = world.identifiers.token()
        world.tokens[token_id] = token
        without_catalog = call.request.query.find("nocatalog") is not None
        document = self._document(token, "" if without_catalog else call.base_url)
        return json_response(201, document, (("X-Subject-Token", token_id), ("Vary", "X-Auth-Token")))

    def _show(self, call: Call) -> Response:
        subject = call.request.headers.get("x-subject-token", "")
        token = self._find_subject(call, subject)
        return json_response(200, self._document(token, call.base_url), (("X-Subject-Token", subject),))

    def _revoke(self, call: Call) -> Response:
        subject = call.request.headers.get("x-subject-token", "")
        self._find_subject(call, subject)
        del self._world.tokens[subject]
        return Response(204)

    def _catalog(self, call: Call) -> Response:
        return json_response(200, {"catalog": render_catalog(call.base_url, self._world.regions), "links": {}})

    def _projects(self, call: Call) -> Response:
        own = {item.project_id for item in self._world.assignments if item.user_id == call.credentials.user_id}
        projects = [project for project in self._world.projects.values() if project.id in own]
        document = [
            {
                "id": project.id,
                "name": project.name,
                "domain_id": project.domain_id,
                "description": project.description,
                "enabled": True,
                "is_domain": False,
                "parent_id": project.domain_id,
                "links": {"self": f"{call.base_url}/identity/v3/projects/{project.id}"},
            }
            for project in projects
        ]
        return json_response(200, {"projects": document, "links": {"next": None, "previous": None}})

    def _find_subject(self, call: Call, subject: str) -> Token:
        token = find_token(self._world, subject, call.now)
        if token is None:
            # The token itself is kept out of the text, unlike on real Keystone.
            raise not_found("Could not recognize Fernet token")
        if not self._may_see(call.credentials, token):
            raise forbidden("You are not authorized to perform the requested action: identity:validate_token.")
        return token

    @staticmethod
    def _may_see(credentials: Credentials, token: Token) -> bool:
        return credentials.is_admin or token.user_id == credentials.user_id

    def _forget_expired(self, now: datetime) -> None:
        for token_id in [key for key, token in self._world.tokens.items() if token.expires_at <= now]:
            del self._world.tokens[token_id]

    def _document(self, token: Token, base_url: str) -> JsonObject:
        world = self._world
        user = world.users[token.user_id]
        document: JsonObject = {
            "methods": token.methods,
            "user": {
                "id": user.id,
                "name": user.name,
                "domain": {"id": user.domain_id, "name": world.domains[user.domain_id].name},
                "password_expires_at": None,
            },
            "audit_ids": [token.audit_id],
            "expires_at": format_micro_time(token.expires_at),
            "issued_at": format_micro_time(token.issued_at),
        }
        if token.project_id is None:
            return {"token": document}
        project = world.projects[token.project_id]
        document["project"] = {
            "id": project.id,
            "name": project.name,
            "domain": {"id": project.domain_id, "name": world.domains[project.domain_id].name},
        }
        document["is_domain"] = False
        document["roles"] = [{"id": role, "name": world.roles[role].name} for role in token.role_ids]
        if base_url:
            document["catalog"] = render_catalog(base_url, world.regions)
        return {"token": document}
