"""Carry one call to an OpenStack service and its answer back: the seam between the provider and the network."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from kubecapy.telemetry.secrets import Secret

Service = Literal["compute", "network", "image", "block-storage"]
Query = tuple[tuple[str, str], ...]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    Attributes:
        doing: What is attempted on what, for error sentences: `creating port m-0`.
        service: By its program name.
        method: HTTP verb.
        path: Below the service's versioned root, with a slash at its start: `/servers/detail`.
        query: Pairs in their order; a name may come more than once.
        body: JSON; a Secret because it may hold user data.
        microversion: Of the compute service, such as `2.52`; empty means its oldest.
        headers: Further headers.
    """

    doing: str
    service: Service
    method: str
    path: str
    query: Query = ()
    body: Secret[bytes] | None = None
    microversion: str = ""
    headers: Mapping[str, str] = {}


class Reply(msgspec.Struct, frozen=True):
    """One answer, whatever its status; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Sends calls with the credentials of one project.

    It authenticates by itself, once again where a token is refused, and never repeats a call for another reason.
    """

    async def request(self, call: Call) -> Reply:
        """Send `call` and return the answer, whatever its status.

        Raises:
            ServiceMissing: the catalog has no such service; nothing was sent.
            Unavailable: nothing that can be read came back; the effect may have happened all the same.
            PermissionDenied: the credentials were refused.
        """
        ...

    async def project_id(self) -> str:
        """Return the id of the project that the credentials are scoped to; logs in where needed.

        Raises:
            Unavailable, PermissionDenied: as `request`.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and files; calls under way still end."""
        ...
