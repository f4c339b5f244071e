"""Say why a credential is not accepted."""

from typing import Final

AUTHENTICATED: Final = "system:authenticated"
"""Group of everybody who is known."""


class CredentialError(Exception):
    """A credential is malformed, wrong, expired or revoked; the message holds no part of it. Ask for a new one."""
