"""Carry what every endpoint needs to know of one request."""

from collections.abc import Iterable
from typing import cast

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, NotAcceptable
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.apiserver.endpoints.negotiation import OBJECT_KINDS, choose_form
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
    warnings: list[str]
    """What the sender is told beside the reply; grows while the request is served."""

    def warn(self, texts: Iterable[str]) -> None:
        """Tell the sender `texts` beside the reply, whatever that will be."""
        self.warnings.extend(texts)

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
        form = choose_form(self.request.headers.get("Accept"), OBJECT_KINDS)
        if form.kind is not None:
            self._check_shape(form.kind.kind)
        include = self.request.query.get("includeObject") if form.shape == "table" else None
        if include and include not in _INCLUDES:
            raise BadRequest(
                "Unable to convert to Table as requested: includeObject: Invalid value:"
                f" \"{include}\": must be 'Metadata', 'Object', 'None', or empty"
            )
        return Renderer(
            kind=self.kind,
            form=form,
            clock=self.clock,
            include=cast("IncludeObject", include or "Metadata"),  # it is one of _INCLUDES
        )

    def _check_shape(self, kind: str) -> None:
        """Check that metadata is asked for as a list where a list is the answer, and only there."""
        is_list = self.attributes.verb in ("list", "deletecollection")
        if kind == ("PartialObjectMetadata" if is_list else "PartialObjectMetadataList"):
            article = "a list" if is_list else "not a list"
            raise NotAcceptable(
                f"you requested {kind}, but the requested object is {article} ({self._go_type(is_list=is_list)})"
            )

    def _go_type(self, *, is_list: bool) -> str:
        """Return the name that kube-apiserver's code has for the answer; clients see it in one message."""
        if self.kind.is_custom:
            return "*unstructured.UnstructuredList" if is_list else "*unstructured.Unstructured"
        package = self.kind.group.partition(".")[0] or "core"
        return f"*{package}.{self.kind.collection_kind if is_list else self.kind.kind}"
