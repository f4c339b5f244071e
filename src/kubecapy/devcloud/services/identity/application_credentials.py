"""Keep application credentials: what a user lets programs log in with."""

from datetime import UTC, datetime

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.refusals import bad_request, conflict, not_found
from kubecapy.devcloud.services.identity.policy import denied
from kubecapy.devcloud.times import format_micro_time
from kubecapy.devcloud.world.identity import ApplicationCredential
from kubecapy.devcloud.world.world import World
from kubecapy.telemetry.secrets import Secret


class ApplicationCredentials:
    """Serves each user the credentials that are their own."""

    def __init__(self, world: World) -> None:
        """Keep the credentials in `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        path = "/v3/users/{user_id}/application_credentials"
        return [
            Route("GET", path, self._list),
            Route("POST", path, self._create),
            Route("GET", path + "/{id}", self._show),
            Route("DELETE", path + "/{id}", self._delete),
        ]

    def _list(self, call: Call) -> Response:
        _require_self(call)
        views = [self._view(item) for item in self._all_own(call)]
        return json_response(200, {"application_credentials": views, "links": {"next": None, "previous": None}})

    def _create(self, call: Call) -> Response:
        _require_self(call)
        wish = call.body.get("application_credential")
        if not isinstance(wish, dict) or not isinstance(wish.get("name"), str):
            raise bad_request("'name' is a required property")
        if any(item.name == wish["name"] for item in self._all_own(call)):
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
            201, {"application_credential": {**self._view(credential), "secret": credential.secret.reveal()}}
        )

    def _show(self, call: Call) -> Response:
        return json_response(200, {"application_credential": self._view(self._own(call))})

    def _delete(self, call: Call) -> Response:
        del self._world.application_credentials[self._own(call).id]
        return Response(204)

    def _all_own(self, call: Call) -> list[ApplicationCredential]:
        return [item for item in self._world.application_credentials.values() if _is_own(call, item)]

    def _own(self, call: Call) -> ApplicationCredential:
        _require_self(call)
        credential = self._world.application_credentials.get(call.parameters["id"])
        if credential is None or not _is_own(call, credential):
            raise not_found(f"Could not find Application Credential: {call.parameters['id']}.")
        return credential

    def _view(self, credential: ApplicationCredential) -> JsonObject:
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
        raise denied("identity:application_credentials")
