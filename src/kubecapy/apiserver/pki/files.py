"""Keep key material in files that only their owner reads, whole or not at all."""

import os
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kubecapy.apiserver.pki.certificates import KeyPair


def ensure_private_folder(folder: Path) -> None:
    """Make `folder` where it is missing, with mode 0700."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` by `content` with mode 0600; a reader sees the old file or the new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def find_pair(certificate: Path, key: Path) -> KeyPair | None:
    """Return the pair kept in two PEM files; None where one is missing, unreadable or not of the other."""
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or loaded.public_key() != private.public_key():
        return None
    return KeyPair(loaded, private)


def write_pair(pair: KeyPair, certificate: Path, key: Path) -> None:
    """Keep `pair` in two PEM files."""
    # Order: a crash between the two leaves a key without its certificate, which `find_pair` does not take for a pair.
    write_private(key, pair.key_pem())
    write_private(certificate, pair.certificate_pem())
