"""Take values out of request bodies, and refuse what does not fit in Cinder's words."""

from collections.abc import Collection

from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import Refusal, bad_request

MAX_TEXT = 255


def read_object(body: JsonObject, field: str, known: Collection[str]) -> JsonObject:
    """Return the object in `field`, which has no keys but `known`.

    Raises:
        Refusal: 400, it is missing, no object, or has others.
    """
    value = body.get(field)
    if not isinstance(value, dict):
        raise bad_request(f"Invalid input for field/attribute None. Value: {field}. '{field}' is a required property")
    unknown = sorted(set(value) - set(known))
    if unknown:
        names = ", ".join(repr(name) for name in unknown)
        verb = "was" if len(unknown) == 1 else "were"
        raise invalid(field, f"Additional properties are not allowed ({names} {verb} unexpected)")
    return value


def read_text(wish: JsonObject, field: str) -> str | None:
    """Return the text of at most 255 characters in `field`, stripped, `None` where it is absent or null.

    Raises:
        Refusal: 400, it is no text or too long.
    """
    value = wish.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(field, f"{value!r} is not of type 'string', 'null'")
    if len(value) > MAX_TEXT:
        raise bad_request(f"{field} has {len(value)} characters, more than {MAX_TEXT}.")
    return value.strip()


def read_metadata(body: JsonObject) -> dict[str, str]:
    """Return the metadata of a body; empty where there is none.

    Raises:
        Refusal: 400, it is no map of texts to texts.
    """
    value = body.get("metadata") or {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid("metadata", f"{value!r} is not a map of texts to texts")
    return {str(key): item for key, item in value.items()}


def invalid(field: str, reason: str) -> Refusal:
    """Return Cinder's refusal of a field."""
    return bad_request(f"Invalid input for field/attribute {field}. {reason}")
