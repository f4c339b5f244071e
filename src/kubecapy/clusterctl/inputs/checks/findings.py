"""Say what was found in a manifest, and where."""

from typing import Literal

import msgspec

from kubecapy.apimachinery.codec import Manifest
from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apimachinery.resources import GroupVersionKind, split_api_version

Severity = Literal["error", "warning", "note"]
"""An error is refused by some server or provider; a warning may be meant; a note says what was not looked at."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing about a file, an object or a field."""

    severity: Severity = "error"
    source: str
    """File, as the person named it."""
    line: int = 0
    """Counted from 1; 0 where the whole file is meant."""
    object: str = ""
    """Kind and name of the object; empty where there is none."""
    path: str = ""
    """Path of the field; empty where the whole object is meant."""
    message: str
    """What is wrong and what was expected."""

    def __str__(self) -> str:
        """Return one line such as `machines.yaml:8: spec.version: unknown field "version"`."""
        place = f"{self.source}:{self.line}" if self.line else self.source
        severity = "" if self.severity == "error" else self.severity
        return ": ".join(part for part in (place, severity, self.path, self.message) if part)


def about(manifest: Manifest, path: str, message: str, severity: Severity = "error") -> Finding:
    """Return a finding about the field at `path` of `manifest`, or about its object as a whole."""
    return Finding(
        severity=severity,
        source=manifest.source,
        line=manifest.lines.find(path),
        object=describe(manifest.object),
        path=path,
        message=message,
    )


def of_field(manifest: Manifest, error: FieldError) -> Finding:
    """Return the finding that says of `manifest` what `error` says."""
    return about(manifest, error.path, error.detail)


def describe(obj: JsonObject) -> str:
    """Return kind and name of an object, the prefix of its name where it has no other."""
    metadata = obj.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    return f"{obj['kind']} {names.get('name') or names.get('generateName') or ''}".strip()


def kind_of(obj: JsonObject) -> GroupVersionKind:
    """Return the address of the object's kind."""
    return GroupVersionKind(*split_api_version(obj["apiVersion"]), obj["kind"])
