"""Reach the new cluster: fetch its kubeconfig, write it, wait until its API serves."""

from pathlib import Path

from kubecapy.api.core import SECRETS, secret_data
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client.interfaces import Raw, Reader
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.clusterctl.runs.waiting import NotYet, Waiter
from kubecapy.local.private_files import write_private

KUBECONFIG_KEY = "value"
"""Key of the Secret `<cluster>-kubeconfig` (Cluster API's own convention)."""
SERVING_LIMIT_SECONDS = 900.0


async def fetch_kubeconfig(reader: Reader, cluster: ObjectKey, waiter: Waiter, *, limit_seconds: float) -> bytes:
    """Return the administrator's kubeconfig of `cluster` from its Secret, once it is there.

    Raises:
        ClusterctlError: it is not there in time.
    """
    key = ObjectKey(cluster.namespace, f"{cluster.name}-kubeconfig")

    async def look() -> bytes:
        secret = await reader.find(SECRETS, key)
        content = secret_data(secret).get(KUBECONFIG_KEY) if secret else None
        if not content:
            raise NotYet(f"Secret {key} is not there")
        return content

    return await waiter.wait_for(f"the kubeconfig of cluster {cluster.name}", look, limit_seconds=limit_seconds)


def write_kubeconfig(path: Path, content: bytes) -> None:
    """Write the kubeconfig to `path`, readable by its owner only; an older file is replaced.

    Raises:
        ClusterctlError: it cannot be written.
    """
    try:
        write_private(path, content)
    except OSError as error:
        raise ClusterctlError(f"cannot write the kubeconfig {path}: {error.strerror}") from error


async def wait_until_serving(raw: Raw, name: str, waiter: Waiter) -> None:
    """Return once the API of cluster `name` says that it is ready.

    Raises:
        ClusterctlError: it is not in time; the message says what the last attempt met.
    """

    async def look() -> None:
        # Servers before Kubernetes 1.16 have no /readyz.
        await raw.request("GET", "/healthz")

    await waiter.wait_for(f"the API of cluster {name}", look, limit_seconds=SERVING_LIMIT_SECONDS)
