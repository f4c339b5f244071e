"""Apply the patch of a request to an object.

Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from kubecapy.apimachinery.errors import (
    BadRequest,
    InternalError,
    Invalid,
    RequestEntityTooLarge,
    StatusDetails,
    StatusError,
    UnsupportedMediaType,
    invalid,
)
from kubecapy.apimachinery.go_text import go_print
from kubecapy.apimachinery.json_duplicates import find_duplicates
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.patches import (
    MAX_OPERATIONS,
    PatchError,
    UnmergeablePatch,
    apply_json_patch,
    apply_merge_patch,
    apply_strategic_merge_patch,
)
from kubecapy.apiserver.endpoints.bodies import Unreadable, media_type, read_bytes, read_json, refuse_depth, type_word
from kubecapy.apiserver.operations.decoding import FieldValidation
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.strategies.errors import invalid as invalid_field

MERGE, JSON = "application/merge-patch+json", "application/json-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"
_OPERATION_FIELDS = ("op", "path", "from", "value")
_REFUSED = "the server rejected our request due to an error in our request"
"""All that kube-apiserver tells where a patch does not fit."""


class _Unexplained(InternalError):
    """What kube-apiserver replies for a Go error that is no status: 500, and no reason."""

    reason = ""


class Patched(msgspec.Struct, frozen=True):
    """What a patch made of an object."""

    obj: JsonObject
    findings: tuple[str, ...]
    """What is wrong with the text of the patch though it can be read."""
    shown: str
    """What a refusal shows of it."""

    def refused(self, why: str) -> Invalid:
        """Return the error for an object that does not fit its kind any more."""
        return invalid("", "", "", [invalid_field("patch", self.shown, why)])


Patch = Callable[[JsonObject], Patched]
"""Returns the wished object and leaves its argument alone; StatusError where it cannot be read or does not fit."""


async def read_patch(request: web.BaseRequest, kind: ServedKind, validation: FieldValidation) -> Patch:
    """Return the patch that `request` carries; it is decoded once there is something to patch.

    Raises:
        UnsupportedMediaType: the kind does not take patches of this type.
    """
    check_patch_type(request, kind)
    type_ = media_type(request)
    data = await read_bytes(request)
    match type_:
        case _ if type_ == JSON:
            return lambda obj: _apply_json(obj, data)
        case _ if type_ == MERGE:
            return lambda obj: _apply_merge(obj, data, validation)
        case _:
            return lambda obj: _apply_strategic(obj, data, kind, validation)


def check_patch_type(request: web.BaseRequest, kind: ServedKind) -> None:
    """Check that `kind` takes the patch that `request` carries.

    Raises:
        UnsupportedMediaType: it does not take patches of this type.
    """
    type_ = media_type(request)
    if type_ not in patch_types(kind):
        raise _unsupported(type_, kind)


def patch_types(kind: ServedKind) -> tuple[str, ...]:
    """Return the media types of patches that `kind` takes; strategic merge needs Go types, custom kinds have none."""
    return (JSON, MERGE) if kind.is_custom else (JSON, MERGE, STRATEGIC)


def _apply_json(obj: JsonObject, data: bytes) -> Patched:
    operations, findings = _operations(data)
    patched = _patched(lambda: apply_json_patch(obj, operations), findings, _does_not_fit)
    # Copying a value into itself makes it deeper than any body may be. What merges make is no deeper than the deeper of
    # the two.
    refuse_depth(patched.obj)
    return patched


def _apply_merge(obj: JsonObject, data: bytes, validation: FieldValidation) -> Patched:
    try:
        patch = _map(data)
    except Unreadable as error:
        raise BadRequest(f"error decoding patch: {error}") from error
    if patch is None:
        raise BadRequest("Invalid JSON Patch")
    return _patched(lambda: apply_merge_patch(obj, patch), _duplicates(data, validation), _does_not_fit)


def _apply_strategic(obj: JsonObject, data: bytes, kind: ServedKind, validation: FieldValidation) -> Patched:
    try:
        patch = _map(data) or {}
    except Unreadable as error:
        raise BadRequest(str(error)) from error
    findings = _duplicates(data, validation)
    patched = _patched(lambda: apply_strategic_merge_patch(obj, patch, kind.gvk), findings, _is_malformed)
    return msgspec.structs.replace(patched, shown=go_print(patch))


def _patched(
    work: Callable[[], Any], findings: tuple[str, ...], refuse: Callable[[PatchError], StatusError]
) -> Patched:
    try:
        result = work()
    except PatchError as error:
        raise refuse(error) from error
    return Patched(result, findings, msgspec.json.encode(result, order="sorted").decode())


def _does_not_fit(_error: PatchError) -> StatusError:
    return Invalid(_REFUSED, details=StatusDetails())


def _is_malformed(error: PatchError) -> StatusError:
    """Return what interpretStrategicMergePatchError makes of an error: what it does not know stays a server error."""
    return _Unexplained(str(error)) if isinstance(error, UnmergeablePatch) else BadRequest(str(error))


def _operations(data: bytes) -> tuple[list[Any], tuple[str, ...]]:
    try:
        operations = read_json(data)
        if operations is None:
            return [], ()
        if not isinstance(operations, list):
            raise _cannot_become(operations, "[]handlers.jsonPatchOp")
        for operation in operations:
            _check_operation(operation)
    except Unreadable as error:
        raise BadRequest(f"error decoding patch: {error}") from error
    if len(operations) > MAX_OPERATIONS:
        raise RequestEntityTooLarge(
            f"Request entity too large: The allowed maximum operations in a JSON patch is {MAX_OPERATIONS},"
            f" got {len(operations)}"
        )
    repeated = [f'json patch duplicate field "{path}"' for path in find_duplicates(data)]
    unknown = [
        f'json patch unknown field "[{index}].{name}"'
        for index, operation in enumerate(operations)
        for name in operation or ()
        if name not in _OPERATION_FIELDS
    ]
    return [operation or {} for operation in operations], (*repeated, *unknown)


def _check_operation(operation: Any) -> None:
    if operation is not None and not isinstance(operation, dict):
        raise _cannot_become(operation, "handlers.jsonPatchOp")
    for name in ("op", "path", "from"):
        value = operation.get(name) if operation else None
        if value is not None and not isinstance(value, str):
            word = "object" if isinstance(value, dict) else type_word(value)
            raise Unreadable(f"json: cannot unmarshal {word} into Go struct field jsonPatchOp.{name} of type string")


def _map(data: bytes) -> JsonObject | None:
    """Return the object in `data`; None where it is null."""
    patch = read_json(data)
    if patch is not None and not isinstance(patch, dict):
        raise _cannot_become(patch, "map[string]interface {}")
    return patch


def _cannot_become(value: Any, type_: str) -> Unreadable:
    word = "object" if isinstance(value, dict) else type_word(value)
    return Unreadable(f"json: cannot unmarshal {word} into Go value of type {type_}")


def _duplicates(data: bytes, validation: FieldValidation) -> tuple[str, ...]:
    if validation == "Ignore":
        return ()
    return tuple(f'duplicate field "{path}"' for path in find_duplicates(data))


def _unsupported(type_: str, kind: ServedKind) -> UnsupportedMediaType:
    accepted = ", ".join(patch_types(kind))
    if type_ == APPLY:
        return UnsupportedMediaType(
            f"server-side apply is not supported by this server: send a patch of one of these types: {accepted}"
        )
    if not kind.is_custom:
        return UnsupportedMediaType("415: Unsupported Media Type", details=StatusDetails())
    return UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    )
