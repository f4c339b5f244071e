"""Say how long the simulated parts of a boot take."""

import msgspec


class BootTiming(msgspec.Struct, frozen=True, kw_only=True):
    """Simulated durations in seconds; what really runs (API server, certificates, HTTP) takes its own time on top.

    The defaults make a control plane Ready about 4 s and a worker about 3 s after their servers are ACTIVE.
    """

    kernel_seconds: float = 0.5
    """From power-on to cloud-init."""
    package_index_seconds: float = 0.1
    """One `apt-get update` or `yum makecache`."""
    package_install_seconds: float = 0.3
    """One run of the package manager that installs something."""
    download_seconds: float = 0.05
    """One file fetched by curl or wget."""
    preflight_seconds: float = 0.1
    """kubeadm's checks."""
    image_pull_seconds: float = 0.2
    """Images of the control plane, or of one container."""
    discovery_seconds: float = 20.0
    """How long a joining host looks for its cluster; kubeadm's own default is five minutes."""
    kubelet_start_seconds: float = 0.2
    """From `systemctl start kubelet` to its first request."""
    node_ready_seconds: float = 0.5
    """From registration to the condition Ready."""
    probe_seconds: float = 0.3
    """Between two readiness probes of a container that has not been ready yet."""
    container_start_seconds: float = 0.2
    """From a pod's arrival at its node to its process."""

    def __post_init__(self) -> None:
        """Check that no value is negative.

        Raises:
            ValueError: a value is negative.
        """
        for name, value in msgspec.structs.asdict(self).items():
            if value < 0:
                raise ValueError(f"boot timing: {name} is {value}, expected zero or more seconds")

    def scaled(self, factor: float) -> "BootTiming":
        """Return durations that are `factor` times as long; how long a host looks for its cluster stays."""
        longer = {name: value * factor for name, value in msgspec.structs.asdict(self).items()}
        return BootTiming(**{**longer, "discovery_seconds": self.discovery_seconds})
