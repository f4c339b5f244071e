"""Answer create, update and patch, of objects and of their status and scale."""

from collections.abc import Callable, Mapping

from aiohttp import web

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.errors import not_found
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.apiserver.endpoints.bodies import check_kind, read_object_body
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.parameters import read_field_validation, refuse_dry_run
from kubecapy.apiserver.endpoints.patching import read_patch
from kubecapy.apiserver.endpoints.responses import json_response
from kubecapy.apiserver.interfaces import Admission
from kubecapy.apiserver.operations.scaling import scale_of, with_scale
from kubecapy.apiserver.operations.writing import ObjectWriting, Update, Written
from kubecapy.apiserver.registry.kinds import ScalePaths
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
        refuse_dry_run(call.request.query)
        renderer = call.renderer()
        obj = await read_object_body(call.request)
        check_kind(obj, call.kind)
        admission = self._admissions.get(call.kind.resource)
        written = await self._writing.create(
            call.kind,
            call.target.namespace,
            obj,
            validation=read_field_validation(call.request.query),
            admit=lambda new: admission.admit_create(call.user, call.attributes, new) if admission else new,
        )
        return json_response(renderer.render_one(written.record), status=201, warnings=written.warnings)

    async def update(self, call: Call) -> web.Response:
        """Replace an object, or its status, by the body and answer with what was stored."""
        refuse_dry_run(call.request.query)
        renderer = call.renderer()
        obj = await read_object_body(call.request)
        check_kind(obj, call.kind)
        written = await self.change(call, lambda _old: obj, is_replacement=True)
        return json_response(renderer.render_one(written.record), warnings=written.warnings)

    async def patch(self, call: Call) -> web.Response:
        """Apply the patch of the body and answer with what was stored."""
        refuse_dry_run(call.request.query)
        renderer = call.renderer()
        patch = await read_patch(call.request, call.kind)

        def change(old: JsonObject) -> JsonObject:
            wished = patch.apply(old)
            check_kind(wished, call.kind)
            return wished

        written = await self.change(call, change)
        return json_response(renderer.render_one(written.record), warnings=written.warnings)

    async def get_scale(self, call: Call, paths: ScalePaths) -> web.Response:
        """Answer with the Scale of an object."""
        record = self._store.collection(call.kind.resource).get(call.key)
        if record is None:
            raise not_found(call.kind.qualified_plural, call.key.name)
        return json_response(encode(scale_of(record.decode(), paths)))

    async def update_scale(self, call: Call, paths: ScalePaths) -> web.Response:
        """Set the replicas to those of the Scale in the body, or of the patched Scale."""
        refuse_dry_run(call.request.query)
        if call.request.method == "PATCH":
            patch = await read_patch(call.request, call.kind)
            written = await self.change(call, lambda old: with_scale(old, patch.apply(scale_of(old, paths)), paths))
        else:
            scale = await read_object_body(call.request)
            written = await self.change(call, lambda old: with_scale(old, scale, paths))
        return json_response(encode(scale_of(written.record.decode(), paths)))

    async def change(self, call: Call, change: Change, *, is_replacement: bool = False) -> Written:
        """Change the object of `call`, or its status where that is asked for, as its sender may."""
        part = call.target.subresource if call.target.subresource in _PARTS else ""
        return await self._change(call, change, part, is_replacement=is_replacement)

    async def change_status(self, call: Call, change: Change) -> Written:
        """Change the status of the object of `call`, whatever part is asked for."""
        return await self._change(call, change, "status", is_replacement=False)

    async def _change(self, call: Call, change: Change, part: str, *, is_replacement: bool) -> Written:
        admission = self._admissions.get(call.kind.resource)
        update = Update(
            change=change,
            part=part,
            validation=read_field_validation(call.request.query),
            admit=lambda old, new: admission.admit_update(call.user, call.attributes, old, new) if admission else new,
            is_replacement=is_replacement,
        )
        return await self._writing.update(call.kind, call.key, update)

    def stored(self, call: Call) -> JsonObject:
        """Return the object of `call` for a patch that somebody else will store; NotFound where it is absent."""
        record = self._store.latest(call.kind.resource, ObjectKey(call.target.namespace, call.target.name))
        if record is None:
            raise not_found(call.kind.qualified_plural, call.key.name)
        return record.decode()
