"""Ask and change the running system: host name, units, modules, kernel settings, swap, time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kubecapy.local.guest.host import Host, change_setting, load_module, setting_path, settings_in, turn_swap_off
from kubecapy.local.guest.shell.commands import Call, Command, split_options
from kubecapy.local.guest.units import MaskedUnit, UnknownUnit

UNIT_MISSING_STATUS = 5
UNIT_INACTIVE_STATUS = 3
SYSCTL_FAILURE = 255

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
        "env": _env,
        "getenforce": system.selinux,
        "hostname": system.hostname,
        "hostnamectl": system.hostnamectl,
        "id": _identity,
        "modprobe": system.modprobe,
        "nohup": _run_rest,
        "printenv": _env,
        "service": system.service,
        "setenforce": system.selinux,
        "sleep": system.sleep,
        "sudo": _run_rest,
        "swapoff": system.swapoff,
        "sysctl": system.sysctl,
        "systemctl": system.systemctl,
        "timeout": _run_rest,
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

    async def modprobe(self, call: Call) -> int:
        names = [word for word in call.arguments if not word.startswith("-")]
        # Only the first word is a module unless -a is given; the rest are its parameters (modprobe(8)).
        for name in names if {"-a", "--all"} & set(call.arguments) else names[:1]:
            load_module(self._host, name)
        return 0

    async def swapoff(self, call: Call) -> int:
        if not call.arguments:
            return call.fail("bad usage", 16)
        turn_swap_off(self._host)
        return 0

    async def selinux(self, call: Call) -> int:
        if self._host.system.family == "apt":
            call.err(f"sh: 1: {call.name}: not found\n")
            return 127
        if call.name == "getenforce":
            call.out("Permissive\n")
        return 0

    async def sysctl(self, call: Call) -> int:
        options, operands = split_options(call.arguments, "wnqae", "p")
        if {"p", "system", "load"} & set(options) or "-p" in call.arguments:
            return self._load_settings(call, [path for path in (options.get("p"), *operands) if path])
        status = 0
        for word in operands:
            name, equals, value = word.partition("=")
            path = setting_path(name.strip())
            if equals:
                status = self._set(call, name.strip(), value.strip()) or status
            elif self._host.files.is_file(path):
                call.out(f"{name} = {self._host.files.read_text(path)}")
            else:
                status = call.fail(f"cannot stat {path}: No such file or directory", SYSCTL_FAILURE)
        return status

    def _load_settings(self, call: Call, paths: list[str]) -> int:
        status = 0
        for path in paths or ["/etc/sysctl.conf", *self._host.files.glob("/etc/sysctl.d/*.conf")]:
            if not self._host.files.is_file(path, call.cwd):
                continue
            call.out(f"* Applying {path} ...\n")
            for name, value in settings_in(self._host.files.read_text(path, call.cwd)):
                status = self._set(call, name, value) or status
        return status

    def _set(self, call: Call, name: str, value: str) -> int:
        if not change_setting(self._host, name, value):
            return call.fail(f"cannot stat {setting_path(name)}: No such file or directory", SYSCTL_FAILURE)
        call.out(f"{name} = {value}\n")
        return 0

    async def service(self, call: Call) -> int:
        if len(call.arguments) < 2:
            return call.fail("usage: service <unit> <start|stop|restart|status>")
        return await call.run(("systemctl", call.arguments[1], call.arguments[0]), {})

    async def systemctl(self, call: Call) -> int:
        words = [word for word in call.arguments if not word.startswith("-")]
        if not words or words[0] in ("daemon-reload", "daemon-reexec", "reset-failed", "preset"):
            return 0
        verb, *names = words
        now = "--now" in call.arguments
        status = 0
        for name in names:
            try:
                status = await self._unit(call, verb, name, now=now) or status
            except UnknownUnit as error:
                prefix = "Failed to enable unit" if verb in ("enable", "disable") else f"Failed to {verb} {error}"
                call.err(f"{prefix}: Unit {'file ' if 'enable' in prefix else ''}{error} not found.\n")
                status = UNIT_MISSING_STATUS
            except MaskedUnit as error:
                call.err(f"Failed to {verb} {error}.service: Unit {error}.service is masked.\n")
                status = 1
        return status

    async def _unit(self, call: Call, verb: str, name: str, *, now: bool) -> int:
        units = self._host.units
        if verb in ("start", "restart", "stop", "reload", "try-restart", "reload-or-restart"):
            await {"start": units.start, "stop": units.stop}.get(verb, units.restart)(name)
        elif verb in ("enable", "disable"):
            units.enable(name, enabled=verb == "enable")
            if now:
                await (units.start if verb == "enable" else units.stop)(name)
        elif verb in ("mask", "unmask"):
            units.mask(name, masked=verb == "mask")
        elif verb in ("is-active", "is-enabled", "status"):
            return self._report(call, verb, name)
        else:
            call.err(f"Unknown command verb {verb}.\n")
            return 1
        return 0

    def _report(self, call: Call, verb: str, name: str) -> int:
        unit = self._host.units.find(name)
        active = unit is not None and unit.active
        good = unit is not None and unit.enabled if verb == "is-enabled" else active
        word = ("enabled" if good else "disabled") if verb == "is-enabled" else ("active" if good else "inactive")
        if "--quiet" not in call.arguments and "-q" not in call.arguments:
            call.out(f"{word}\n")
        return 0 if good else 1 if verb == "is-enabled" else UNIT_INACTIVE_STATUS


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


async def _env(call: Call) -> int:
    variables, words = _assignments([word for word in call.arguments if word not in ("-i", "-")])
    if words and call.name == "env":
        return await call.run(words, variables)
    for name, value in {**call.environment, **variables}.items():
        call.out(f"{name}={value}\n")
    return 0


async def _run_rest(call: Call) -> int:
    """Run the words after the command's own options: `sudo -E apt-get ...`, `timeout 5 curl ...`."""
    words = list(call.arguments)
    while words and (words[0].startswith("-") or (call.name == "timeout" and words[0].rstrip("smh").isdigit())):
        words.pop(0)
    variables, rest = _assignments(words)
    return await call.run(rest, variables) if rest else 0


def _assignments(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Split leading `name=value` words from the command after them."""
    variables: dict[str, str] = {}
    rest = list(words)
    while rest and "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        variables[name] = value
    return variables, rest
