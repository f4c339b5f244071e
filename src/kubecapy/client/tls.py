"""Build TLS settings out of PEM texts."""

import contextlib
import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kubecapy.client.connection import Connection
from kubecapy.telemetry.secrets import Secret


class TlsSettingsError(ValueError):
    """A certificate or key cannot be used; the message says which. Fix the kubeconfig or the Secret."""


class KeyPair(msgspec.Struct, frozen=True):
    """A client certificate with its key, both in PEM form."""

    certificate: bytes
    """The whole chain."""
    key: Secret[bytes]


def make_ssl_context(connection: Connection, pair: KeyPair | None = None) -> ssl.SSLContext:
    """Return a client context that trusts and offers what `connection` says; `pair` wins over its certificate.

    Raises:
        TlsSettingsError: the CA, the client certificate or the key is no usable PEM, or the two do not belong
            together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif connection.ca:
        _trust(context, connection.ca)
    else:
        context.load_default_certs()
    if pair is not None:
        _offer(context, pair)
    elif connection.client_certificate:
        if connection.client_key is None:
            raise TlsSettingsError("the client certificate has no key; give client-key-data or client-key")
        _offer(context, KeyPair(connection.client_certificate, connection.client_key))
    return context


def _trust(context: ssl.SSLContext, ca: bytes) -> None:
    try:
        context.load_verify_locations(cadata=ca.decode())
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise TlsSettingsError("the certificate authority is no certificate in PEM form") from error


def _offer(context: ssl.SSLContext, pair: KeyPair) -> None:
    try:
        with _private_file(pair.certificate.rstrip() + b"\n" + pair.key.reveal()) as path:
            context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise TlsSettingsError("the client certificate and its key are no matching PEM pair") from error


def _no_password() -> str:
    """Refuse an encrypted key, where OpenSSL would ask on the terminal."""
    raise ValueError("the client key is encrypted")


@contextlib.contextmanager
def _private_file(content: bytes) -> Iterator[Path]:
    """Keep `content` in a file that only this user reads, for the length of the block: ssl takes paths alone.

    On Linux the file lies in memory, so that a killed process leaves no key behind.
    """
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("kubecapy"), "wb") as file:
            file.write(content)
            file.flush()
            yield Path(f"/proc/self/fd/{file.fileno()}")
        return
    descriptor, name = tempfile.mkstemp(prefix="kubecapy-")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield path
    finally:
        path.unlink()
