"""Read manifest files from disk."""

import sys
from pathlib import Path

from kubecapy.apimachinery.codec import Manifest, load_manifests
from kubecapy.clusterctl.errors import ClusterctlError

STANDARD_INPUT = Path("-")
MAX_FILE_BYTES = 16 * 2**20
"""Limit: an API server takes objects of at most 3 MiB; a longer file is something else than manifests."""


class UnreadableFile(ClusterctlError):
    """A file cannot be read as text; the message names it."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the reason, which is a sentence's end."""
        super().__init__(f"cannot read {path}: {reason}")
        self.reason = reason


def read_text(path: Path) -> str:
    """Return the text of the file at `path`; `-` is standard input.

    Raises:
        UnreadableFile: it cannot be read, is too long or is no UTF-8.
    """
    try:
        data = _read_bytes(path)
    except OSError as error:
        raise UnreadableFile(path, error.strerror or str(error)) from error
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableFile(path, f"it is longer than {MAX_FILE_BYTES // 2**20} MiB; split it into several files")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFile(path, "it is no UTF-8 text") from error


def _read_bytes(path: Path) -> bytes:
    """Return the content of the file, or as much as shows that it is too long: `/dev/zero` never ends."""
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def read_manifests(path: Path) -> list[Manifest]:
    """Return the objects of the file at `path`.

    Raises:
        ClusterctlError: it cannot be read (UnreadableFile) or holds no object.
        DecodeError: it is no YAML, or an object lacks its kind; the message names file and line.
    """
    manifests = load_manifests(read_text(path), str(path))
    if not manifests:
        raise ClusterctlError(f"{path} holds no object; expected at least one with apiVersion and kind")
    return manifests
