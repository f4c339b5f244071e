"""Turn what an API, the network or a file refused into one sentence for people."""

from kubecapy.apimachinery.codec import DecodeError
from kubecapy.apimachinery.errors import StatusError
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.kubeconfig import KubeconfigError
from kubecapy.client.tls import TlsSettingsError
from kubecapy.contract.errors import ProviderError
from kubecapy.local.state_folder import FolderInUse


def describe_refusal(error: BaseException) -> str | None:
    """Return the sentence for a foreseen `error`, or for the only one in a group; None for anything unforeseen."""
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return describe_refusal(error.exceptions[0])
    if isinstance(error, StatusError):
        return f"the API server answered ({error.reason}): {error.message}"
    if isinstance(error, Unreachable | KubeconfigError | TlsSettingsError | DecodeError | ProviderError | FolderInUse):
        return str(error)
    return None
