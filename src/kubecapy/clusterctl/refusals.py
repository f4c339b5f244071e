"""Turn what an API, the network or a file refused into one sentence for people."""

import errno

from kubecapy.apimachinery.codec import DecodeError
from kubecapy.apimachinery.errors import StatusError
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.kubeconfig import KubeconfigError
from kubecapy.client.tls import TlsSettingsError
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.contract.errors import ProviderError
from kubecapy.local.provider_environment import ProviderEnvironmentError
from kubecapy.local.state_folder import FolderInUse, FolderRefused


def describe_refusal(error: BaseException) -> str | None:
    """Return the sentence for a foreseen `error`, or for the first one in a group; None for anything unforeseen."""
    if isinstance(error, BaseExceptionGroup):
        sentences = (describe_refusal(member) for member in error.exceptions)
        return next((sentence for sentence in sentences if sentence), None)
    if isinstance(error, StatusError):
        return f"the API server answered {error.reason}: {error.message}"
    if isinstance(error, _SENTENCES):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"cannot use {error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: {error.strerror}; make room and run the same command again"
    return None


_SENTENCES = (
    ClusterctlError,
    Unreachable,
    KubeconfigError,
    TlsSettingsError,
    DecodeError,
    ProviderError,
    ProviderEnvironmentError,
    FolderInUse,
    FolderRefused,
)
"""Errors whose message is a sentence for people already."""
