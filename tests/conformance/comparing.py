"""Compare what two servers answer: whole objects and whole Status bodies, less what is new in every run."""

import json
import re
from typing import Any

from tests.conformance.statuses import failure
from tests.raw_api import Reply

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EVERY_RUN = ("uid", "resourceVersion", "creationTimestamp", "managedFields")


def stored(obj: Any) -> Any:
    """Return an object without uid, revision, creation time and managed fields; its deletion time is `<time>`."""
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _EVERY_RUN}
    if "deletionTimestamp" in metadata:
        metadata["deletionTimestamp"] = "<time>"
    return {**obj, "metadata": metadata}


def told(reply: Reply) -> Any:
    """Return a Status with every uid as `<uid>`, and each cause once, for upstream checks some things twice."""
    return _masked(reply.body | _details(reply.body))


def _details(body: Any) -> dict[str, Any]:
    causes = body.get("details", {}).get("causes")
    if causes is None:
        return {}
    once = [cause for index, cause in enumerate(causes) if cause not in causes[:index]]
    return {"details": {**body["details"], "causes": once}}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return _UID.sub("<uid>", value) if isinstance(value, str) else value


def bad_request(message: str) -> Any:
    return failure(400, "BadRequest", message)


def not_found(resource: str, name: str) -> Any:
    kind, _, group = resource.partition(".")
    return failure(404, "NotFound", f'{resource} "{name}" not found', details=_about(name, group, kind))


def conflict(resource: str, name: str, why: str) -> Any:
    kind, _, group = resource.partition(".")
    message = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return failure(409, "Conflict", message, details=_about(name, group, kind))


def invalid(kind: str, name: str, *causes: tuple[str, str, str]) -> Any:
    """Return the Status of an object with wrong fields: path, reason without `FieldValue`, and message of each."""
    short, _, group = kind.partition(".")
    listed = [f"{path}: {message}" for path, _, message in causes]
    text = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    told_causes = [
        {"reason": f"FieldValue{reason}", "message": message, "field": path} for path, reason, message in causes
    ]
    details = {**_about(name, group, short), "causes": told_causes}
    return failure(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details=details)


def patched_and_why(reply: Reply) -> tuple[Any, str]:
    """Return the patched object that a refusal shows, and what it says about it."""
    (cause,) = reply.body["details"]["causes"]
    prefix = "Invalid value: "
    document, end = json.JSONDecoder().raw_decode(cause["message"].removeprefix(prefix))
    why = cause["message"][len(prefix) + end :].removeprefix(": ")
    message = f"patch: {cause['message']}"
    assert reply.body == failure(422, "Invalid", f' "" is invalid: {message}', details={"causes": [cause]})
    assert (cause["field"], cause["reason"]) == ("patch", "FieldValueInvalid")
    return json.loads(document), why


def _about(name: str, group: str, kind: str) -> dict[str, str]:
    found = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in found.items() if value}
