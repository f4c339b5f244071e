"""A store that keeps no bytes: volumes are what Cinder's database says, and every request to it succeeds."""

from typing import Any

from cinder.volume import driver

# Any, in this module: Cinder's own objects, of which it has no types.
_UNLIMITED = "infinite"


class SimulatedStore(driver.VolumeDriver):
    """One back end with one pool."""

    VERSION = "1"

    def check_for_setup_error(self) -> None:
        """Find nothing wrong."""

    def create_volume(self, volume: Any) -> None:
        """Make a volume."""

    def delete_volume(self, volume: Any) -> None:
        """Remove a volume."""

    def extend_volume(self, volume: Any, new_size: int) -> None:
        """Make a volume larger."""

    def create_snapshot(self, snapshot: Any) -> None:
        """Make a snapshot."""

    def delete_snapshot(self, snapshot: Any) -> None:
        """Remove a snapshot."""

    def create_volume_from_snapshot(self, volume: Any, snapshot: Any) -> None:
        """Make a volume with what a snapshot has."""

    def create_cloned_volume(self, volume: Any, src_vref: Any) -> None:
        """Make a volume with what another one has."""

    def clone_image(
        self, context: Any, volume: Any, image_location: Any, image_meta: Any, image_service: Any
    ) -> tuple[dict[str, Any], bool]:
        """Say that the volume has the image's contents: no copy is then made, which would need qemu-img."""
        return {}, True

    def ensure_export(self, context: Any, volume: Any) -> None:
        """Let hosts reach the volume, after a restart."""

    def create_export(self, context: Any, volume: Any, connector: Any) -> None:
        """Let a host reach the volume."""

    def remove_export(self, context: Any, volume: Any) -> None:
        """Let no host reach the volume any more."""

    def initialize_connection(self, volume: Any, connector: Any) -> dict[str, Any]:
        """Return how the host attaches the volume, which the simulated hypervisor does not read."""
        return {"driver_volume_type": "iscsi", "data": {"access_mode": "rw"}}

    def terminate_connection(self, volume: Any, connector: Any, **more: Any) -> None:
        """Let the host go."""

    def _update_volume_stats(self) -> None:
        pool = {
            "pool_name": "simulated",
            "total_capacity_gb": _UNLIMITED,
            "free_capacity_gb": _UNLIMITED,
            "provisioned_capacity_gb": 0,
            "reserved_percentage": 0,
            "multiattach": True,
        }
        self._stats = {
            "volume_backend_name": "simulated",
            "vendor_name": "Kubecapy",
            "driver_version": self.VERSION,
            "storage_protocol": "iSCSI",
            "pools": [pool],
        }
