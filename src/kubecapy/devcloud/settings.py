"""Hold what a person may choose about a simulated cloud."""

import ipaddress
from pathlib import Path

import msgspec

SMALLEST_SUBNET_ADDRESSES = 16


class AddressPlan(msgspec.Struct, frozen=True):
    """The IPv4 ranges of the first networks: servers' fixed addresses, and floating addresses.

    Halves of one 127.x.y.0/24 make every address bindable by a process of the machine, without root.
    """

    fixed_cidr: str = "10.6.0.0/24"
    floating_cidr: str = "172.24.4.0/24"

    def __post_init__(self) -> None:
        """Check both ranges.

        Raises:
            ValueError: a range is not IPv4 CIDR, has host bits set, is smaller than /28, or the two overlap.
        """
        fixed = _read_range("fixed_cidr", self.fixed_cidr)
        floating = _read_range("floating_cidr", self.floating_cidr)
        if fixed.overlaps(floating):
            raise ValueError(
                f"address plan: fixed_cidr {fixed} overlaps floating_cidr {floating}; choose two ranges apart"
            )


class Timing(msgspec.Struct, frozen=True):
    """How long the world takes over things, in seconds; `jitter` 0.2 makes each delay up to 20 % longer.

    Attributes:
        boot_seconds: From BUILD to ACTIVE.
        schedule_seconds: From BUILD to ERROR where no host fits.
        delete_seconds: From the delete until the server is gone.
        power_seconds: Stop, start, reboot.
        volume_seconds: From `creating` to `available`, and from `deleting` until the volume is gone.
        reclaim_seconds: How long a deleted server stays SOFT_DELETED (Nova's `reclaim_instance_interval`); 0, Nova's
            default, removes it at once.
        jitter: Largest share by which a delay is stretched.
    """

    boot_seconds: float = 2.0
    schedule_seconds: float = 0.2
    delete_seconds: float = 1.0
    power_seconds: float = 0.5
    volume_seconds: float = 0.5
    reclaim_seconds: float = 0.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        """Check that no value is negative.

        Raises:
            ValueError: a value is negative.
        """
        for name, value in msgspec.structs.asdict(self).items():
            if value < 0:
                raise ValueError(f"timing: {name} is {value}, expected zero or more seconds")


class Capacity(msgspec.Struct, frozen=True):
    """What each host has; a server that fits on none ends in ERROR."""

    vcpus: int = 512
    ram_mib: int = 2_097_152
    disk_gib: int = 65_536


class Host(msgspec.Struct, frozen=True):
    """A machine that runs servers, in one availability zone."""

    name: str
    zone: str


# Two zones, and no more hosts than a strict anti-affinity group fills quickly.
HOSTS = (Host("devcloud-1", "nova"), Host("devcloud-2", "nova"), Host("devcloud-3", "az2"))


class DevCloudSettings(msgspec.Struct, frozen=True):
    """The choices for one cloud; port 0 means a free one.

    Attributes:
        state_dir: Folder for clouds.yaml, ca.pem, control.json; made with mode 0700.
        console_dir: Folder with `<server id>.log`, the serial consoles; `None` means `console` in `state_dir`.
        host: Loopback address on which both endpoints listen.
        port: Port of the OpenStack services.
        control_port: Port of the control endpoint.
        addresses: Ranges of the first networks.
        timing: Delays of the servers' life.
        capacity: What each host has.
        hosts: Where servers run; the first one's zone is the default zone.
        regions: Names in the catalog; the first is that of clouds.yaml.
        ready_floating_addresses: How many floating addresses the project owns from the start.
        token_seconds: Life of a token.
        ledger_entries: How many calls the ledger remembers in full; its counters forget nothing.
    """

    state_dir: Path
    console_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    addresses: AddressPlan = msgspec.field(default_factory=AddressPlan)
    timing: Timing = Timing()
    capacity: Capacity = Capacity()
    hosts: tuple[Host, ...] = HOSTS
    regions: tuple[str, ...] = ("RegionOne",)
    ready_floating_addresses: int = 6
    token_seconds: float = 3600.0
    ledger_entries: int = 20_000

    @property
    def consoles(self) -> Path:
        """The folder of the serial consoles."""
        return self.console_dir or self.state_dir / "console"


def _read_range(name: str, text: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(
            f"address plan: {name} is {text!r}, expected an IPv4 range such as 127.88.0.0/25 ({error})"
        ) from error
    if network.num_addresses < SMALLEST_SUBNET_ADDRESSES:
        raise ValueError(f"address plan: {name} {text} has fewer than 16 addresses; give a /28 or larger")
    return network
