"""Route calls to handlers by tables of method, path template and action."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject, Request, Response
from kubecapy.devcloud.refusals import Refusal


class Effect(StrEnum):
    """Whether a call may change what the project owns."""

    READ = "read"
    WRITE = "write"


class Call(msgspec.Struct, frozen=True):
    """What a handler is given: the request with its path's values, its caller, its body, and the time.

    Attributes:
        request: The request as it came.
        parameters: Values of the template's names.
        credentials: Who calls; `authentication.ANONYMOUS` on public routes.
        body: The body's JSON object; empty where there is none.
        now: Time of the call.
        base_url: Start of every link, such as `https://127.0.0.1:9000`, without a slash at the end.
    """

    request: Request
    parameters: Mapping[str, str]
    credentials: Credentials
    body: JsonObject
    now: datetime
    base_url: str


Handler = Callable[[Call], Response]


class Route(msgspec.Struct, frozen=True):
    """One line of a routing table.

    Attributes:
        method: HTTP verb.
        template: Path below the service's prefix; `{name}` stands for one segment.
        handler: Answers the call.
        action: The body's only key that the route wants (`os-stop`); empty means any body.
        public: Needs no token.
        effect: `None` means what the verb says: GET and HEAD read, others write.
    """

    method: str
    template: str
    handler: Handler
    action: str = ""
    public: bool = False
    effect: Effect | None = None

    @property
    def name(self) -> str:
        """The template as the ledger and fault rules show it: actions in brackets at its end."""
        return f"{self.template}[{self.action}]" if self.action else self.template

    @property
    def kind(self) -> Effect:
        """Whether calls on this route may change something."""
        if self.effect is not None:
            return self.effect
        return Effect.READ if self.method in {"GET", "HEAD"} else Effect.WRITE


class Match(msgspec.Struct, frozen=True):
    """A route that fits a request, with the values of its template's names."""

    route: Route
    parameters: Mapping[str, str]


class RoutingTable:
    """Finds the route of a request; the first route that fits wins."""

    def __init__(self, routes: Sequence[Route]) -> None:
        """Compile the templates of `routes`."""
        self._by_length: dict[int, list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.template))
            self._by_length.setdefault(route.template.count("/"), []).append((pattern, route))

    def find(self, method: str, path: str, action: str) -> Match | None:
        """Return the match of `path` (without a slash at its end), `None` where no route fits."""
        for pattern, route in self._by_length.get(path.count("/"), ()):
            if route.method != method or route.action not in {"", action}:
                continue
            found = pattern.fullmatch(path)
            if found is not None:
                return Match(route, found.groupdict())
        return None

    def methods(self, path: str) -> frozenset[str]:
        """Return the verbs that some route allows on `path`."""
        candidates = self._by_length.get(path.count("/"), ())
        return frozenset(route.method for pattern, route in candidates if pattern.fullmatch(path))


class Service(Protocol):
    """One OpenStack service: a name, a prefix, a table, and its own form of saying no."""

    name: str
    prefix: str
    table: RoutingTable

    def answer(self, match: Match, call: Call) -> Response:
        """Answer a call that was routed and authenticated.

        Raises:
            Refusal: the service says no.
        """
        ...

    def render_refusal(self, refusal: Refusal, request: Request, /) -> Response:
        """Return `refusal` in the service's form; one with status 401 never gets here."""
        ...
