"""Change who may do what with files: chmod, chown and chgrp.

Source: https://www.gnu.org/software/coreutils/manual/coreutils.html; messages are theirs.
"""

from collections.abc import Mapping

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.commands import Call, Command

KNOWN_USERS = frozenset({"root", "ubuntu", "centos", "debian", "rocky", "nobody", "syslog", "adm", "daemon", "etcd"})


def permission_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    permissions = _PermissionCommands(host)
    return {
        "chgrp": permissions.chown,
        "chmod": permissions.chmod,
        "chown": permissions.chown,
    }


class _PermissionCommands:
    def __init__(self, host: Host) -> None:
        self._files = host.files

    async def chmod(self, call: Call) -> int:
        words = [word for word in call.arguments if word not in ("-R", "-v", "-f", "--recursive")]
        if len(words) < 2:
            return call.fail("missing operand")
        mode, *paths = words
        status = 0
        for path in paths:
            if not self._files.exists(path, call.cwd):
                status = call.fail(f"cannot access '{path}': No such file or directory")
                continue
            bits = _changed_mode(self._files.locate(path, call.cwd).stat().st_mode & 0o777, mode)
            if bits is None:
                return call.fail(f"invalid mode: '{mode}'")
            self._files.change_mode(path, bits, call.cwd)
        return status

    async def chown(self, call: Call) -> int:
        words = [word for word in call.arguments if not word.startswith("-")]
        if len(words) < 2:
            return call.fail("missing operand")
        owner, *paths = words
        names = [name for name in owner.split(":") if name and not name.isdigit()]
        if unknown := [name for name in names if name not in KNOWN_USERS]:
            return call.fail(f"invalid user: '{unknown[0]}'")
        missing = [path for path in paths if not self._files.exists(path, call.cwd)]
        for path in missing:
            call.fail(f"cannot access '{path}': No such file or directory")
        return int(bool(missing))


def _changed_mode(old: int, text: str) -> int | None:
    """Return `old` after chmod's `text`: octal, or clauses such as `u=rw,go-w` and `+x`; None where it is neither."""
    if text.isdigit():
        return int(text, 8) & 0o777 if set(text) <= set("01234567") else None
    for clause in text.split(","):
        position = next((index for index, letter in enumerate(clause) if letter in "+-="), None)
        if position is None or not set(clause[:position]) <= set("ugoa"):
            return None
        who = clause[:position] or "a"
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}.get(letter, 0) for letter in clause[position + 1 :])
        for letter in "ugo" if "a" in who else who:
            shift = {"u": 6, "g": 3, "o": 0}[letter]
            kept = old & ~(0o7 << shift) if clause[position] == "=" else old
            old = kept & ~(bits << shift) if clause[position] == "-" else kept | (bits << shift)
    return old
