"""Hold one guest's parts together: its files, units, console and what it knows of itself."""

import random
from dataclasses import dataclass
from pathlib import PurePosixPath

from kubecapy.clock import Clock
from kubecapy.local.guest.console import Console
from kubecapy.local.guest.facts import OperatingSystem, ServerFacts, operating_system_of
from kubecapy.local.guest.filesystem import GuestFilesystem
from kubecapy.local.guest.timing import BootTiming
from kubecapy.local.guest.units import Units

_FOLDERS = tuple(
    PurePosixPath("/", name)
    for name in (
        "bin",
        "boot",
        "dev",
        "etc/default",
        "etc/ssh",
        "etc/systemd/system",
        "home",
        "lib",
        "media",
        "mnt",
        "opt",
        "proc/sys/net/ipv4",
        "root",
        "run",
        "sbin",
        "srv",
        "sys",
        "tmp",
        "usr/bin",
        "usr/local/bin",
        "usr/sbin",
        "usr/share",
        "var/cache",
        "var/lib",
        "var/log",
        "var/tmp",
    )
)
_SWAPS_HEADER = "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n"


@dataclass
class Host:
    """One guest. The facts are replaced when the cloud changes the server's addresses."""

    facts: ServerFacts
    files: GuestFilesystem
    console: Console
    units: Units
    clock: Clock
    random: random.Random
    timing: BootTiming

    @property
    def system(self) -> OperatingSystem:
        """The distribution inside."""
        return operating_system_of(self.facts.image)

    @property
    def hostname(self) -> str:
        """The name that the guest gives itself."""
        return self.files.read_text("/etc/hostname").strip()

    def set_hostname(self, name: str) -> None:
        """Change the name, in /etc/hostname."""
        self.files.write("/etc/hostname", f"{name}\n")


def prepare_files(host: Host) -> None:
    """Fill an empty root with what an image brings along; a root that was booted before stays as it is."""
    files = host.files
    if files.exists("/etc/os-release"):
        return
    for folder in _FOLDERS:
        files.make_folder(str(folder))
    system = host.system
    like = "debian" if system.family == "apt" else "rhel fedora"
    release = {"NAME": system.pretty_name.partition(" ")[0], "VERSION_ID": system.version, "ID": system.id,
               "ID_LIKE": like, "PRETTY_NAME": system.pretty_name}  # fmt: skip
    files.write("/etc/os-release", "".join(f'{key}="{value}"\n' for key, value in release.items()))
    files.write("/etc/hostname", f"{'ubuntu' if system.family == 'apt' else 'localhost.localdomain'}\n")
    files.write("/etc/hosts", "127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n")
    files.write("/etc/fstab", "LABEL=root / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n")
    files.entry("/dev/null").touch()
    for name in ("ssh", "cron", "ufw") if system.family == "apt" else ("sshd", "crond", "firewalld"):
        host.units.install(name, enabled=True)


def power_on(host: Host) -> None:
    """Bring what lives in memory to what the guest's files say: swap space, kernel modules, kernel settings.

    Nothing else of it survives a reboot, as on a real host.
    """
    files = host.files
    mounts = [line.split() for line in files.read_text("/etc/fstab").splitlines() if not line.startswith("#")]
    swaps = [fields[0] for fields in mounts if len(fields) > 2 and fields[2] == "swap"]
    files.write("/proc/swaps", _SWAPS_HEADER + "".join(f"{name}\t\t\t\tfile\t\t2097148\t0\t-2\n" for name in swaps))
    files.write("/proc/modules", "")
    if files.exists("/proc/sys"):
        files.remove("/proc/sys", recursive=True)
    files.install("/proc/sys/net/ipv4/ip_forward", "0\n")
    for path in files.glob("/etc/modules-load.d/*.conf"):
        for name in files.read_text(path).split():
            load_module(host, name)
    for path in ("/etc/sysctl.conf", *files.glob("/etc/sysctl.d/*.conf")):
        for name, value in settings_in(files.read_text(path) if files.is_file(path) else ""):
            change_setting(host, name, value)


def settings_in(text: str) -> list[tuple[str, str]]:
    """Return the kernel settings of a sysctl.conf(5)."""
    pairs = [line.partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", ";"))]
    return [(name.strip().lstrip("-"), value.strip()) for name, equals, value in pairs if equals]


def change_setting(host: Host, name: str, value: str) -> bool:
    """Set a kernel setting such as `net.ipv4.ip_forward`; return whether the kernel has it."""
    path = setting_path(name)
    if "/bridge/" in path and not host.files.exists(path):
        return False
    host.files.install(path, f"{value}\n")
    return True


def setting_path(name: str) -> str:
    """Return the file below /proc/sys that stands for a kernel setting."""
    return f"/proc/sys/{name.replace('.', '/')}"


def turn_swap_off(host: Host) -> None:
    """Stop using swap space until the next boot."""
    host.files.write("/proc/swaps", _SWAPS_HEADER)


def has_swap(host: Host) -> bool:
    """Return whether swap space is in use."""
    return host.files.read_text("/proc/swaps") != _SWAPS_HEADER


def load_module(host: Host, name: str) -> None:
    """Load a kernel module; br_netfilter brings its settings along."""
    loaded = host.files.read_text("/proc/modules")
    if f"{name} " not in loaded:
        host.files.write("/proc/modules", f"{loaded}{name} 16384 0 - Live 0x0000000000000000\n")
    if name == "br_netfilter":
        for setting in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables"):
            host.files.install(f"/proc/sys/net/bridge/{setting}", "1\n")
