"""Translate what the SDK raises where no answer came back, or no login, into the contract's errors.

Imported only together with the SDK.
"""

import re
from collections.abc import Iterator
from typing import Final

from keystoneauth1 import exceptions

from kubecapy.contract.errors import PermissionDenied, ProviderError, Throttled, Unavailable
from kubecapy.providers.openstack.cloud.identity import CloudIdentity
from kubecapy.providers.openstack.errors import DEFAULT_RETRY_SECONDS, LONGEST_RETRY_SECONDS, ServiceMissing

_CERTIFICATE: Final = re.compile(r"certificate verify failed: ([^(\"']+)")
_SYSTEM: Final = re.compile(r"\[Errno -?\d+\] ([^'\")]+)")
_SDK_SOURCE: Final = re.compile(r" \((HTTP \d+|Request-ID: [^)]*)\)")
_PATIENCE: Final = (exceptions.TooManyRequests, exceptions.RequestEntityTooLarge, exceptions.ServiceUnavailable)
_PROOFS: Final = ("password", "token", "application_credential_secret", "passcode")
_URL: Final = re.compile(r"https?://[^/\s]*[^/\s:.]")


def connection_error(error: exceptions.ClientException, doing: str, identity: CloudIdentity) -> ProviderError:
    """Return the error for a call that got no answer; its effect may have happened all the same."""
    _let_go(error)
    if isinstance(error, exceptions.EndpointNotFound):
        return ServiceMissing(f'{doing}: the catalog of cloud "{identity.name}" has no such service: {_short(error)}')
    return Unavailable(f"{doing}: {_why(error, identity)}")


def login_error(error: exceptions.ClientException, doing: str, identity: CloudIdentity) -> ProviderError:
    """Return the error for a login that was refused or did not come about."""
    # keystoneauth calls every failure to read Keystone's versions a failed discovery, that of a proxy that is down too.
    answer = next((cause for cause in _chain(error) if isinstance(cause, exceptions.HttpError)), error)
    wait = _wait_asked_for(answer)
    _let_go(error)
    for cause in _chain(error):
        if isinstance(cause, exceptions.SSLError | exceptions.ConnectionError):
            return Unavailable(f"{doing}: {_why(cause, identity)}")
    where = f'cloud "{identity.name}" in {identity.source}'
    if wait:
        message = f"{doing}: the login to {where} was refused: {_short(answer)}"
        return Throttled(message, retry_after_seconds=wait)
    if _is_refusal(answer):
        words = _without_secrets(_short(answer), identity)
        return PermissionDenied(
            f"{doing}: the login{_user(identity)} to {where} was refused; {_to_check(identity)}: {words}"
        )
    if isinstance(answer, exceptions.NotFound | exceptions.DiscoveryFailure):
        return PermissionDenied(f"{doing}: there is no Keystone at the auth_url of {where}: {_short(answer)}")
    return Unavailable(f"{doing}: the login to {where} failed: {_short(answer)}")


def _is_refusal(error: BaseException) -> bool:
    """Return whether Keystone itself refused the login.

    A token or application credential that it does not know, it answers with 404: that is no missing Keystone, which
    would put no request id on its answer.
    """
    if isinstance(error, exceptions.NotFound):
        return bool(error.request_id) and str(error.url or "").endswith("/auth/tokens")
    return isinstance(error, exceptions.Unauthorized | exceptions.Forbidden)


def _wait_asked_for(error: BaseException) -> float:
    """Return for how many seconds Keystone wants to be left alone; 0 where it does not say so.

    Of a Retry-After that is a date the guess is taken: nothing here knows the time.
    """
    if not isinstance(error, _PATIENCE):
        return 0.0
    header = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    if header.isdigit():
        return min(float(header), LONGEST_RETRY_SECONDS)
    return DEFAULT_RETRY_SECONDS if header or isinstance(error, exceptions.TooManyRequests) else 0.0


def _let_go(error: exceptions.ClientException) -> None:
    """Part an error from the exchange that it came of: from the frames and the answer that it holds.

    They hold the request, passwords and user data included, and keep its connection open, while the error lives.
    """
    for cause in _chain(error):
        cause.with_traceback(None)
        if isinstance(cause, exceptions.HttpError):
            cause.response = None


def _why(error: BaseException, identity: CloudIdentity) -> str:
    text = str(error)
    url = _URL.search(text)
    place = url.group() if url else f'cloud "{identity.name}"'
    if isinstance(error, exceptions.SSLError):
        return _tls_sentence(text, place, identity)
    if isinstance(error, exceptions.ConnectTimeout):
        return f"{place} did not answer in time"
    system = _SYSTEM.search(text)
    return f"{place} cannot be reached: {system.group(1) if system else 'the connection broke'}"


def _tls_sentence(text: str, place: str, identity: CloudIdentity) -> str:
    found = _CERTIFICATE.search(text)
    if found is None:
        return f"{place} does not speak TLS as expected"
    detail = found.group(1).strip()
    trusted = (
        f'the CA that "cacert" of cloud "{identity.name}" in {identity.source} names'
        if identity.ca
        else f'this system; give its CA as "cacert" of cloud "{identity.name}" in {identity.source}'
    )
    return f"the certificate of {place} is not trusted by {trusted} ({detail})"


def _user(identity: CloudIdentity) -> str:
    """Return who tries to log in, as far as that is no secret: an application credential, a user, or nobody."""
    auth = identity.entry.reveal().get("auth") or {}
    credential = auth.get("application_credential_id") or auth.get("application_credential_name")
    name = credential or auth.get("username") or auth.get("user_id")
    return f' of "{name}"' if name else ""


def _to_check(identity: CloudIdentity) -> str:
    kind = str(identity.entry.reveal().get("auth_type") or "password")
    if "applicationcredential" in kind:
        return "check the application credential, its secret and whether it has expired"
    if "token" in kind:
        return "check whether the token has expired, and the project"
    return "check user, password, domain and project"


def _without_secrets(text: str, identity: CloudIdentity) -> str:
    """Return `text` with nothing in it of what proves the login: some of Keystone's sentences name the token."""
    auth = identity.entry.reveal().get("auth") or {}
    for name in _PROOFS:
        if auth.get(name):
            text = text.replace(str(auth[name]), "***")
    return text


def _short(error: BaseException) -> str:
    """Return the SDK's sentence; that of an answer ends as those of all services do."""
    if isinstance(error, exceptions.HttpError):
        source = ", ".join(part for part in (f"identity {error.http_status}", error.request_id) if part)
        return f"{_one_line(_SDK_SOURCE.sub('', str(error.message)))} ({source})"
    return _one_line(str(error))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300].rstrip(".")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
