"""Name what the Kubernetes API refused, by what the caller should do.

    StatusError                 any reply that is not a success; carries code, reason, details
    ├── BadRequest        400   change the request
    ├── Unauthorized      401   renew the credentials
    ├── Forbidden         403   a human must grant rights
    ├── NotFound          404   the object is gone or not there yet
    ├── MethodNotAllowed  405   the resource has no such verb
    ├── NotAcceptable     406   ask for another content type
    ├── AlreadyExists     409   find it instead
    ├── Conflict          409   read again, decide again
    ├── Gone              410   list again (also reason Expired)
    ├── RequestEntityTooLarge 413 send less
    ├── UnsupportedMediaType 415
    ├── Invalid           422   change the named fields
    ├── TooManyRequests   429   wait retry_after seconds
    ├── InternalError     500   retry later
    ├── ServiceUnavailable 503  retry later
    └── ServerTimeout     504   retry later

Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md,
section "Response Status Kind".
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import Value


class StatusCause(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One reason among several, such as one wrong field."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the failure was about."""

    name: str = ""
    group: str = ""
    kind: str = ""
    """The plural resource name, despite the key."""
    uid: str = ""
    causes: tuple[StatusCause, ...] = ()
    retry_after_seconds: int | None = None


class Status(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The API's answer where it is not an object."""

    api_version: str = "v1"
    kind: str = "Status"
    metadata: Mapping[str, str] | None = None
    status: str = "Failure"
    message: str = ""
    reason: str = ""
    details: StatusDetails | None = None
    code: int = 0


class StatusError(Exception):
    """A reply of the API that is not a success; subclasses say what to do."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"

    def __init__(
        self, message: str, *, details: StatusDetails | None = None, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Keep the message as kubectl shows it, the details, and what lists say of themselves, such as `continue`."""
        super().__init__(message)
        self.message = message
        self.details = details
        self.metadata = metadata

    def to_status(self) -> Status:
        """Return the Status object that says this on the wire."""
        return Status(
            metadata=self.metadata, message=self.message, reason=self.reason, details=self.details, code=self.code
        )


class BadRequest(StatusError):
    """The request itself is malformed; change it."""

    code, reason = 400, "BadRequest"


class Unauthorized(StatusError):
    """Nobody known sent the request; renew the credentials."""

    code, reason = 401, "Unauthorized"


class Forbidden(StatusError):
    """The sender may not do this; a human must grant the right."""

    code, reason = 403, "Forbidden"


class NotFound(StatusError):
    """The object is gone or not there yet."""

    code, reason = 404, "NotFound"


class MethodNotAllowed(StatusError):
    """The resource has no such verb."""

    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(StatusError):
    """No offered content type can be served."""

    code, reason = 406, "NotAcceptable"


class AlreadyExists(StatusError):
    """An object of this name exists; find it instead."""

    code, reason = 409, "AlreadyExists"


class Conflict(StatusError):
    """The object changed since it was read; read again and decide again."""

    code, reason = 409, "Conflict"


class Gone(StatusError):
    """The asked revision is compacted; list again."""

    code, reason = 410, "Expired"


class RequestEntityTooLarge(StatusError):
    """The body is larger than the server takes; send less."""

    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(StatusError):
    """The body's content type is not understood."""

    code, reason = 415, "UnsupportedMediaType"


class Invalid(StatusError):
    """Fields of the object are wrong; change the fields that the causes name."""

    code, reason = 422, "Invalid"


class TooManyRequests(StatusError):
    """Wait `details.retry_after_seconds`, then send again."""

    code, reason = 429, "TooManyRequests"


class InternalError(StatusError):
    """The server failed; retry later."""

    code, reason = 500, "InternalError"


class ServiceUnavailable(StatusError):
    """The server cannot serve now; retry later."""

    code, reason = 503, "ServiceUnavailable"


class ServerTimeout(StatusError):
    """The server took too long; retry later."""

    code, reason = 504, "Timeout"


_KNOWN: tuple[type[StatusError], ...] = (
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    AlreadyExists,
    Conflict,
    Gone,
    RequestEntityTooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyRequests,
    InternalError,
    ServiceUnavailable,
    ServerTimeout,
)


def error_from_status(status: Status) -> StatusError:
    """Return the exception of a failure `status`; the reason decides, then the code, else InternalError."""
    by_reason = {known.reason: known for known in _KNOWN} | {"Gone": Gone, "ServerTimeout": ServerTimeout}
    by_code = {known.code: known for known in reversed(_KNOWN)}
    kind = by_reason.get(status.reason) or by_code.get(status.code) or InternalError
    return kind(status.message or status.reason or "unknown failure", details=status.details)


def not_found(qualified_plural: str, name: str) -> NotFound:
    """Return the error in the API server's words: `machines.cluster.k8s.io "m" not found`."""
    kind, _, group = qualified_plural.partition(".")
    details = StatusDetails(name=name, kind=kind, group=group)
    return NotFound(f'{qualified_plural} "{name}" not found', details=details)


def already_exists(qualified_plural: str, name: str) -> AlreadyExists:
    """Return the error in the API server's words."""
    kind, _, group = qualified_plural.partition(".")
    details = StatusDetails(name=name, kind=kind, group=group)
    return AlreadyExists(f'{qualified_plural} "{name}" already exists', details=details)


def conflict(qualified_plural: str, name: str, why: str) -> Conflict:
    """Return the error in the API server's words; `why` ends the sentence."""
    kind, _, group = qualified_plural.partition(".")
    details = StatusDetails(name=name, kind=kind, group=group)
    return Conflict(f'Operation cannot be fulfilled on {qualified_plural} "{name}": {why}', details=details)


def invalid(kind: str, group: str, name: str, errors: Sequence[FieldError]) -> Invalid:
    """Return the error that lists every wrong field, as `The Machine "m" is invalid: ...` reads in kubectl.

    What is found twice is two causes and told once (k8s.io/apimachinery field.ErrorList, ToAggregate).
    """
    causes = tuple(StatusCause(reason=e.type, message=e.detail, field=e.path) for e in errors)
    told = dict.fromkeys(str(error) for error in errors)
    listed = ", ".join(told)
    body = f"[{listed}]" if len(told) > 1 else listed
    qualified = f"{kind}.{group}" if group else kind
    details = StatusDetails(name=name, group=group, kind=kind, causes=causes)
    return Invalid(f'{qualified} "{name}" is invalid: {body}', details=details)
