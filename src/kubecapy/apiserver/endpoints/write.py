"""Answer create, update and patch, of objects and of their status."""

from collections.abc import Callable, Mapping

from aiohttp import web

from kubecapy.apimachinery.errors import not_found
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.bodies import read_body
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.kinds import check_kind, check_patched_kind
from kubecapy.apiserver.endpoints.parameters import read_write_options
from kubecapy.apiserver.endpoints.patching import Patched, check_patch_type, read_patch
from kubecapy.apiserver.endpoints.responses import json_response
from kubecapy.apiserver.interfaces import Admission
from kubecapy.apiserver.operations.decoding import FieldValidation, Misfit, fit, read_sent
from kubecapy.apiserver.operations.identity import check_address
from kubecapy.apiserver.operations.metadata import drop_repeated_owners
from kubecapy.apiserver.operations.writing import ObjectWriting, Update, Written
from kubecapy.apiserver.storage.store import Store

_PARTS = ("status", "finalize")
"""Subresources that are a part of the object; others are actions on the whole of it."""

Change = Callable[[JsonObject], JsonObject]


class WriteEndpoint:
    """Writes objects, admitted by the rules of who may say what about whom."""

    def __init__(self, store: Store, writing: ObjectWriting, admissions: Mapping[tuple[str, str], Admission]) -> None:
        """Write with `writing`; `admissions` go by group and plural."""
        self._store = store
        self._writing = writing
        self._admissions = admissions

    async def create(self, call: Call) -> web.Response:
        """Store the object of the body and answer with what was stored."""
        renderer = call.renderer()
        written = await self._create(call, await read_object(call, "CreateOptions"))
        call.warn(written.warnings)
        return json_response(renderer.render_one(written.record), status=201)

    async def update(self, call: Call) -> web.Response:
        """Replace an object, or its status, by the body and answer with what was stored."""
        renderer = call.renderer()
        sent = await read_object(call, "UpdateOptions")
        check_address(call.kind, call.key, sent)
        if call.kind.strategy.creates_on_update and not self._exists(call):
            written = await self._create(call, sent)
        else:
            written = await self.change(call, lambda _old: sent, is_replacement=True)
        call.warn(written.warnings)
        return json_response(renderer.render_one(written.record), status=201 if written.is_new else 200)

    async def patch(self, call: Call) -> web.Response:
        """Apply the patch of the body and answer with what was stored."""
        renderer = call.renderer()
        check_patch_type(call.request, call.kind)
        validation = read_write_options(call.request.query, "PatchOptions")
        patch = await read_patch(call.request, call.kind, validation)
        written = await self.change(call, lambda old: wished(call, patch(old), validation))
        call.warn(written.warnings)
        return json_response(renderer.render_one(written.record))

    async def change(self, call: Call, change: Change, *, is_replacement: bool = False) -> Written:
        """Change the object of `call`, or its status where that is asked for, as its sender may."""
        part = call.target.subresource if call.target.subresource in _PARTS else ""
        return await self._change(call, change, part, is_replacement=is_replacement)

    async def change_status(self, call: Call, change: Change) -> Written:
        """Change the status of the object of `call`, whatever part is asked for."""
        return await self._change(call, change, "status", is_replacement=False)

    async def _create(self, call: Call, sent: JsonObject) -> Written:
        admission = self._admissions.get(call.kind.resource)
        return await self._writing.create(
            call.kind,
            call.target.namespace,
            sent,
            admit=lambda new: admission.admit_create(call.user, call.attributes, new) if admission else new,
        )

    async def _change(self, call: Call, change: Change, part: str, *, is_replacement: bool) -> Written:
        admission = self._admissions.get(call.kind.resource)
        update = Update(
            change=change,
            part=part,
            admit=lambda old, new: admission.admit_update(call.user, call.attributes, old, new) if admission else new,
            is_replacement=is_replacement,
        )
        return await self._writing.update(call.kind, call.key, update)

    def _exists(self, call: Call) -> bool:
        return self._store.latest(call.kind.resource, call.key) is not None

    def stored(self, call: Call) -> JsonObject:
        """Return the object of `call`; NotFound where it is absent."""
        record = self._store.latest(call.kind.resource, call.key)
        if record is None:
            raise not_found(call.kind.qualified_plural, call.key.name)
        return record.decode()


async def read_object(call: Call, options: str) -> JsonObject:
    """Return the object in the body, as its kind has it.

    Args:
        call: The request; its sender is warned of what is wrong and taken all the same.
        options: What the query is in errors about it.

    Raises:
        BadRequest: the body is of another kind, or has a wrong form.
        UnsupportedMediaType: nobody knows how to read it.
    """
    validation = read_write_options(call.request.query, options)
    body = await read_body(call.request, call.kind.gvk, validation)
    check_kind(call.kind, body)
    sent = read_sent(call.kind, body.value, validation, body.findings)
    call.warn((*sent.warnings, *drop_repeated_owners(sent.obj)))
    return sent.obj


def wished(call: Call, patched: Patched, validation: FieldValidation) -> JsonObject:
    """Return what a patch made of an object, as its kind has it; the sender is warned as by `read_object`.

    Raises:
        Invalid: it is of another kind, or has a wrong form.
    """
    try:
        check_patched_kind(call.kind, patched.obj, patched.shown)
        sent = fit(call.kind, patched.obj, validation, patched.findings)
    except Misfit as error:
        raise patched.refused(str(error)) from error
    call.warn((*sent.warnings, *drop_repeated_owners(sent.obj, is_patch=True)))
    return sent.obj
