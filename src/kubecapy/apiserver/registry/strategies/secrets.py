"""Write Secrets and ConfigMaps: plain text is encoded, and what is immutable stays."""

import base64
import binascii
import re

from kubecapy.apimachinery.codec import encode
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import fill, read_object, section
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import forbidden, required, unchanged

_MAX_BYTES = 1024 * 1024
"""Source: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size."""
_MAX_KEY_LENGTH = 253
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_RULE = (
    "a valid config key must consist of at most 253 alphanumeric characters, '-', '_' or '.', and must not be '.' or "
    "begin with '..'"
)


def _default_secret(secret: JsonObject) -> None:
    fill(secret, type="Opaque")
    plain = secret.pop("stringData", None)
    if isinstance(plain, dict) and plain:
        data = section(secret, "data")
        for key, value in plain.items():
            data[key] = base64.b64encode(str(value).encode()).decode()


def _validate_secret(secret: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = _validate_keys(secret, "data") + _validate_encoded(secret, "data")
    errors += _validate_immutable(secret, old, ("data",))
    errors += unchanged(secret, old, "type")
    if secret.get("type") == "kubernetes.io/tls":
        data = read_object(secret, "data")
        errors += [required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]
    return errors


def _validate_config_map(config_map: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = [error for name in ("data", "binaryData") for error in _validate_keys(config_map, name)]
    errors += _validate_encoded(config_map, "binaryData")
    errors += [
        FieldError(f"data[{key}]", "FieldValueTypeInvalid", "Invalid value: must be a string")
        for key, value in read_object(config_map, "data").items()
        if not isinstance(value, str)
    ]
    return errors + _validate_immutable(config_map, old, ("data", "binaryData"))


def _validate_keys(obj: JsonObject, name: str) -> list[FieldError]:
    """Say which keys are no names of files, which they become in volumes (IsConfigMapKey there)."""
    return [
        FieldError(f"{name}[{key}]", "FieldValueInvalid", f"Invalid value: {encode(key).decode()}: {_KEY_RULE}")
        for key in read_object(obj, name)
        if _KEY.fullmatch(key) is None or key == "." or key.startswith("..") or len(key) > _MAX_KEY_LENGTH
    ]


def _validate_encoded(obj: JsonObject, name: str) -> list[FieldError]:
    """Say which entries are no base64; the values themselves are secret and stay out of the message."""
    errors, size = [], 0
    for key, value in read_object(obj, name).items():
        try:
            size += len(base64.b64decode(value, validate=True))
        except (binascii.Error, TypeError, ValueError):
            errors.append(FieldError(f"{name}[{key}]", "FieldValueInvalid", "Invalid value: must be base64 text"))
    if size > _MAX_BYTES:
        errors.append(FieldError(name, "FieldValueTooLong", f"Too long: may not be more than {_MAX_BYTES} bytes"))
    return errors


def _validate_immutable(obj: JsonObject, old: JsonObject | None, names: tuple[str, ...]) -> list[FieldError]:
    if old is None or old.get("immutable") is not True:
        return []
    message = "field is immutable when `immutable` is set"
    errors = [forbidden(name, message) for name in names if obj.get(name) != old.get(name)]
    return errors if obj.get("immutable") is True else [*errors, forbidden("immutable", message)]


SECRETS = Strategy(default=_default_secret, validate=_validate_secret)
CONFIG_MAPS = Strategy(validate=_validate_config_map)
