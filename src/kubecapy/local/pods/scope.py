"""Say of which pod a plan is made, and where it will run."""

from pathlib import Path

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.pods.containment import below
from kubecapy.local.pods.sources import PodSources

SERVICE_ACCOUNT_VOLUME = "kube-api-access"


class PodPlace(msgspec.Struct, frozen=True):
    """Where a pod runs, and what it is told of it."""

    folder: Path
    """The pod's own, on the machine."""
    api_host: str
    api_port: int
    pod_ip: str
    host_ip: str
    path: str = "/usr/local/bin:/usr/bin:/bin"
    """PATH of its processes."""
    guest_root: Path | None = None
    """Where `hostPath` volumes begin; None refuses them."""

    def volume_folder(self, name: str) -> Path:
        """Return the folder of a volume."""
        return below(self.folder / "volumes", name)

    @property
    def service_account_folder(self) -> Path:
        """The folder of the service account's files."""
        return self.volume_folder(SERVICE_ACCOUNT_VOLUME)


class PodScope(msgspec.Struct, frozen=True):
    """One pod, what it refers to, and where it runs: all that a plan is made from."""

    pod: JsonObject
    sources: PodSources
    place: PodPlace
