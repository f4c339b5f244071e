"""Describe one server as its cloud knows it: all that a guest learns about itself."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from kubecapy.local.guest.timing import BootTiming

PackageFamily = Literal["apt", "yum"]


class ServerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the OpenStack API says about a server; addresses may change while it runs."""

    server_id: str
    name: str
    fixed_addresses: tuple[str, ...] = ()
    floating_addresses: tuple[str, ...] = ()
    image: str = ""
    """The image's name, out of which the guest's operating system is guessed."""
    flavor: str = ""
    vcpus: int = 1
    ram_mib: int = 2048
    availability_zone: str = "nova"
    region: str = "RegionOne"
    project_id: str = ""
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)
    public_keys: Mapping[str, str] = msgspec.field(default_factory=dict)
    """OpenSSH public keys by the name of their key pair."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses, fixed ones first."""
        return (*self.fixed_addresses, *self.floating_addresses)


class GuestSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a guest's process is told when it starts; it arrives on a pipe, since it holds user data."""

    facts: ServerFacts
    user_data: bytes = b""
    """As the server was given it, decoded from base64."""
    folder: str
    """The guest's own; its files survive a restart of the server."""
    console: str
    """The file behind the server's serial console."""
    timing: BootTiming = BootTiming()
    images: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Image repository to the command that runs in its place; other images are only reported to run."""

    def __repr__(self) -> str:
        """Name the server alone: user data holds tokens."""
        return f"GuestSpec({self.facts.server_id}, {self.facts.name})"


class OperatingSystem(msgspec.Struct, frozen=True):
    """The distribution inside a guest, as far as scripts can tell the difference."""

    id: str
    version: str
    pretty_name: str
    family: PackageFamily
    user: str
    """The login that cloud-init makes."""

    @property
    def shell_dialect(self) -> Literal["dash", "bash"]:
        """What `/bin/sh` is."""
        return "dash" if self.family == "apt" else "bash"


def operating_system_of(image: str) -> OperatingSystem:
    """Return the distribution that an image's name speaks of; Ubuntu where it names none."""
    folded = image.casefold()
    version = re.search(r"(\d+(?:\.\d+)?)", re.sub(r"^.*?(ubt|ubuntu|centos|rocky|debian)", "", folded))
    number = version.group(1) if version else ""
    if "centos" in folded or "rocky" in folded or "rhel" in folded:
        name = "rocky" if "rocky" in folded else "centos"
        shown = number.partition(".")[0] or "7"
        pretty = f"Rocky Linux {shown}" if name == "rocky" else f"CentOS Linux {shown} (Core)"
        return OperatingSystem(name, shown, pretty, "yum", name)
    if "debian" in folded:
        shown = number or "12"
        return OperatingSystem("debian", shown, f"Debian GNU/Linux {shown}", "apt", "debian")
    shown = number if "." in number else "18.04"
    return OperatingSystem("ubuntu", shown, f"Ubuntu {shown} LTS", "apt", "ubuntu")
