"""Give a guest its shell: the closed table of commands, and scripts run as root."""

from collections.abc import Mapping

from kubecapy.local.guest.commands.conditions import condition_commands
from kubecapy.local.guest.commands.content import content_commands
from kubecapy.local.guest.commands.files import file_commands
from kubecapy.local.guest.commands.kernel import kernel_commands
from kubecapy.local.guest.commands.network import network_commands
from kubecapy.local.guest.commands.packages import package_commands
from kubecapy.local.guest.commands.permissions import permission_commands
from kubecapy.local.guest.commands.system import system_commands
from kubecapy.local.guest.commands.text import text_commands
from kubecapy.local.guest.commands.units import unit_commands
from kubecapy.local.guest.commands.wrapping import wrapping_commands
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.command import kubeadm_commands
from kubecapy.local.guest.kubectl import kubectl_commands
from kubecapy.local.guest.programs import PROGRAM_FOLDERS, find_program
from kubecapy.local.guest.shell.commands import Call, Command
from kubecapy.local.guest.shell.interpreter import Shell
from kubecapy.local.guest.shell.session import Session
from kubecapy.local.guest.shell.state import ShellState
from kubecapy.local.guest.shell.streams import Streams, TextInput, Write

SEGMENTATION_FAULT_STATUS = 139
SHOWN_PROGRAMS = ("containerd", "crictl", "docker", "kubelet")
"""Programs that tell their version and little more."""


class Terminal:
    """Runs scripts on one host."""

    def __init__(self, host: Host) -> None:
        """Offer the commands of `host`; programs appear as they are installed."""
        self._host = host
        self._commands: Mapping[str, Command] = {
            **file_commands(host),
            **content_commands(host),
            **permission_commands(host),
            **text_commands(host),
            **condition_commands(host),
            **wrapping_commands(),
            **system_commands(host),
            **kernel_commands(host),
            **unit_commands(host),
            **package_commands(host),
            **network_commands(host),
        }
        self._programs: Mapping[str, Command] = {
            **kubeadm_commands(host),
            **kubectl_commands(host),
            **dict.fromkeys(SHOWN_PROGRAMS, self._show_program),
        }

    async def run_script(self, path: str, write: Write) -> int:
        """Run the script file at `path`, its output to `write`, and return its status."""
        variables = {"PATH": ":".join(PROGRAM_FOLDERS), "HOME": "/root", "USER": "root", "SHELL": "/bin/sh", "PWD": "/"}
        state = ShellState(variables=variables, exported=set(variables), name="sh")
        host = self._host
        session = Session(host.files, self.find, host.clock, state, dialect=host.system.shell_dialect)
        shell = Shell(session)
        try:
            return await shell.run(f"'{path}'", Streams(TextInput(), write, write))
        except RecursionError:
            # A real shell runs out of its stack too, and is ended by the kernel.
            write("Segmentation fault\n")
            return SEGMENTATION_FAULT_STATUS

    def find(self, name: str) -> Command | None:
        """Return the command that `name` runs; None where the guest has none."""
        folder, slash, base = name.rpartition("/")
        if not slash or folder in PROGRAM_FOLDERS:
            known = self._commands.get(base)
            if known is not None:
                return known
        program = find_program(self._host.files, name)
        return self._programs.get(program.name) if program is not None else None

    async def _show_program(self, call: Call) -> int:
        program = find_program(self._host.files, call.name)
        version = program.version if program is not None else "unknown"
        if call.arguments[:2] == ("config", "default"):
            call.out("version = 2\n")
            return 0
        if call.arguments and call.arguments[0].lstrip("-") in ("version", "v"):
            call.out(f"{call.name} version {version}\n")
            return 0
        return call.fail("the simulated program tells its version and does nothing else")
