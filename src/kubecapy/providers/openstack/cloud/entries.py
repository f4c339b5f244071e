"""Check one cloud's entry of a clouds.yaml: what is missing, contradicts itself or would be guessed has its sentence.

What the SDK would choose in silence is refused: the first of several regions, a vendor's profile, a text that counts as
"do not verify", fields that the kind of login does not look at.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kubecapy.apimachinery.meta import JsonObject

Choice = tuple[str, ...]
"""Fields of `auth` of which one must be there; a sentence names the first."""

_REQUIRED: Final[Mapping[str, Sequence[Choice]]] = {
    "password": (("username", "user_id"), ("password",)),
    "token": (("token",),),
    "applicationcredential": (
        ("application_credential_id", "application_credential_name"),
        ("application_credential_secret",),
    ),
}
"""By the kind of login, without its version; other kinds are the SDK's to check."""
_KIND_OF_FIELD: Final[Mapping[str, str]] = {
    "application_credential_id": "v3applicationcredential",
    "application_credential_name": "v3applicationcredential",
    "application_credential_secret": "v3applicationcredential",
    "token": "v3token",
}
"""Fields of `auth` that a password has no use for, and the `auth_type` that has."""
_SCOPES: Final = ("project_id", "project_name", "tenant_id", "tenant_name", "domain_id", "domain_name", "system_scope")
_GUESSES: Final = ("profile", "cloud")
"""Keys that merge in settings from elsewhere, some of them over the network."""


class CloudsFileError(Exception):
    """A clouds.yaml cannot be used; the message is one sentence that names the file and what is wrong."""


def checked_entry(entry: Mapping[str, Any], where: str) -> JsonObject:  # Any: what a person wrote
    """Return `entry`; where it has `verify` or `insecure`, with a `verify` that is true or false in place of both.

    Raises:
        CloudsFileError: it cannot be used; the sentence begins with `where`.
    """
    auth = entry.get("auth")
    if not isinstance(auth, dict):
        raise CloudsFileError(f'{where} has no mapping "auth"')
    if not auth.get("auth_url"):
        raise CloudsFileError(f'{where} has no "auth.auth_url"')
    _check_login(str(entry.get("auth_type") or "password"), auth, where)
    _check_choices(entry, where)
    verify = _truth(entry, "verify", where, otherwise=True)
    insecure = _truth(entry, "insecure", where, otherwise=False)
    # The SDK takes any text for true: `insecure: "false"` would turn the verification off.
    rest = {key: value for key, value in entry.items() if key not in ("verify", "insecure")}
    return rest if len(rest) == len(entry) else {**rest, "verify": verify and not insecure}


def _check_login(auth_type: str, auth: Mapping[str, Any], where: str) -> None:
    kind = auth_type.removeprefix("v3").removeprefix("v2")
    if kind == "password":
        for field in _found(_KIND_OF_FIELD, auth):
            raise CloudsFileError(
                f'{where} has "auth.{field}", which a password has no use for; '
                f'set "auth_type" to "{_KIND_OF_FIELD[field]}", or remove it'
            )
    for choice in _REQUIRED.get(kind, ()):
        if not _found(choice, auth):
            raise CloudsFileError(f'{where} has no "auth.{choice[0]}"')
    if kind == "applicationcredential":
        _check_application_credential(auth, where)


def _check_application_credential(auth: Mapping[str, Any], where: str) -> None:
    if not auth.get("application_credential_id") and not _found(("username", "user_id"), auth):
        raise CloudsFileError(f'{where} has no "auth.username", whose "application_credential_name" is meant')
    for field in _found(_SCOPES, auth):
        # Keystone answers 401 to it and does not say why (keystone/auth/core.py: "cannot request a scope").
        raise CloudsFileError(
            f'{where} has "auth.{field}", but an application credential is for its own project alone; remove it'
        )


def _check_choices(entry: Mapping[str, Any], where: str) -> None:
    for key in _found(_GUESSES, entry):
        raise CloudsFileError(f'{where} has "{key}", which is not looked up; write out what it stands for')
    regions = entry.get("regions")
    if isinstance(regions, list) and len(regions) > 1 and not entry.get("region_name"):
        raise CloudsFileError(f'{where} has several "regions"; name one by "region_name"')
    timeout = entry.get("api_timeout")
    if timeout is not None and not (_is_number(timeout) and float(timeout) > 0):
        raise CloudsFileError(f'{where} has an "api_timeout" that is no number of seconds')


def _found(fields: Iterable[str], mapping: Mapping[str, Any]) -> list[str]:
    return [field for field in fields if mapping.get(field)]


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return not isinstance(value, bool)


def _truth(entry: Mapping[str, Any], key: str, where: str, *, otherwise: bool) -> bool:
    value = entry.get(key)
    if value is None:
        return otherwise
    word = str(value).lower()
    if word not in ("true", "false"):
        raise CloudsFileError(f'{where} has a "{key}" that is neither true nor false; a CA is named by "cacert"')
    return word == "true"
