"""Answer for the scale of an object: an autoscaling/v1 Scale in place of the whole of it."""

from collections.abc import Callable

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import InternalError, StatusCause, StatusDetails
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.parameters import read_write_options
from kubecapy.apiserver.endpoints.patching import check_patch_type, read_patch
from kubecapy.apiserver.endpoints.responses import json_response
from kubecapy.apiserver.endpoints.write import WriteEndpoint, read_object, wished
from kubecapy.apiserver.operations.identity import check_address
from kubecapy.apiserver.operations.scaling import refuse_negative, scale_of, with_scale
from kubecapy.apiserver.registry.access import read
from kubecapy.apiserver.registry.builtin.scale import BUILT_IN_SCALE, CUSTOM_SCALE
from kubecapy.apiserver.registry.kinds import ScalePaths

MakeScale = Callable[[JsonObject], JsonObject]
"""Returns the Scale that is wished, given the object as it is."""


class ScaleEndpoint:
    """Shows and sets the replicas of objects."""

    def __init__(self, write: WriteEndpoint) -> None:
        """Change objects with `write`."""
        self._write = write

    async def serve(self, call: Call, paths: ScalePaths) -> web.Response:
        """Answer with the Scale of an object, changed before where that is asked for."""
        scale_call = msgspec.structs.replace(call, kind=CUSTOM_SCALE if call.kind.is_custom else BUILT_IN_SCALE)
        # What cannot be shown is refused before anything is written.
        renderer = scale_call.renderer()
        match call.attributes.verb:
            case "update":
                scale = await self._replaced(call, scale_call, paths)
            case "patch":
                scale = await self._patched(call, scale_call, paths)
            case _:
                scale = self._shown(call, paths)
        return json_response(renderer.render_part(scale))

    def _shown(self, call: Call, paths: ScalePaths) -> JsonObject:
        obj = self._write.stored(call)
        if read(obj, *paths.spec_replicas) is None:
            why = f'the spec replicas field ".{".".join(paths.spec_replicas)}" does not exist'
            details = StatusDetails(causes=(StatusCause(message=why),))
            raise InternalError(f"Internal error occurred: {why}", details=details)
        return scale_of(obj, paths)

    async def _replaced(self, call: Call, scale_call: Call, paths: ScalePaths) -> JsonObject:
        sent = await read_object(scale_call, "UpdateOptions")
        return await self._set(call, paths, lambda _old: sent)

    async def _patched(self, call: Call, scale_call: Call, paths: ScalePaths) -> JsonObject:
        # Custom kinds take other patches than built-in ones, and so do their scales.
        taker = call.kind if call.kind.is_custom else scale_call.kind
        check_patch_type(call.request, taker)
        validation = read_write_options(call.request.query, "PatchOptions")
        patch = await read_patch(call.request, taker, validation)
        return await self._set(call, paths, lambda old: wished(scale_call, patch(scale_of(old, paths)), validation))

    async def _set(self, call: Call, paths: ScalePaths, make: MakeScale) -> JsonObject:
        def change(old: JsonObject) -> JsonObject:
            scale = make(old)
            check_address(call.kind, call.key, scale)
            if not call.kind.is_custom:
                refuse_negative(scale)
            return with_scale(old, scale, paths)

        written = await self._write.change(call, change, is_replacement=True)
        return scale_of(written.record.decode(), paths)
