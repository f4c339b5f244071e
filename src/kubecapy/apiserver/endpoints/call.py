"""Carry what every endpoint needs to know of one request."""

from typing import cast

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.endpoints.negotiation import choose_shape
from kubecapy.apiserver.endpoints.paths import Target
from kubecapy.apiserver.endpoints.rendering import IncludeObject, Renderer
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.clock import Clock

_INCLUDES = ("Metadata", "None", "Object")


class Call(msgspec.Struct, frozen=True):
    """One authenticated and authorized request for a resource."""

    request: web.BaseRequest
    user: UserInfo
    attributes: Attributes
    target: Target
    kind: ServedKind
    clock: Clock

    @property
    def key(self) -> ObjectKey:
        """The address of the one object that is meant."""
        return ObjectKey(self.target.namespace, self.target.name)

    def renderer(self) -> Renderer:
        """Return what writes objects as the request wants them.

        Raises:
            NotAcceptable: it wants what is not served.
            BadRequest: `includeObject` has a wrong value.
        """
        include = self.request.query.get("includeObject") or "Metadata"
        if include not in _INCLUDES:
            raise BadRequest(f'includeObject: Unsupported value: "{include}": supported values: Metadata, None, Object')
        return Renderer(
            kind=self.kind,
            shape=choose_shape(self.request.headers.get("Accept")),
            clock=self.clock,
            include=cast("IncludeObject", include),  # it is one of _INCLUDES
        )
