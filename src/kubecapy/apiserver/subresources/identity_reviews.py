"""Answer who a sender or a token is.

Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/.
"""

from typing import Final

from aiohttp import web

from kubecapy.apimachinery.errors import BadRequest
from kubecapy.apimachinery.meta import JsonObject, Value
from kubecapy.apimachinery.times import format_time
from kubecapy.apiserver.authentication import Authenticator
from kubecapy.apiserver.authentication.credentials import CredentialError, TokenError
from kubecapy.apiserver.authentication.description import describe
from kubecapy.apiserver.interfaces import Attributes, UserInfo
from kubecapy.apiserver.subresources.bodies import answer, read_spec
from kubecapy.clock import Clock

_API_VERSION: Final = "authentication.k8s.io/v1"
_INVALID: Final = "invalid bearer token"


class TokenReviewSpec(Value, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The token in question."""

    token: str = ""
    audiences: tuple[str, ...] = ()
    """Whom the token should be meant for; the API server itself where empty."""


class IdentityReviews:
    """Answers reviews of identities out of the authenticator's own decisions."""

    def __init__(self, authenticator: Authenticator, audience: str, clock: Clock) -> None:
        """Ask `authenticator`; `audience` is the server's own, and answers are dated by `clock`."""
        self._authenticator = authenticator
        self._audience = audience
        self._clock = clock

    async def review_self(
        self, _request: web.BaseRequest, user: UserInfo, _attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a SelfSubjectReview: who am I?"""
        dated = {**(body or {}), "metadata": {"creationTimestamp": format_time(self._clock.now())}}
        return answer(dated, _API_VERSION, "SelfSubjectReview", {"userInfo": describe(user)})

    async def review_token(
        self, _request: web.BaseRequest, _user: UserInfo, _attributes: Attributes, body: JsonObject | None
    ) -> JsonObject:
        """Answer a TokenReview: whose token is this, and for whom is it meant?"""
        spec = read_spec(body, "TokenReview", TokenReviewSpec)
        if not spec.token:
            raise BadRequest("token is required for TokenReview in authentication")
        return answer(body, _API_VERSION, "TokenReview", self._judge(spec))

    def _judge(self, spec: TokenReviewSpec) -> JsonObject:
        audiences = spec.audiences or (self._audience,)
        try:
            user = self._authenticator.authenticate_token(spec.token, audiences)
        except TokenError as error:
            return {"user": {}, "error": f"[{_INVALID}, {error}]"}
        except CredentialError:
            return {"user": {}, "error": _INVALID}
        accepted = [audience for audience in audiences if self._is_meant_for(spec.token, audience)]
        return {"authenticated": True, "user": describe(user), "audiences": accepted}

    def _is_meant_for(self, token: str, audience: str) -> bool:
        try:
            self._authenticator.authenticate_token(token, (audience,))
        except CredentialError:
            return False
        return True
