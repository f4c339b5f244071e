"""Ask and change what a machine says of itself: its name, its user, its time."""

from collections.abc import Mapping
from datetime import datetime

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.commands import Call, Command

_WITHOUT_EFFECT = (
    "apparmor_parser",
    "ip",
    "iptables",
    "logger",
    "mount",
    "swapon",
    "sync",
    "timedatectl",
    "udevadm",
    "update-alternatives",
    "update-ca-certificates",
)
"""Commands that succeed and change nothing that this simulation knows of."""


def system_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    system = _SystemCommands(host)
    return {
        **dict.fromkeys(_WITHOUT_EFFECT, _accept),
        "date": system.date,
        "getenforce": system.selinux,
        "hostname": system.hostname,
        "hostnamectl": system.hostnamectl,
        "id": _identity,
        "setenforce": system.selinux,
        "sleep": system.sleep,
        "uname": system.uname,
        "whoami": _identity,
    }


class _SystemCommands:
    def __init__(self, host: Host) -> None:
        self._host = host

    async def date(self, call: Call) -> int:
        now = self._host.clock.now()
        words = [word for word in call.arguments if word not in ("-u", "--utc")]
        form = words[0].removeprefix("+") if words else "%a %b %e %H:%M:%S UTC %Y"
        call.out(f"{_formatted(now, form)}\n")
        return 0

    async def hostname(self, call: Call) -> int:
        names = [word for word in call.arguments if not word.startswith("-")]
        if names:
            self._host.set_hostname(names[0])
        elif {"-I", "--all-ip-addresses"} & set(call.arguments):
            call.out(f"{' '.join(self._host.facts.fixed_addresses)} \n")
        elif {"-i", "--ip-address"} & set(call.arguments):
            call.out(f"{next(iter(self._host.facts.fixed_addresses), '127.0.0.1')}\n")
        else:
            name = self._host.hostname
            call.out(f"{name.partition('.')[0] if {'-s', '--short'} & set(call.arguments) else name}\n")
        return 0

    async def hostnamectl(self, call: Call) -> int:
        words = [word for word in call.arguments if not word.startswith("-")]
        if words[:1] == ["set-hostname"] or words[:1] == ["hostname"]:
            self._host.set_hostname(words[-1])
        else:
            call.out(f"   Static hostname: {self._host.hostname}\n")
        return 0

    async def uname(self, call: Call) -> int:
        facts = {"-s": "Linux", "-n": self._host.hostname, "-r": "5.4.0-42-generic", "-m": "x86_64", "-p": "x86_64"}
        if "-a" in call.arguments:
            call.out(f"Linux {self._host.hostname} 5.4.0-42-generic #46 SMP x86_64 GNU/Linux\n")
        else:
            call.out(" ".join(facts.get(word, "Linux") for word in call.arguments or ("-s",)) + "\n")
        return 0

    async def sleep(self, call: Call) -> int:
        text = call.arguments[0] if call.arguments else ""
        units = {"s": 1.0, "m": 60.0, "h": 3600.0}
        try:
            seconds = float(text[:-1]) * units[text[-1]] if text[-1:] in units else float(text)
        except ValueError:
            return call.fail(f"invalid time interval '{text}'")
        await self._host.clock.sleep(seconds)
        return 0

    async def selinux(self, call: Call) -> int:
        if self._host.system.family == "apt":
            call.err(f"sh: 1: {call.name}: not found\n")
            return 127
        if call.name == "getenforce":
            call.out("Permissive\n")
        return 0


def _formatted(now: datetime, form: str) -> str:
    return now.strftime(form.replace("%s", str(int(now.timestamp()))))


async def _accept(call: Call) -> int:  # noqa: ARG001 - the shape of a command
    """Succeed: the command changes nothing that this simulation knows of."""
    return 0


async def _identity(call: Call) -> int:
    if call.name == "whoami" or "-un" in call.arguments:
        call.out("root\n")
    elif {"-u", "-g"} & set(call.arguments):
        call.out("0\n")
    else:
        call.out("uid=0(root) gid=0(root) groups=0(root)\n")
    return 0
