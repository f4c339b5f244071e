"""Write the files that a cloud-config lists.

Source: https://cloudinit.readthedocs.io/en/22.4.2/topics/modules.html#write-files and `cc_write_files.py`.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from kubecapy.local.guest.cloud_init.user_data import inflate
from kubecapy.local.guest.commands.permissions import KNOWN_USERS
from kubecapy.local.guest.filesystem import GuestFilesystem

DEFAULT_MODE = 0o644

_BASE64 = frozenset({"b64", "base64", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64"})
_GZIP = frozenset({"gz", "gzip"})


class WriteFileError(Exception):
    """An entry that cannot be written; the message names its path and holds none of its content."""


def write_file(files: GuestFilesystem, entry: Any) -> list[str]:  # Any: one entry as YAML has it
    """Write one entry and return the warnings that cloud-init would log.

    Raises:
        WriteFileError: the entry has no path, an unknown owner or undecodable content.
    """
    if not isinstance(entry, Mapping) or not entry.get("path"):
        raise WriteFileError("No path provided to write for entry")
    path = str(entry["path"])
    warnings: list[str] = []
    content = _content(entry, path, warnings)
    mode = _mode(entry.get("permissions"), path, warnings)
    owner = str(entry.get("owner", "root:root"))
    if unknown := [name for name in owner.split(":") if name and name not in KNOWN_USERS]:
        raise WriteFileError(f"{path}: owner {unknown[0]} does not exist")
    if entry.get("append"):
        content = (files.read(path) if files.exists(path) else b"") + content
    try:
        files.install(path, content, mode=mode)
    except OSError as error:
        raise WriteFileError(f"{path}: {error.strerror}") from error
    return warnings


def _content(entry: Mapping[str, Any], path: str, warnings: list[str]) -> bytes:
    raw = entry.get("content", "")
    data = raw if isinstance(raw, bytes) else str(raw).encode(errors="surrogateescape")
    encoding = str(entry.get("encoding", "") or "text/plain").casefold().strip()
    try:
        if encoding in _BASE64:
            data = base64.b64decode(data)
            return inflate(data) if encoding.startswith("gz") else data
        if encoding in _GZIP:
            return inflate(data)
    except (ValueError, binascii.Error) as error:
        raise WriteFileError(f"{path}: content is no {encoding}: {error}") from error
    if encoding not in ("text/plain", "text"):
        warnings.append(f"Unknown encoding type {encoding}, assuming text/plain")
    return data


def _mode(permissions: Any, path: str, warnings: list[str]) -> int:  # Any: text or a number, as YAML has it
    if permissions is None:
        return DEFAULT_MODE
    if isinstance(permissions, int):
        return permissions & 0o7777
    try:
        return int(str(permissions), 8) & 0o7777
    except ValueError:
        warnings.append(f"{path}: Undecodable permissions {permissions!r}, returning default {DEFAULT_MODE:#o}")
        return DEFAULT_MODE
