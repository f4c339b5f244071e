"""Answer delete and deletecollection."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from aiohttp import web

from kubecapy.apimachinery.codec import DecodeError, convert
from kubecapy.apimachinery.errors import BadRequest, NotFound
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.bodies import read_bytes, read_object_body
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.parameters import read_integer, read_list_options, refuse_dry_run
from kubecapy.apiserver.endpoints.read import selection_of
from kubecapy.apiserver.endpoints.responses import json_response, success_response
from kubecapy.apiserver.operations.deleting import DeleteOptions, ObjectDeleting, Propagation
from kubecapy.apiserver.operations.listing import Page, list_page
from kubecapy.apiserver.storage.store import Store

_PROPAGATIONS = ("Background", "Foreground", "Orphan")


class _Preconditions(msgspec.Struct, frozen=True, rename="camel"):
    uid: str | None = None
    resource_version: str | None = None


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    """The wire form of metav1.DeleteOptions, with the fields in use."""

    grace_period_seconds: int | None = None
    propagation_policy: str | None = None
    orphan_dependents: bool | None = None
    preconditions: _Preconditions | None = None
    dry_run: tuple[str, ...] | None = None


class DeleteEndpoint:
    """Deletes objects."""

    def __init__(self, store: Store, deleting: ObjectDeleting) -> None:
        """Delete with `deleting`; collections are listed from `store`."""
        self._store = store
        self._deleting = deleting

    async def delete(self, call: Call) -> web.Response:
        """Delete one object; answer with a Status where it is gone, with the object where it has to wait."""
        options = await _read_options(call.request)
        deleted = await self._deleting.delete(call.kind, call.key, options)
        if deleted.is_gone:
            return success_response(call.kind, deleted.record.decode()["metadata"])
        return json_response(call.renderer().render_one(deleted.record))

    async def delete_collection(self, call: Call) -> web.Response:
        """Delete every selected object and answer with what was deleted."""
        options = await _read_options(call.request)
        page = list_page(self._store, selection_of(call), read_list_options(call.request.query))
        deleted = []
        for record in page.records:
            try:
                deleted.append((await self._deleting.delete(call.kind, record.key, options)).record)
            except NotFound:
                continue  # Race: somebody else was faster, which is what was asked for.
        return json_response(call.renderer().render_page(Page(deleted, self._store.revision)))


async def _read_options(request: web.BaseRequest) -> DeleteOptions:
    """Return what the body and the query ask for; the body wins."""
    refuse_dry_run(request.query)
    body: JsonObject = await read_object_body(request) if await read_bytes(request) else {}
    try:
        sent = convert(_from_query(request.query) | body, _Body)
    except DecodeError as error:
        raise BadRequest(f"DeleteOptions: {error}") from error
    if sent.dry_run:
        refuse_dry_run({"dryRun": "All"})
    preconditions = sent.preconditions or _Preconditions()
    if sent.grace_period_seconds is not None and sent.grace_period_seconds < 0:
        raise BadRequest("gracePeriodSeconds: expected a number of at least 0")
    return DeleteOptions(
        grace_seconds=sent.grace_period_seconds,
        propagation=_propagation(sent),
        uid=preconditions.uid or "",
        resource_version=preconditions.resource_version or "",
    )


def _from_query(query: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if query.get("propagationPolicy"):
        found["propagationPolicy"] = query["propagationPolicy"]
    seconds = read_integer(query, "gracePeriodSeconds")
    if seconds is not None:
        found["gracePeriodSeconds"] = seconds
    return found


def _propagation(sent: _Body) -> Propagation | None:
    if sent.propagation_policy is None:
        return None if sent.orphan_dependents is None else "Orphan" if sent.orphan_dependents else "Background"
    if sent.propagation_policy not in _PROPAGATIONS:
        listed = ", ".join(_PROPAGATIONS)
        raise BadRequest(
            f'propagationPolicy: Unsupported value: "{sent.propagation_policy}": supported values: {listed}'
        )
    return cast("Propagation", sent.propagation_policy)  # it is one of _PROPAGATIONS
