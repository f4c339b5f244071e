"""Name the faces between the API server's core and the rules that guard it.

The core (storage, registry, endpoints) reads and writes objects; authentication, authorization and the special
subresources see it only through the protocols below, and it sees them only through the same.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec
from aiohttp import web

from kubecapy.apimachinery.meta import JsonObject


class UserInfo(msgspec.Struct, frozen=True):
    """Who sends a request, as authentication found out."""

    name: str
    """Such as `system:node:worker-0`, `system:anonymous` or the CN of a client certificate."""
    uid: str = ""
    groups: tuple[str, ...] = ()
    """`system:authenticated` or `system:unauthenticated` is always among them."""
    extra: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Further facts by key, such as `authentication.kubernetes.io/pod-name`."""


Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "post", "put", "head"]
"""What a request wants; resources have the first eight, other paths the HTTP method in lower case."""


class Attributes(msgspec.Struct, frozen=True):
    """What a request wants to do, as authorization judges it."""

    verb: str
    """One of `Verb`."""
    group: str = ""
    version: str = ""
    resource: str = ""
    """Plural; empty for a path that is no resource."""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    """Empty for a collection."""
    path: str = ""
    """The URL path; what a non-resource rule is matched with."""

    @property
    def is_resource(self) -> bool:
        """Whether the request addresses a resource rather than a plain path such as `/healthz`."""
        return bool(self.resource)


class ObjectReader(Protocol):
    """Reads stored objects from memory, without suspending. What it returns belongs to the caller."""

    def find(self, group: str, plural: str, namespace: str, name: str) -> JsonObject | None:
        """Return the object; None where it is absent. `namespace` is empty for cluster-scoped kinds."""
        ...

    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]:
        """Return the objects in order of namespace and name; an empty namespace means all of them."""
        ...

    def revision(self, group: str, plural: str) -> int:
        """Return a number that changes whenever any object of the kind does; a key for caches."""
        ...


class ObjectWriter(Protocol):
    """Writes objects for the server itself: validated as anybody's writes are, but not authorized.

    Every method returns once the write is durable and raises StatusError where it is refused.
    """

    async def create(self, group: str, plural: str, namespace: str, obj: JsonObject) -> JsonObject:
        """Store `obj` and return what was stored; AlreadyExists where the name is taken."""
        ...

    async def update(self, group: str, plural: str, obj: JsonObject, *, subresource: str = "") -> JsonObject:
        """Replace the stored object of the same name and return what was stored.

        With `subresource="status"` only the status is taken from `obj`, otherwise everything else is. A
        `metadata.resourceVersion` makes the write conditional (Conflict where it is stale); without one it is not.
        """
        ...

    async def delete(self, group: str, plural: str, namespace: str, name: str) -> bool:
        """Start deletion as a background delete does; return whether the object existed."""
        ...


class Authenticates(Protocol):
    """Finds out who sends a request."""

    def authenticate(self, peer_certificate_der: bytes | None, authorization_header: str | None) -> UserInfo:
        """Return the sender, anonymous where nothing is offered.

        The certificate was verified against the client CA by the TLS layer already.

        Raises:
            Unauthorized: a credential is offered and wrong, or none is offered and anonymous requests are off.
        """
        ...


class Authorizes(Protocol):
    """Decides whether a sender may do what it asks for."""

    def authorize(self, user: UserInfo, attributes: Attributes) -> None:
        """Return where it may.

        Raises:
            Forbidden: it may not; the message is in the API server's words.
        """
        ...


Handler = Callable[
    [web.BaseRequest, UserInfo, Attributes, JsonObject | None], Awaitable[web.StreamResponse | JsonObject]
]
"""Serves one subresource or one create-only resource: `await handler(request, user, attributes, body)`.

`body` is the decoded body of a POST or PUT, the stored object with the patch applied for a PATCH, and None else.
The request is authorized before. A JSON object that it returns is sent with 201 for a POST and 200 else; a response
is sent as it is (a stream prepares itself). StatusError becomes a Status reply.
"""

HandlerKey = tuple[str, str, str]
"""Group, plural and subresource; the subresource is empty for a create-only resource."""


class Admission(Protocol):
    """Completes or refuses writes of one kind with regard to who sends them; runs before validation.

    Both methods are pure, return the object to store (a new value or `obj` itself) and raise StatusError to refuse.
    """

    def admit_create(self, user: UserInfo, attributes: Attributes, obj: JsonObject) -> JsonObject:
        """Return the object to create."""
        ...

    def admit_update(self, user: UserInfo, attributes: Attributes, old: JsonObject, obj: JsonObject) -> JsonObject:
        """Return the object that replaces `old`; `attributes.subresource` tells a status update from the rest."""
        ...


class Extensions(msgspec.Struct, frozen=True):
    """What `subresources.build` adds to the core."""

    handlers: Mapping[HandlerKey, Handler]
    """By group, plural and subresource."""
    admissions: Mapping[tuple[str, str], Admission] = msgspec.field(default_factory=dict)
    """By group and plural."""
    end_streams: Callable[[], None] = lambda: None
    """Ends every stream that handlers keep open; called when the server stops."""
