"""Take values out of request bodies, and refuse what does not fit in Nova's words."""

from collections.abc import Collection

from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request

MAX_NAME = 255


def read_object(body: JsonObject, field: str) -> JsonObject:
    """Return the object in `field`.

    Raises:
        Refusal: 400, it is missing or no object.
    """
    value = body.get(field)
    if not isinstance(value, dict):
        raise invalid(field, f"'{field}' is a required property" if value is None else "It is not of type 'object'")
    return value


def read_text(body: JsonObject, field: str, *, may_be_empty: bool = False) -> str | None:
    """Return the text of at most 255 characters in `field`, `None` where it is absent or null.

    Raises:
        Refusal: 400, it is no text, empty, or too long.
    """
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(field, f"{value!r} is not of type 'string'", value)
    if not value.strip() and not may_be_empty:
        raise invalid(field, f"{value!r} is too short", value)
    if len(value) > MAX_NAME:
        raise invalid(field, f"{value!r} is too long", value)
    return value


def require_text(body: JsonObject, field: str, parent: str) -> str:
    """Return the text in `field`.

    Raises:
        Refusal: 400, it is missing, no text, empty, or too long.
    """
    text = read_text(body, field)
    if text is None:
        raise invalid(parent, f"'{field}' is a required property")
    return text


def read_string_map(body: JsonObject, field: str) -> dict[str, str]:
    """Return the map of texts to texts in `field`; empty where it is absent.

    Raises:
        Refusal: 400, it is no such map.
    """
    value = body.get(field) or {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid(field, "Every value must be of type 'string'", value)
    return {str(key): item for key, item in value.items()}


def require_known(body: JsonObject, known: Collection[str], parent: str) -> None:
    """Refuse keys of `body` that are not `known`.

    Raises:
        Refusal: 400, naming the keys.
    """
    unknown = sorted(set(body) - set(known))
    if unknown:
        names = ", ".join(repr(name) for name in unknown)
        verb = "was" if len(unknown) == 1 else "were"
        raise invalid(parent, f"Additional properties are not allowed ({names} {verb} unexpected)")


def invalid(field: str, reason: str, value: object = None) -> Refusal:
    """Return Nova's refusal of a field; leave `value` out where it may be long or secret (user data, a server)."""
    shown = "" if value is None else f" Value: {value}."
    return bad_request(f"Invalid input for field/attribute {field}.{shown} {reason}")
