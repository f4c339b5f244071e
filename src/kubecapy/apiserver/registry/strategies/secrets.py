"""Write Secrets and ConfigMaps: plain text is encoded, and what is immutable stays."""

import base64
import re
from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.json_syntax import why_no_json
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import fill, read_object, read_text, section
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import forbidden, invalid, required, unchanged

_MAX_BYTES = 1024 * 1024
"""Source: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size."""
_MAX_KEY_LENGTH = 253
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or"
    f" 'key-name', regex used for validation is '{_KEY.pattern}')"
)
_ACCOUNT = "kubernetes.io/service-account.name"
_ALL_NEEDED = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""Type of a Secret to the keys that it must have."""
_JSON_TYPES = ("kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson")


def _default_secret(secret: JsonObject) -> None:
    fill(secret, type="Opaque")
    for key, value in read_object(secret, "stringData").items():
        section(secret, "data")[key] = base64.b64encode(value.encode()).decode()
    secret.pop("stringData", None)


def _validate_secret(secret: JsonObject, old: JsonObject | None) -> list[FieldError]:
    return [
        *unchanged(secret, old, "type"),
        *_validate_immutable(secret, old, ("data",)),
        *_validate_keys(secret, "data"),
        *_validate_size("data", sum(map(_encoded_size, read_object(secret, "data").values()))),
        *_validate_type(secret),
    ]


def _validate_type(secret: JsonObject) -> Iterator[FieldError]:
    """Say what the type of a Secret asks for; the values themselves are secret and stay out of the message."""
    type_, data = secret["type"], read_object(secret, "data")
    missing = [key for key in _ALL_NEEDED.get(type_, ()) if key not in data]
    yield from (required(f"data[{key}]") for key in missing)
    if type_ == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        yield from (required(f"data[{key}]") for key in ("username", "password"))
    if type_ == "kubernetes.io/service-account-token" and not read_text(secret, "metadata", "annotations", _ACCOUNT):
        yield required(f"metadata.annotations[{_ACCOUNT}]")
    for key in _ALL_NEEDED[type_] if type_ in _JSON_TYPES and not missing else ():
        if wrong := why_no_json(base64.b64decode(data[key])):
            yield invalid(f"data[{key}]", "<secret contents redacted>", wrong)


def _validate_config_map(config_map: JsonObject, old: JsonObject | None) -> list[FieldError]:
    data, binary = read_object(config_map, "data"), read_object(config_map, "binaryData")
    size = sum(len(value.encode()) for value in data.values()) + sum(map(_encoded_size, binary.values()))
    twice = [
        invalid(f"data[{key}]", key, "duplicate of key present in binaryData") for key in data.keys() & binary.keys()
    ]
    return [
        *_validate_immutable(config_map, old, ("data", "binaryData")),
        *_validate_keys(config_map, "data"),
        *twice,
        *_validate_keys(config_map, "binaryData"),
        # Upstream means the whole object by this path.
        *_validate_size("[]", size),
    ]


def _validate_keys(obj: JsonObject, name: str) -> Iterator[FieldError]:
    """Yield which keys are no names of files, which they become in volumes (IsConfigMapKey there)."""
    for key in read_object(obj, name):
        if len(key) > _MAX_KEY_LENGTH:
            yield invalid(f"{name}[{key}]", key, f"must be no more than {_MAX_KEY_LENGTH} characters")
        if _KEY.fullmatch(key) is None:
            yield invalid(f"{name}[{key}]", key, _KEY_RULE)
        if key in (".", ".."):
            yield invalid(f"{name}[{key}]", key, f"must not be '{key}'")
        elif key.startswith(".."):
            yield invalid(f"{name}[{key}]", key, "must not start with '..'")


def _encoded_size(text: str) -> int:
    """Return how many bytes a base64 text stands for."""
    return len(text) // 4 * 3 - text[-2:].count("=")


def _validate_size(path: str, size: int) -> Iterator[FieldError]:
    if size > _MAX_BYTES:
        yield FieldError(path, "FieldValueTooLong", f"Too long: may not be more than {_MAX_BYTES} bytes")


def _validate_immutable(obj: JsonObject, old: JsonObject | None, names: tuple[str, ...]) -> Iterator[FieldError]:
    if old is None or old.get("immutable") is not True:
        return
    for name in names if obj.get("immutable") is True else ("immutable", *names):
        if obj.get(name) != old.get(name):
            yield forbidden(name, "field is immutable when `immutable` is set")


SECRETS = Strategy(default=_default_secret, validate=_validate_secret)
CONFIG_MAPS = Strategy(validate=_validate_config_map)
