"""Refuse revisions that are still to come."""

from kubecapy.apimachinery.errors import ServerTimeout, StatusCause, StatusDetails

_RETRY_SECONDS = 1


def too_large_revision(asked: int, current: int) -> ServerTimeout:
    """Return the refusal of a revision that this server has not reached; the client may ask again soon.

    kube-apiserver waits for three seconds first, because another of its instances may be ahead of it; here there is
    no other. Source: k8s.io/apiserver pkg/storage/errors.go, NewTooLargeResourceVersionError.
    """
    cause = StatusCause(reason="ResourceVersionTooLarge", message="Too large resource version")
    details = StatusDetails(causes=(cause,), retry_after_seconds=_RETRY_SECONDS)
    return ServerTimeout(f"Timeout: Too large resource version: {asked}, current: {current}", details=details)
