"""Say how long each wait may last; the environment variables are those of Cluster API v0.1.x."""

from collections.abc import Mapping

import msgspec

from kubecapy.clusterctl.errors import ClusterctlError

MACHINE_READY_VARIABLE = "CLUSTER_API_MACHINE_READY_TIMEOUT"
KUBECONFIG_READY_VARIABLE = "CLUSTER_API_KUBECONFIG_READY_TIMEOUT"
SECONDS_PER_MINUTE = 60.0


class Timeouts(msgspec.Struct, frozen=True):
    """Limits in seconds."""

    machine_ready_seconds: float = 30 * SECONDS_PER_MINUTE
    kubeconfig_ready_seconds: float = 20 * SECONDS_PER_MINUTE
    deletion_seconds: float = 30 * SECONDS_PER_MINUTE


def read_timeouts(
    environ: Mapping[str, str], *, machine_ready_minutes: float | None, kubeconfig_ready_minutes: float | None
) -> Timeouts:
    """Return the limits: a flag wins over its environment variable, both count minutes.

    Raises:
        ClusterctlError: a variable is no number of minutes; the message names it.
    """
    defaults = Timeouts()
    machine = machine_ready_minutes or _minutes(environ, MACHINE_READY_VARIABLE)
    kubeconfig = kubeconfig_ready_minutes or _minutes(environ, KUBECONFIG_READY_VARIABLE)
    machine_seconds = machine * SECONDS_PER_MINUTE if machine else defaults.machine_ready_seconds
    kubeconfig_seconds = kubeconfig * SECONDS_PER_MINUTE if kubeconfig else defaults.kubeconfig_ready_seconds
    return Timeouts(machine_seconds, kubeconfig_seconds, machine_seconds)


def _minutes(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name, "")
    if not text:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise ClusterctlError(f'{name} is "{text}"; expected a whole number of minutes above 0')
    return float(text)
