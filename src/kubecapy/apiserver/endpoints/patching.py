"""Apply the patch of a request to an object."""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest, Invalid, UnsupportedMediaType
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.patches import (
    PatchError,
    apply_json_patch,
    apply_merge_patch,
    apply_strategic_merge_patch,
)
from kubecapy.apiserver.endpoints.bodies import decode_json, decode_yaml, media_type, read_bytes, refuse_depth
from kubecapy.apiserver.registry.kinds import ServedKind

MERGE, JSON = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"


class Patch(msgspec.Struct, frozen=True):
    """A change of an object; `apply` returns the wished object and leaves its argument alone."""

    apply: Callable[[JsonObject], JsonObject]


async def read_patch(request: web.BaseRequest, kind: ServedKind) -> Patch:
    """Return the patch that `request` carries.

    Raises:
        UnsupportedMediaType: the kind does not take patches of this type.
        BadRequest: the patch cannot be read.
    """
    type_ = media_type(request)
    if type_ not in patch_types(kind):
        raise UnsupportedMediaType(_refusal(type_, kind))
    data = await read_bytes(request)
    patch = decode_yaml(data) if type_ == APPLY else decode_json(data)
    if type_ == JSON:
        if not isinstance(patch, list):
            raise BadRequest("a JSON patch must be a list of operations")
        return Patch(lambda obj: _shallow(_apply(lambda: apply_json_patch(obj, patch))))
    if not isinstance(patch, dict):
        raise BadRequest("a merge patch must be an object")
    if type_ == STRATEGIC:
        return Patch(lambda obj: _apply(lambda: apply_strategic_merge_patch(obj, patch, kind.gvk)))
    return Patch(lambda obj: _apply(lambda: apply_merge_patch(obj, patch)))


def patch_types(kind: ServedKind) -> tuple[str, ...]:
    """Return the media types of patches that `kind` takes; strategic merge needs Go types, custom kinds have none."""
    return (JSON, MERGE) if kind.is_custom else (JSON, MERGE, STRATEGIC)


def _apply(work: Callable[[], Any]) -> JsonObject:
    try:
        result = work()
    except PatchError as error:
        raise Invalid(f"the server rejected our request due to an error in our request: {error}") from error
    if not isinstance(result, dict):
        raise BadRequest("the patch turns the object into something that is no object")
    return result


def _shallow(obj: JsonObject) -> JsonObject:
    """Return `obj`; BadRequest where copying a value into itself made it deeper than any body may be.

    Merges put values at the depth that they had, so that what they make is no deeper than the deeper of the two.
    """
    refuse_depth(obj)
    return obj


def _refusal(type_: str, kind: ServedKind) -> str:
    accepted = ", ".join(patch_types(kind))
    if type_ == APPLY:
        return f"server-side apply is not supported by this server: send a patch of one of these types: {accepted}"
    return f"the body of the request was in an unknown format - accepted media types include: {accepted}"
