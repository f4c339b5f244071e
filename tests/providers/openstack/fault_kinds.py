"""Name the ways in which a call to the cloud can go wrong, and what a condition says of each."""

from typing import Final

import msgspec

from kubecapy.devcloud.faults import Action, Answer, Delay, Drop, Garble, Lag
from kubecapy.providers.openstack.cloud.sdk import TIMEOUT_SECONDS

_NOUNS: Final = {
    "floatingips": "floating address",
    "os-availability-zone": "zone",
    "os-keypairs": "key pair",
    "extensions": "trunk",
    "security-group-rules": "rule",
}
_VERBS: Final = {
    "GET": ("listing", "looking"),
    "POST": ("creating", "allocating"),
    "PUT": ("tagging", "joining", "parting"),
    "DELETE": ("deleting", "releasing"),
}


class Shape(msgspec.Struct, frozen=True, order=True):
    """One kind of call, as the cloud's ledger names it."""

    service: str
    method: str
    template: str

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    @property
    def is_list(self) -> bool:
        return self.is_read and not self.template.endswith("}")

    @property
    def removes(self) -> bool:
        return self.method == "DELETE" or self.template.endswith("remove_router_interface")

    @property
    def noun(self) -> str:
        """What a sentence calls the thing that it is about."""
        path = self.template.split("/")[2]
        return _NOUNS.get(path, path.replace("-", " ").removesuffix("s"))

    @property
    def verbs(self) -> tuple[str, ...]:
        """What a sentence may call what was attempted."""
        return _VERBS[self.method]

    @property
    def is_login(self) -> bool:
        return self.service == "identity"

    def __str__(self) -> str:
        return f"{self.method} {self.service}{self.template}"


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One way to go wrong.

    Attributes:
        name: For people.
        action: What is done to the call.
        reason: Of the condition while it lasts.
        said: What the condition's message holds of it.
    """

    name: str
    action: Action
    reason: str = "CloudUnavailable"
    said: str = ""

    def suits(self, shape: Shape) -> bool:
        """Return whether such a call can go wrong so."""
        if self.name == "404":
            # A service's own word that a thing is gone is believed where it is to go.
            return not shape.removes
        if self.name == "403 quota":
            return shape.method == "POST" and not shape.is_login
        if isinstance(self.action, Lag):
            return shape.is_read and not shape.is_login
        if isinstance(self.action, Garble):
            return shape.method != "DELETE"
        return True

    def can_last(self, shape: Shape) -> bool:
        """Return whether it holds up a call for as long as it lasts; what was done unseen is found by the next list."""
        return self.suits(shape) and (not isinstance(self.action, Garble) or shape.is_read or shape.is_login)

    def reasons(self, shape: Shape) -> frozenset[str]:
        """Return what the condition's reason may be."""
        if shape.is_login:
            return frozenset((self._reason_of_login(shape),))
        if self.name == "404" and shape.is_list:
            return frozenset(("CloudUnavailable",))  # A list that is not there is no service.
        if self.name == "409" and shape.removes:
            return frozenset(("CloudConflict", "WaitingForCloud"))  # Later; what else can go goes meanwhile.
        return frozenset((self.reason,))

    def is_named_in(self, message: str, shape: Shape) -> bool:
        """Return whether the message says what was attempted on what, and what came back."""
        if shape.is_login:
            # keystoneauth shows no page of a proxy, and nothing of an answer that it cannot read.
            said = self.said if self in REFUSALS or "in time" in self.said or "broke" in self.said else "Keystone|login"
            return any(part in message for part in said.split("|"))
        if shape.template == "/v2.0/extensions/{alias}" and self.name == "404":
            return "trunk" in message
        return self.said in message and shape.noun in message and any(verb in message for verb in shape.verbs)

    def _reason_of_login(self, shape: Shape) -> str:
        if self.name in ("409", "413"):
            return "CloudUnavailable"
        if self.name.startswith("404") or (self in MALFORMED and shape.is_read):
            return "PermissionDenied"  # There is no Keystone at the auth_url.
        return self.reason

    def __str__(self) -> str:
        return self.name


def _answer(status: int, words: str, **further: object) -> Answer:
    body = msgspec.json.encode({"error": {"code": status, "message": words}})
    return Answer(status, body=msgspec.Raw(body), **further)  # type: ignore[arg-type]  # the callers' own fields


def _refusal(status: int, reason: str, words: str, name: str = "", **further: object) -> Kind:
    return Kind(name=name or str(status), action=_answer(status, words, **further), reason=reason, said=words)


SILENCE: Final = TIMEOUT_SECONDS + 1
"""Longer than a client waits."""
PAGE: Final = "<html><body><h1>Not the service</h1></body></html>"

REFUSALS: Final = (
    _refusal(401, "PermissionDenied", "The request you have made requires authentication"),
    _refusal(403, "PermissionDenied", "Policy doesn't allow this to be performed"),
    _refusal(403, "CapacityExhausted", "Quota exceeded, too many of them", "403 quota"),
    _refusal(404, "ReferenceNotFound", "The thing could not be found"),
    _refusal(409, "CloudConflict", "There was a conflict when trying to complete your request"),
    _refusal(413, "CapacityExhausted", "Request is too large"),
    _refusal(413, "Throttled", "This request was rate-limited", "413 with a wait", retry_after=2.0),
    _refusal(429, "Throttled", "Too many requests, slow down", retry_after=3.0, retry_after_form="date"),
    _refusal(500, "CloudUnavailable", "Unexpected API Error"),
    _refusal(503, "CloudUnavailable", "The server is currently unavailable"),
)
"""A service says no, before the effect."""
SILENCES: Final = (
    Kind(name="404 of a proxy", action=Answer(404, text=PAGE), said="Not the service"),
    Kind(name="502 of a proxy", action=Answer(502, text=PAGE), said="Not the service"),
    Kind(name="broken before", action=Drop("before"), said="the connection broke"),
    Kind(name="silent before", action=Delay(SILENCE, "before"), said="did not answer in time"),
)
"""No service has a say, and nothing happens."""
MALFORMED: Final = (
    Kind(name="cut answer", action=Garble("truncate"), said="without JSON"),
    Kind(name="empty answer", action=Garble("empty"), said="without JSON"),
    Kind(name="page with 200", action=Garble("html"), said="without JSON"),
)
LOST: Final = (
    Kind(name="500 after", action=_answer(500, "Unexpected API Error", when="after")),
    Kind(name="broken after", action=Drop("after")),
    Kind(name="silent after", action=Delay(SILENCE, "after")),
    Kind(name="slow", action=Delay(20.0, "before")),
    Kind(name="stale", action=Lag(4.0)),
    Kind(name="other content type", action=Garble("content_type")),
)
"""What heals by itself, or does no harm at all; as a lasting state it is either nothing or one of the others."""

ONCE: Final = (*REFUSALS, *SILENCES, *MALFORMED, *LOST)
LASTING: Final = (*REFUSALS, *SILENCES, *MALFORMED)
