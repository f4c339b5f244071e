"""Answer OpenStack calls: a plain function of request and time, without sockets, tasks or clocks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec

from kubecapy.devcloud import lifecycle
from kubecapy.devcloud.authentication import ANONYMOUS, Credentials, find_credentials
from kubecapy.devcloud.endpoints import Call, Effect, Match, Service
from kubecapy.devcloud.entrances import split_entrance
from kubecapy.devcloud.ledger import Entry, Ledger
from kubecapy.devcloud.messages import JsonObject, Request, Response, decode_object, json_response
from kubecapy.devcloud.refusals import Refusal, not_found, unauthorized
from kubecapy.devcloud.world.world import World


class Identified(msgspec.Struct, frozen=True):
    """What a request is about, before anything is done: what fault rules match and the ledger records."""

    service: Service | None
    match: Match | None
    credentials: Credentials | None
    request: Request
    body: JsonObject | None

    @property
    def service_name(self) -> str:
        """Name of the service, empty where the path is no service's."""
        return self.service.name if self.service else ""

    @property
    def template(self) -> str:
        """The route's name, empty where no route fits."""
        return self.match.route.name if self.match else ""

    @property
    def effect(self) -> Effect:
        """Whether the call may change something."""
        return self.match.route.kind if self.match else Effect.READ

    @property
    def user_name(self) -> str:
        """Name of the caller, empty where unknown."""
        return self.credentials.user_name if self.credentials else ""


class Cloud:
    """Routes calls to the services, and records them.

    One call at a time, from one thread. Calls are atomic: a refused call has changed nothing.
    """

    def __init__(self, world: World, services: Sequence[Service], ledger: Ledger, base_url: str) -> None:
        """Serve `world` through `services`; links in answers start with `base_url`."""
        self.world = world
        self.ledger = ledger
        self.base_url = base_url
        self._services = {service.prefix: service for service in services}

    def advance(self, now: datetime) -> None:
        """Let time pass until `now`."""
        lifecycle.advance(self.world, now)

    def remember(self, seconds: float, now: datetime) -> None:
        """Remember how the world was for the last `seconds` from now on, for calls that lag; 0 remembers nothing."""
        if seconds:
            self.advance(now)  # Order: what is due came before what is remembered first.
        self.world.history.keep(seconds, now)

    def handle(self, request: Request, now: datetime, *, fault: str = "", lag_seconds: float = 0.0) -> Response:
        """Let time pass until `now`, carry out `request`, record it, and return the answer.

        Args:
            request: The call.
            now: Time of the call, aware; never earlier than that of the call before.
            fault: What a fault rule does to this call, for the ledger.
            lag_seconds: A call that reads sees the world as it was so long ago; others are not touched.
        """
        self.advance(now)
        identified = self.identify(request, now)
        if lag_seconds and identified.effect is Effect.READ:
            with self.world.history.as_of(now - timedelta(seconds=lag_seconds)):
                answer = self._answer(identified, now)
        else:
            answer = self._answer(identified, now)
        if identified.effect is Effect.WRITE:
            self.world.history.note(now)
        return self.record(identified, answer, now, fault=fault)

    def identify(self, request: Request, now: datetime) -> Identified:
        """Return what `request` is about; changes nothing."""
        service, path = self._find_service(request.path)
        credentials = find_credentials(self.world, request.headers.get("x-auth-token"), now)
        try:
            body: JsonObject | None = decode_object(request.body)
        except Refusal:
            body = None
        action = next(iter(body)) if body and len(body) == 1 else ""
        match = service.table.find(request.method, path, action) if service else None
        return Identified(service, match, credentials, request, body)

    def record(self, identified: Identified, response: Response, now: datetime, *, fault: str = "") -> Response:
        """Write the call into the ledger and return `response` with its request id; `status` 0 means no answer."""
        request, credentials = identified.request, identified.credentials or ANONYMOUS
        request_id = f"req-{self.world.identifiers.uuid()}"
        self.ledger.record(
            Entry(
                sequence=self.ledger.next_sequence(),
                time=now,
                service=identified.service_name,
                method=request.method,
                template=identified.template,
                path=request.path,
                query=urlencode(request.query.pairs),
                status=response.status,
                user=credentials.user_name,
                project=credentials.project_id,
                user_agent=request.headers.get("user-agent", ""),
                microversion=_microversion(request),
                effect=identified.effect,
                request_id=request_id,
                fault=fault,
            )
        )
        return response.with_headers([("x-openstack-request-id", request_id)])

    def _find_service(self, path: str) -> tuple[Service | None, str]:
        prefix, _, rest = split_entrance(path)[1].removeprefix("/").partition("/")
        return self._services.get(f"/{prefix}"), f"/{rest}".rstrip("/")

    def _answer(self, identified: Identified, now: datetime) -> Response:
        service = identified.service
        if service is None:
            names = ", ".join(sorted(self._services))
            return json_response(404, {"message": f"no service at {identified.request.path}; there are {names}"})
        try:
            return self._dispatch(service, identified, now)
        except Refusal as refusal:
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                return _render_unauthorized(refusal)
            return service.render_refusal(refusal, identified.request)

    def _dispatch(self, service: Service, identified: Identified, now: datetime) -> Response:
        match, request = identified.match, identified.request
        if identified.credentials is None and not (match and match.route.public):
            raise unauthorized()
        if match is None:
            path = self._find_service(request.path)[1]
            allowed = service.table.methods(path)
            if allowed and request.method not in allowed:
                raise Refusal(405, "HTTPMethodNotAllowed", "The method specified is not allowed for this resource.")
            raise not_found()
        body = identified.body if identified.body is not None else decode_object(request.body)
        # Links lead back through the entrance that the client came by.
        entrance, path = split_entrance(request.path)
        inner, base_url = msgspec.structs.replace(request, path=path), self.base_url + entrance
        call = Call(inner, match.parameters, identified.credentials or ANONYMOUS, body, now, base_url)
        return service.answer(match, call)


def _render_unauthorized(refusal: Refusal) -> Response:
    """Return Keystone's document: its middleware stands before every service and answers in its form."""
    body = {"error": {"code": refusal.status, "message": refusal.message, "title": "Unauthorized"}}
    return json_response(refusal.status, body, (("WWW-Authenticate", "Keystone"),))


def _microversion(request: Request) -> str:
    named = request.headers.get("openstack-api-version", "")
    return named.rpartition(" ")[2] or request.headers.get("x-openstack-nova-api-version", "")
