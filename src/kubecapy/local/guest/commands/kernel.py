"""Change the running kernel: modules, settings, swap.

Sources: modprobe(8), sysctl(8), swapoff(8).
"""

from collections.abc import Mapping

from kubecapy.local.guest.host import Host, change_setting, load_module, setting_path, settings_in, turn_swap_off
from kubecapy.local.guest.shell.commands import Call, Command, split_options

SYSCTL_FAILURE = 255


def kernel_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    kernel = _KernelCommands(host)
    return {
        "modprobe": kernel.modprobe,
        "swapoff": kernel.swapoff,
        "sysctl": kernel.sysctl,
    }


class _KernelCommands:
    def __init__(self, host: Host) -> None:
        self._host = host

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
