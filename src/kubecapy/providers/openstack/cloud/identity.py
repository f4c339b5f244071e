"""Read one cloud out of a clouds.yaml: whose project, by which credentials, trusting whom.

Only the file that is given counts: nothing of the person's home folder, of the other files in its folder, or of
`OS_*` variables is merged into it (https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
tells what the SDK would merge by itself).
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from kubecapy.apimachinery.codec import DecodeError, load_yaml
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.providers.openstack.cloud.entries import CloudsFileError, checked_entry
from kubecapy.telemetry.secrets import Secret

CERTIFICATE_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
CA_FILE_NAME: Final = "cacert"
"""Key of a credentials Secret, and so name of the file beside clouds.yaml, that holds the cloud's CA."""


class CloudsFile(msgspec.Struct, frozen=True):
    """A clouds.yaml as it was read.

    Attributes:
        source: What people call it: its path, or `Secret namespace/name`.
        content: The whole text.
        directory: Folder against which a relative `cacert` is read; None where it came out of a Secret.
        ca: Content of the Secret's key `cacert`; None where there is none.
    """

    source: str
    content: Secret[bytes]
    directory: Path | None = None
    ca: bytes | None = None


class CloudIdentity(msgspec.Struct, frozen=True):
    """One cloud's entry, complete.

    Attributes:
        name: Of the cloud.
        source: Where the entry is from.
        entry: The entry as the SDK takes it, without `cacert`; holds secrets.
        ca: PEM certificates to trust in place of the system's; empty means the system's.
        ca_path: The file that `ca` was read from; None where it came inline or out of a Secret.
        key: Hash of all of it: equal identities share a client, a changed Secret gets a new one.
    """

    name: str
    source: str
    entry: "CloudEntry"
    ca: str
    ca_path: Path | None
    key: str


class CloudEntry:
    """Keeps a cloud's entry out of logs: its `repr` shows nothing."""

    __slots__ = ("_value",)

    def __init__(self, value: JsonObject) -> None:
        """Wrap the mapping."""
        self._value = value

    def reveal(self) -> JsonObject:
        """Return the mapping itself, secrets included."""
        return self._value

    def __repr__(self) -> str:
        """Return stars."""
        return "CloudEntry(***)"


def read_identity(file: CloudsFile, cloud: str) -> CloudIdentity:
    """Return the entry of `cloud`.

    Raises:
        CloudsFileError: the file is no clouds.yaml, lacks the cloud or a field, or its CA is no PEM certificate.
    """
    entry = checked_entry(_find_entry(file, cloud), f'cloud "{cloud}" in {file.source}')
    trusted = entry.pop("cacert", None)
    # An unverified cloud needs no CA; the article's own file has both, and no real certificate in it.
    ca, ca_path = _read_ca(str(trusted), file, cloud) if trusted and entry.get("verify", True) else ("", None)
    key = hashlib.sha256(msgspec.json.encode([file.source, cloud, entry, ca])).hexdigest()
    return CloudIdentity(cloud, file.source, CloudEntry(entry), ca, ca_path, key)


def read_file(path: Path) -> CloudsFile:
    """Return the clouds.yaml at `path`.

    Raises:
        CloudsFileError: it is not there or cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise CloudsFileError(f"there is no clouds.yaml at {path}") from error
    except OSError as error:
        raise CloudsFileError(f"{path} cannot be read: {error.strerror}") from error
    return CloudsFile(str(path), Secret(content), path.parent)


def _find_entry(file: CloudsFile, cloud: str) -> Mapping[str, Any]:
    try:
        documents = load_yaml(file.content.reveal().decode())
    except (DecodeError, UnicodeDecodeError) as error:
        # The parser's sentence could quote a line that holds a password.
        raise CloudsFileError(f"{file.source} is not valid YAML") from error
    clouds = documents[0].get("clouds") if documents and isinstance(documents[0], dict) else None
    if not isinstance(clouds, dict):
        raise CloudsFileError(f'{file.source} has no mapping "clouds"')
    entry = clouds.get(cloud)
    if entry is None:
        known = ", ".join(f'"{name}"' for name in sorted(clouds)) or "none"
        raise CloudsFileError(f'{file.source} has no cloud "{cloud}"; it has {known}')
    if not isinstance(entry, dict):
        raise CloudsFileError(f'cloud "{cloud}" in {file.source} is not a mapping')
    return entry


def _read_ca(value: str, file: CloudsFile, cloud: str) -> tuple[str, Path | None]:
    """Return the PEM text that `cacert` means, inline, a path or the key of the same Secret, and its path."""
    if CERTIFICATE_BEGIN in value:
        return value, None
    path = file.directory / Path(value).expanduser() if file.directory is not None else None
    pem = (_secret_ca(file, cloud) if path is None else _file_ca(path, file, cloud)).decode(errors="replace")
    if CERTIFICATE_BEGIN not in pem:
        raise CloudsFileError(f'"cacert" of cloud "{cloud}" in {file.source} names no PEM certificate')
    return pem, path


def _secret_ca(file: CloudsFile, cloud: str) -> bytes:
    if file.ca is None:
        raise CloudsFileError(f'cloud "{cloud}" in {file.source} has "cacert", but the Secret has no key "cacert"')
    return file.ca


def _file_ca(path: Path, file: CloudsFile, cloud: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CloudsFileError(
            f'"cacert" of cloud "{cloud}" in {file.source} names {path}, which cannot be read: {error.strerror}'
        ) from error
