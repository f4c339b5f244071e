"""Say no to a call in words that every service can render in its own form.

A rule of the world raises `Refusal`; the service that took the call turns it into its own JSON (Nova's
`{"badRequest": ...}`, Neutron's `{"NeutronError": ...}`, Keystone's `{"error": ...}`).
"""


class Refusal(Exception):
    """Ends a call with an HTTP error; nothing of the world was changed before it is raised."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        """Refuse with HTTP `status` and `message`; `kind` is Neutron's exception name (`PortNotFound`)."""
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


def bad_request(message: str, kind: str = "HTTPBadRequest") -> Refusal:
    """Return a refusal with status 400."""
    return Refusal(400, kind, message)


def unauthorized() -> Refusal:
    """Return Keystone's refusal with status 401: it never says what was wrong, so that nobody can probe."""
    return Refusal(401, "Unauthorized", "The request you have made requires authentication.")


def forbidden(message: str, kind: str = "HTTPForbidden") -> Refusal:
    """Return a refusal with status 403."""
    return Refusal(403, kind, message)


def not_found(message: str = "The resource could not be found.", kind: str = "HTTPNotFound") -> Refusal:
    """Return a refusal with status 404."""
    return Refusal(404, kind, message)


def conflict(message: str, kind: str = "HTTPConflict") -> Refusal:
    """Return a refusal with status 409."""
    return Refusal(409, kind, message)
