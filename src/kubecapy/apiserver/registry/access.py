"""Reach into decoded objects whose shape a client chose."""

from collections.abc import Sequence
from typing import Any

from kubecapy.apimachinery.meta import JsonObject


def read(obj: Any, *path: str) -> Any:  # Any: a JSON value
    """Return the value at `path`; None where a step is absent or no object."""
    for step in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(step)
    return obj


def read_text(obj: JsonObject, *path: str) -> str:
    """Return the string at `path`; empty where there is none."""
    value = read(obj, *path)
    return value if isinstance(value, str) else ""


def read_list(obj: JsonObject, *path: str) -> list[Any]:
    """Return the list at `path`; empty where there is none."""
    value = read(obj, *path)
    return value if isinstance(value, list) else []


def read_objects(obj: JsonObject, *path: str) -> list[JsonObject]:
    """Return the objects in the list at `path`; what is no object is left out."""
    return [item for item in read_list(obj, *path) if isinstance(item, dict)]


def read_object(obj: JsonObject, *path: str) -> JsonObject:
    """Return the object at `path`; empty where there is none. For reading only: it may be a new one."""
    value = read(obj, *path)
    return value if isinstance(value, dict) else {}


def read_count(obj: JsonObject, *path: str) -> int:
    """Return the integer at `path`; 0 where there is none."""
    value = read(obj, *path)
    return value if isinstance(value, int) else 0


def section(obj: JsonObject, name: str) -> JsonObject:
    """Return the object below `name` for changing, put there where it is absent or no object."""
    value = obj.get(name)
    if not isinstance(value, dict):
        value = obj[name] = {}
    return value


def fill(obj: JsonObject, **defaults: Any) -> None:  # Any: JSON values
    """Put each default where its key is absent."""
    for name, value in defaults.items():
        obj.setdefault(name, value)


def write(obj: JsonObject, path: Sequence[str], value: Any) -> None:  # Any: a JSON value
    """Put `value` at `path`, with objects made on the way."""
    for step in path[:-1]:
        obj = section(obj, step)
    obj[path[-1]] = value
