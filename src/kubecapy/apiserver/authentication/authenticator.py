"""Ask each kind of credential in turn who sends a request.

    client certificate        CN is the user, each O a group
    bearer token              id.secret           a joining kubelet's bootstrap token
                              header.claims.sig   a service account's token
    nothing                   system:anonymous, where that is allowed

A credential that is offered and wrong refuses the request, whatever else would have been allowed to anonymous.
Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/.
"""

from typing import Final

from kubecapy.apimachinery.errors import Unauthorized
from kubecapy.apiserver.authentication.bootstrap_tokens import BootstrapTokens
from kubecapy.apiserver.authentication.client_certificates import ClientCertificates
from kubecapy.apiserver.authentication.credentials import CredentialError
from kubecapy.apiserver.authentication.service_account_tokens import TokenVerifier
from kubecapy.apiserver.interfaces import ObjectReader, UserInfo
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.clock import Clock

ANONYMOUS: Final = UserInfo(name="system:anonymous", groups=("system:unauthenticated",))
"""Who sends a request without credentials."""


class Authenticator:
    """Finds out who sends a request; keeps no state but caches of what was verified."""

    def __init__(self, settings: ApiServerSettings, reader: ObjectReader, clock: Clock) -> None:
        """Read the public key of service accounts and prepare the checks that the settings ask for."""
        self._anonymous_auth = settings.anonymous_auth
        self._certificates = ClientCertificates()
        self._bootstrap_tokens = BootstrapTokens(reader, clock) if settings.bootstrap_token_auth else None
        key = settings.service_account_public_key
        self._service_account_tokens = (
            TokenVerifier(key.read_bytes(), settings.service_account_issuer, reader, clock) if key else None
        )
        self._audience = settings.service_account_audience

    def authenticate(self, peer_certificate_der: bytes | None, authorization_header: str | None) -> UserInfo:
        """Return the sender of a request.

        Args:
            peer_certificate_der: The client certificate, already verified against the client authority.
            authorization_header: The header as sent; other schemes than Bearer are no credential here.

        Raises:
            Unauthorized: a credential is wrong, or there is none and anonymous requests are not allowed. The message
                never says what was wrong; the cause does, for logs.
        """
        if peer_certificate_der is not None:
            return self._certificates.user_of(peer_certificate_der)
        token = _bearer_token(authorization_header)
        if token is not None:
            try:
                return self.authenticate_token(token, (self._audience,))
            except CredentialError as error:
                raise Unauthorized("Unauthorized") from error
        if self._anonymous_auth:
            return ANONYMOUS
        raise Unauthorized("Unauthorized")

    def authenticate_token(self, token: str, audiences: tuple[str, ...]) -> UserInfo:
        """Return whom `token` stands for; a service account's token must be meant for one of `audiences`.

        Raises:
            CredentialError: the token is of no known kind, wrong or expired.
        """
        if self._bootstrap_tokens is not None and self._bootstrap_tokens.is_well_formed(token):
            return self._bootstrap_tokens.user_of(token)
        if self._service_account_tokens is not None and token.count(".") == 2:
            return self._service_account_tokens.user_of(token, audiences)
        raise CredentialError("the token is of no kind that this server accepts")


def _bearer_token(header: str | None) -> str | None:
    """Return the token of a Bearer header; None where the header is absent, empty or of another scheme."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
