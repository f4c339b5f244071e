"""Name the fields of a kind that lists may select by."""

from kubecapy.apiserver.registry.access import read
from kubecapy.apiserver.registry.kinds import Field


def fields_at(*paths: str) -> dict[str, Field]:
    """Return the selectable fields at dotted `paths`."""
    return {path: _field_at(*path.split(".")) for path in paths}


def flags_at(*paths: str) -> dict[str, Field]:
    """Return the selectable fields at dotted `paths` that are true or, where they are absent, false."""
    return {path: _flag_at(*path.split(".")) for path in paths}


def _flag_at(*path: str) -> Field:
    return lambda obj: "true" if read(obj, *path) is True else "false"


def _field_at(*path: str) -> Field:
    """Return the selectable field at `path`: its text, empty where it is absent."""

    def text(obj: dict[str, object]) -> str:
        value = read(obj, *path)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else str(value)

    return text
