"""Say why a credential is not accepted."""

from typing import Final

AUTHENTICATED: Final = "system:authenticated"
"""Group of everybody who is known."""
CREDENTIAL_ID: Final = "authentication.kubernetes.io/credential-id"
"""Key of a user's facts that says which credential was shown, as audit logs want it."""


class CredentialError(Exception):
    """A credential is malformed, wrong, expired or revoked; the message holds no part of it. Ask for a new one."""


class TokenError(CredentialError):
    """A token that this server signed is not accepted; the message is in the API server's words, for reviews."""
