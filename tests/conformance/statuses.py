"""Build whole Status objects, as the API server words its refusals."""

from typing import Any


def failure(code: int, reason: str, message: str, details: Any = None) -> dict[str, Any]:
    """Return the Status of a refusal; without details there is no such key."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return status | {"reason": reason, "code": code} | ({} if details is None else {"details": details})


def invalid_options(*causes: tuple[str, str, str]) -> dict[str, Any]:
    """Return the Status of list options that do not go together; a cause is reason, field and sentence."""
    listed = ", ".join(f"{field}: {message}" for _, field, message in causes)
    whole = f"[{listed}]" if len(causes) > 1 else listed
    details = {
        "group": "meta.k8s.io",
        "kind": "ListOptions",
        "causes": [{"reason": reason, "message": message, "field": field} for reason, field, message in causes],
    }
    return failure(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {whole}', details)


NO_RESOURCE = failure(404, "NotFound", "the server could not find the requested resource", {})
NO_METHOD = failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})
NO_PAGE = "404 page not found\n"


def not_found(name: str, kind: str, group: str = "") -> dict[str, Any]:
    """Return the Status of an absent object."""
    qualified = f"{kind}.{group}" if group else kind
    details = {"name": name, "kind": kind} | ({"group": group} if group else {})
    return failure(404, "NotFound", f'{qualified} "{name}" not found', details)
