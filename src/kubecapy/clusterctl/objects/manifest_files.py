"""Read manifest files from disk."""

import sys
from pathlib import Path

from kubecapy.apimachinery.codec import Manifest, load_manifests
from kubecapy.clusterctl.errors import ClusterctlError

STANDARD_INPUT = Path("-")


def read_text(path: Path) -> str:
    """Return the text of the file at `path`; `-` is standard input.

    Raises:
        ClusterctlError: it cannot be read or is no UTF-8; the message names it.
    """
    try:
        return sys.stdin.read() if path == STANDARD_INPUT else path.read_text(encoding="utf-8")
    except OSError as error:
        raise ClusterctlError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ClusterctlError(f"{path} is no UTF-8 text") from error


def read_manifests(path: Path) -> list[Manifest]:
    """Return the objects of the file at `path`.

    Raises:
        ClusterctlError: it cannot be read or holds no object.
        DecodeError: it is no YAML, or an object lacks its kind; the message names file and line.
    """
    manifests = load_manifests(read_text(path), str(path))
    if not manifests:
        raise ClusterctlError(f"{path} holds no object; expected at least one with apiVersion and kind")
    return manifests
