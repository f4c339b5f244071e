"""Apply JSON patches: lists of operations on paths.

Source: RFC 6902, by way of the jsonpatch library.
"""

from collections.abc import Sequence
from typing import Any

import jsonpatch
import jsonpointer

from kubecapy.apimachinery.meta import JsonObject

MAX_OPERATIONS = 10_000
"""Limit: kube-apiserver refuses longer JSON patches too (apiserver/pkg/endpoints/handlers/patch.go)."""


class PatchError(ValueError):
    """A patch is malformed or does not fit its target; the sender must change it. `str()` is one sentence."""


def apply_json_patch(target: JsonObject, operations: Sequence[Any]) -> JsonObject:
    """Return `target` with all `operations` applied in order; `target` stays untouched.

    Raises:
        PatchError: an operation is malformed, its path does not exist, a `test` fails, or the result is no object.
    """
    if not isinstance(operations, list | tuple) or not all(isinstance(operation, dict) for operation in operations):
        raise PatchError("expected a JSON patch: a list of objects with op and path")
    if len(operations) > MAX_OPERATIONS:
        raise PatchError(f"a JSON patch has at most {MAX_OPERATIONS} operations, this one has {len(operations)}")
    try:
        result = jsonpatch.JsonPatch(list(operations)).apply(target)
    except jsonpatch.JsonPatchTestFailed as error:
        raise PatchError(f"a test operation of the JSON patch failed: {_first_line(error)}") from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError) as error:
        raise PatchError(f"the JSON patch does not fit the object: {_first_line(error)}") from error
    if not isinstance(result, dict):
        raise PatchError("the JSON patch replaces the object by something that is no object")
    return result


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
