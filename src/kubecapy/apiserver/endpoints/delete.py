"""Answer delete and deletecollection."""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, NotFound, invalid
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.go_types import WrongType, read_as
from kubecapy.apimachinery.json_codec import DecodeError, convert, encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind, split_api_version
from kubecapy.apiserver.endpoints.bodies import MalformedMessage, Unreadable, decode_body, media_type, read_bytes
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.kinds import not_registered
from kubecapy.apiserver.endpoints.parameters import read_integer, read_list_options, refuse_dry_run
from kubecapy.apiserver.endpoints.read import selection_of
from kubecapy.apiserver.endpoints.responses import json_response, success_response
from kubecapy.apiserver.operations.deleting import DeleteOptions, ObjectDeleting, Propagation
from kubecapy.apiserver.operations.listing import list_page
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field
from kubecapy.apiserver.registry.strategies.errors import not_supported
from kubecapy.apiserver.storage.store import Store

_PROPAGATIONS = ("Foreground", "Background", "Orphan")
_OPTIONS = GroupVersionKind("meta.k8s.io", "v1", "DeleteOptions")
_TYPE = "meta/v1.DeleteOptions"


class _Preconditions(msgspec.Struct, frozen=True, rename="camel"):
    uid: str | None = None
    resource_version: str | None = None


class _Sent(msgspec.Struct, frozen=True, rename="camel"):
    """The wire form of metav1.DeleteOptions, with the fields in use."""

    grace_period_seconds: int | None = None
    propagation_policy: str | None = None
    orphan_dependents: bool | None = None
    preconditions: _Preconditions = _Preconditions()
    dry_run: tuple[str, ...] = ()


class DeleteEndpoint:
    """Deletes objects."""

    def __init__(self, store: Store, deleting: ObjectDeleting) -> None:
        """Delete with `deleting`; collections are listed from `store`."""
        self._store = store
        self._deleting = deleting

    async def delete(self, call: Call) -> web.Response:
        """Delete one object; answer with a Status where it is gone, with the object where it has to wait."""
        sent = await _read_options(call.request)
        deleted = await self._deleting.delete(call.kind, call.key, _options_of(sent))
        if deleted.is_gone and not call.kind.strategy.returns_deleted:
            return success_response(call.kind, deleted.record.decode()["metadata"])
        # Who asks for this in the old way is told that it is not over yet.
        is_accepted = not deleted.is_gone and sent.orphan_dependents is False
        return json_response(call.renderer().render_one(deleted.record), status=202 if is_accepted else 200)

    async def delete_collection(self, call: Call) -> web.Response:
        """Delete every selected object and answer with what was deleted, as it was before."""
        options = _options_of(await _read_options(call.request))
        page = list_page(self._store, selection_of(call), read_list_options(call.request.query))
        for record in page.records:
            try:
                await self._deleting.delete(call.kind, record.key, options)
            except NotFound:
                continue  # Race: somebody else was faster, which is what was asked for.
        return json_response(call.renderer().render_page(msgspec.structs.replace(page, remaining=None)))


async def _read_options(request: web.BaseRequest) -> _Sent:
    """Return what the body asks for, or the query where there is no body."""
    data = await read_bytes(request)
    value = _from_body(media_type(request), data) if data else _from_query(request.query)
    try:
        sent = convert(read_as(value, _TYPE).value, _Sent)
    except (WrongType, DecodeError) as error:
        raise BadRequest(str(error)) from error
    errors = list(_errors(sent))
    if errors:
        raise invalid(_OPTIONS.kind, _OPTIONS.group, "", errors)
    if sent.dry_run:
        refuse_dry_run({"dryRun": "All"})
    return sent


def _from_body(type_: str, data: bytes) -> JsonObject:
    try:
        value = decode_body(type_, data, _OPTIONS).value
    except (Unreadable, MalformedMessage) as error:
        raise BadRequest(str(error)) from error
    if value.get("kind") not in (None, "", _OPTIONS.kind):
        # Options are read by themselves there, where no other kind is known.
        group, version = split_api_version(value.get("apiVersion") or _OPTIONS.api_version)
        raise BadRequest(not_registered(GroupVersionKind(group, version, value["kind"])))
    return value


def _from_query(query: Mapping[str, str]) -> JsonObject:
    found: JsonObject = {}
    if "propagationPolicy" in query:
        found["propagationPolicy"] = query["propagationPolicy"]
    if "orphanDependents" in query:
        found["orphanDependents"] = query["orphanDependents"].lower() not in ("false", "0")
    seconds = read_integer(query, "gracePeriodSeconds")
    if seconds is not None:
        found["gracePeriodSeconds"] = seconds
    if query.get("dryRun"):
        found["dryRun"] = [query["dryRun"]]
    return found


def _errors(sent: _Sent) -> Iterator[FieldError]:
    """Yield what is wrong with delete options (k8s.io/apimachinery pkg/apis/meta/v1/validation)."""
    policy = sent.propagation_policy
    if policy is not None and sent.orphan_dependents is not None:
        yield invalid_field("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set")
    elif policy is not None and policy not in _PROPAGATIONS:
        yield not_supported("propagationPolicy", policy, (*_PROPAGATIONS, "nil"))
    if any(value != "All" for value in sent.dry_run):
        detail = f'Unsupported value: {encode(sent.dry_run).decode()}: supported values: "All"'
        yield FieldError("dryRun", "FieldValueNotSupported", detail)


def _options_of(sent: _Sent) -> DeleteOptions:
    if sent.orphan_dependents is not None:
        propagation: Propagation | None = "Orphan" if sent.orphan_dependents else "Background"
    else:
        propagation = cast("Propagation | None", sent.propagation_policy)  # it is one of _PROPAGATIONS
    return DeleteOptions(
        grace_seconds=sent.grace_period_seconds,
        propagation=propagation,
        uid=sent.preconditions.uid,
        resource_version=sent.preconditions.resource_version,
    )
