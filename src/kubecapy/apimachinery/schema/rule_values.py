"""Show a JSON value to rules as its schema types it: times, doubles, sets, escaped names.

Source: pkg/cel/common/values.go, schemas.go and pkg/cel/escaping.go of k8s.io/apiserver;
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules.

Limit: times keep microseconds.
"""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from kubecapy.apimachinery.cel.values import KeyedList
from kubecapy.apimachinery.schema.props import JSONSchemaProps

View = Callable[[Any], Any]
"""Returns a value as rules see it; the value itself stays as it is."""

_RESERVED: Final = frozenset(
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    }
)  # fmt: skip
_ESCAPES: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPED: Final = re.compile("__|[./-]")
_SELECTABLE: Final = re.compile("[A-Za-z_./-][A-Za-z0-9_./-]*")
_DURATION_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)\s*([a-z\u00b5\u03bc]+)")
_SECONDS: Final[Mapping[str, float]] = MappingProxyType(
    {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
    | {"sec": 1, "min": 60, "hr": 3600, "hour": 3600, "d": 86400, "day": 86400, "w": 604800, "wk": 604800}
    | {"week": 604800, "nano": 1e-9, "micro": 1e-6, "milli": 1e-3}
)


def escape_name(name: str) -> str:
    """Return the name by which rules select the property `name`."""
    return f"__{name}__" if name in _RESERVED else _ESCAPED.sub(lambda found: _ESCAPES[found[0]], name)


def find_escaped(name: str) -> str | None:
    """Return the name by which rules select the property `name`; None where no name can."""
    return escape_name(name) if _SELECTABLE.fullmatch(name) else None


def compile_view(props: JSONSchemaProps) -> View | None:
    """Return how rules see the values of a schema; None where they see the values themselves."""
    match props.type:
        case "string":
            read = _READERS.get(props.format)
            return _or_as_it_is(read) if read is not None else None
        case "number":
            return lambda value: float(value) if type(value) is int else value
        case "array":
            return _compile_items(props)
        case "object":
            return _compile_members(props)
        case _:
            return None


def _compile_items(props: JSONSchemaProps) -> View | None:
    view = compile_view(props.item) if props.item is not None else None
    keys = tuple(escape_name(key) for key in props.list_map_keys)
    if props.list_type in ("set", "map"):
        show = view if view is not None else _as_it_is
        return lambda value: KeyedList(map(show, value), keys) if isinstance(value, list) else value
    if view is None:
        return None
    return lambda value: [view(item) for item in value] if isinstance(value, list) else value


def _as_it_is(value: Any) -> Any:
    return value


def _compile_members(props: JSONSchemaProps) -> View | None:
    views = {name: view for name, child in props.properties.items() if (view := compile_view(child)) is not None}
    names = {name: escaped for name in props.properties if (escaped := escape_name(name)) != name}
    other = compile_view(props.additional) if props.additional is not None else None
    nullable = frozenset(name for name, child in props.properties.items() if child.nullable)
    if not views and not names and not nullable and other is None:
        return None

    def show(name: str, member: Any) -> Any:
        view = views.get(name) if name in props.properties else other
        return member if view is None else view(member)

    return lambda value: (
        {
            names.get(name, name): show(name, member)
            for name, member in value.items()
            # To rules, a property that is null is absent.
            if member is not None or name not in nullable
        }
        if isinstance(value, dict)
        else value
    )


def _or_as_it_is(read: Callable[[str], Any]) -> View:
    """Return a view that leaves alone what is no text, or none of the format: its own check tells of that."""

    def view(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return read(value)
        except (ValueError, OverflowError):
            return value

    return view


def _read_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read_day(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _read_duration(text: str) -> timedelta:
    """Return the duration of `1h30m`, or of spoken units such as `2 days`."""
    parts = _DURATION_PART.findall(text.lower())
    seconds = sum(float(count) * _seconds(unit) for count, unit in parts)
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _seconds(unit: str) -> float:
    found = _SECONDS.get(unit, _SECONDS.get(unit.removesuffix("s")))
    if found is None:
        raise ValueError(unit)
    return found


_READERS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {
        "date-time": _read_time,
        "date": _read_day,
        "duration": _read_duration,
        "byte": lambda text: base64.b64decode(text, validate=True),
    }
)
