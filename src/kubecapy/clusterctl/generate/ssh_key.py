"""Keep the key pair that opens a shell on the machines: `$HOME/.ssh/openstack_tmp` and its `.pub`.

Source: generate-yaml.sh of the OpenStack provider, 2019-04; the path is fixed there too.
"""

from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.local.private_files import PRIVATE_FILE_MODE, make_private_folder, write_file, write_private

KEY_NAME = "openstack_tmp"
COMMENT = b"cluster-api"
RIGHTS_OF_OTHERS = 0o077


class SshKey(msgspec.Struct, frozen=True):
    """Where the pair lies."""

    private: Path
    public: Path
    made: bool
    """Whether it was made by this call, and so is registered nowhere yet."""


def ensure_ssh_key(home: Path) -> SshKey:
    """Find the key pair below `home`, else make it (Ed25519, no passphrase, mode 0600).

    An existing private key keeps its content and loses what rights others had on it; a missing public half is
    written from it.

    Raises:
        ClusterctlError: the folder cannot be written, or the public half is missing and the private key unreadable.
    """
    private = home / ".ssh" / KEY_NAME
    public = private.with_name(f"{KEY_NAME}.pub")
    if private.exists():
        _close_to_others(private)
        if not public.exists():
            write_file(public, _public_line_of(private))
        return SshKey(private, public, made=False)
    key = Ed25519PrivateKey.generate()
    try:
        if not private.parent.exists():
            make_private_folder(private.parent)
        write_private(private, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        write_file(public, _public_line(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)))
    except OSError as error:
        raise ClusterctlError(f"cannot write the SSH key pair {private}: {error.strerror}") from error
    return SshKey(private, public, made=True)


def _close_to_others(private: Path) -> None:
    """Make the key its owner's alone: ssh refuses it otherwise, and some clients write it readable for all."""
    try:
        if private.stat().st_mode & RIGHTS_OF_OTHERS:
            private.chmod(PRIVATE_FILE_MODE)
    except OSError as error:
        raise ClusterctlError(f"cannot make {private} private: {error.strerror}; run chmod 600 on it") from error


def _public_line_of(private: Path) -> bytes:
    try:
        content = private.read_bytes()
        # Nova hands out PKCS#1, ssh-keygen the OpenSSH form.
        load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in content else load_pem_private_key
        key = load(content, password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ClusterctlError(
            f"{private}.pub is missing and cannot be made from {private}; "
            "move that file away so that a new pair is made, or restore its public half"
        ) from error
    return _public_line(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))


def _public_line(encoded: bytes) -> bytes:
    return encoded + b" " + COMMENT + b"\n"
