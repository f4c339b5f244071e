"""Name what may stop a daemon without a defect of ours: settings and the world."""

from collections.abc import Sequence

from kubecapy.apimachinery.errors import StatusError
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.kubeconfig import KubeconfigError
from kubecapy.client.tls import TlsSettingsError
from kubecapy.contract.errors import ProviderError
from kubecapy.contract.provider import UnknownProvider
from kubecapy.controllers.assembly import UnknownController
from kubecapy.runtime.leader_election import LeadershipLost

FORESEEN = (
    KubeconfigError,
    LeadershipLost,
    OSError,
    ProviderError,
    StatusError,
    TlsSettingsError,
    UnknownController,
    UnknownProvider,
    Unreachable,
)
"""Their messages are sentences for people; a trace would add nothing."""


def causes_of(error: BaseException) -> Sequence[BaseException]:
    """Return the single errors that a group of groups is made of, or `error` itself."""
    if not isinstance(error, BaseExceptionGroup):
        return (error,)
    return tuple(cause for member in error.exceptions for cause in causes_of(member))
