"""Refuse what a caller's roles do not allow, in Keystone's words."""

from kubecapy.devcloud.refusals import Refusal, forbidden


def denied(rule: str) -> Refusal:
    """Return the refusal where the policy's `rule` does not let the caller."""
    return forbidden(f"You are not authorized to perform the requested action: {rule}.")
