"""Print, write and encode what files hold: cat, tee, base64 and checksums.

Source: https://www.gnu.org/software/coreutils/manual/coreutils.html; messages are theirs.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.commands import Call, Command, options_of


def content_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    content = _ContentCommands(host)
    return {
        "base64": content.base64,
        "cat": content.cat,
        "md5sum": content.digest,
        "sha256sum": content.digest,
        "tee": content.tee,
    }


class _ContentCommands:
    def __init__(self, host: Host) -> None:
        self._files = host.files

    async def cat(self, call: Call) -> int:
        status = 0
        for path in [word for word in call.arguments if not word.startswith("-") or word == "-"] or ["-"]:
            try:
                call.out(call.stdin.read() if path == "-" else self._files.read_text(path, call.cwd))
            except OSError as error:
                status = call.fail(f"{path}: {error.strerror}")
        return status

    async def tee(self, call: Call) -> int:
        text = call.stdin.read()
        call.out(text)
        append = bool({"-a", "--append"} & set(call.arguments))
        status = 0
        for path in [word for word in call.arguments if not word.startswith("-")]:
            try:
                (self._files.append if append else self._files.write)(path, text, call.cwd)
            except OSError as error:
                status = call.fail(f"{path}: {error.strerror}")
        return status

    async def digest(self, call: Call) -> int:
        make: Callable[[bytes], str] = (
            (lambda data: hashlib.sha256(data).hexdigest())
            if call.name == "sha256sum"
            else (lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest())
        )
        for path in [word for word in call.arguments if not word.startswith("-")] or ["-"]:
            try:
                data = call.stdin.read().encode() if path == "-" else self._files.read(path, call.cwd)
            except OSError as error:
                return call.fail(f"{path}: {error.strerror}")
            call.out(f"{make(data)}  {path}\n")
        return 0

    async def base64(self, call: Call) -> int:
        options, paths = options_of(call, flags="di", valued="w")
        data = self._files.read(paths[0], call.cwd) if paths else call.stdin.read().encode(errors="surrogateescape")
        if not {"d", "decode"} & set(options):
            call.out(f"{base64.b64encode(data).decode()}\n")
            return 0
        try:
            call.out(base64.b64decode(data, validate=False).decode(errors="surrogateescape"))
        except ValueError:
            return call.fail("invalid input")
        return 0
