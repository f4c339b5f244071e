"""Fetch files: curl and wget, from the mirror that a guest sees."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.mirror import DownloadError, download
from kubecapy.local.guest.shell.commands import Call, Command

CURL_VALUED = frozenset({
    "-o", "--output", "-H", "--header", "-X", "--request", "--retry", "--retry-delay", "-m", "--max-time", "-w",
    "--write-out", "--connect-timeout", "-u", "-A", "--cacert", "--cert", "--key", "-d", "--data",
})  # fmt: skip
WGET_VALUED = frozenset({"-O", "--output-document", "--tries", "-t", "-P", "-T", "--timeout"})
WGET_FAILURE = 8


def network_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    network = _NetworkCommands(host)
    return {"curl": network.curl, "gpg": network.gpg, "wget": network.wget}


class _NetworkCommands:
    def __init__(self, host: Host) -> None:
        self._host = host

    async def curl(self, call: Call) -> int:
        options, urls = _read(call.arguments, CURL_VALUED)
        flags = "".join(option[1:] for option in options if option.startswith("-") and not option.startswith("--"))
        if not urls:
            return call.fail("no URL specified!", 2)
        for url in urls:
            await self._host.clock.sleep(self._host.timing.download_seconds)
            try:
                content = download(url if "://" in url else f"http://{url}", self._host.facts)
            except DownloadError as error:
                if "s" not in flags or "S" in flags:
                    call.err(f"curl: ({error.status}) {error}\n")
                return error.status
            path = options.get("-o") or options.get("--output") or ""
            path = urlsplit(url).path.rpartition("/")[2] if "O" in flags else path
            if not path or path == "-":
                call.out(content.decode(errors="surrogateescape"))
                continue
            try:
                self._host.files.write(path, content, call.cwd)
            except OSError:
                call.err(f"Warning: Failed to open the file {path}: No such file or directory\n")
                call.err("curl: (23) Failure writing output to destination\n")
                return 23
        return 0

    async def wget(self, call: Call) -> int:
        options, urls = _read(call.arguments, WGET_VALUED)
        for url in urls:
            await self._host.clock.sleep(self._host.timing.download_seconds)
            try:
                content = download(url, self._host.facts)
            except DownloadError as error:
                return call.fail(str(error), WGET_FAILURE)
            path = options.get("-O") or options.get("--output-document") or urlsplit(url).path.rpartition("/")[2]
            if path == "-":
                call.out(content.decode(errors="surrogateescape"))
            else:
                self._host.files.write(path, content, call.cwd)
        return 0

    async def gpg(self, call: Call) -> int:
        """Copy a key: `gpg --dearmor -o FILE [KEY]`, its text being no real key anyway."""
        options, paths = _read(call.arguments, frozenset({"-o", "--output"}))
        content = self._host.files.read_text(paths[0], call.cwd) if paths else call.stdin.read()
        target = options.get("-o") or options.get("--output")
        if not content:
            return call.fail("no valid OpenPGP data found.", 2)
        if target:
            self._host.files.write(target, content, call.cwd)
        else:
            call.out(content)
        return 0


def _read(arguments: tuple[str, ...], valued: frozenset[str]) -> tuple[dict[str, str], list[str]]:
    """Split options from operands; letters that stand together may end in one with a value, as `-fsSLo file`."""
    options: dict[str, str] = {}
    operands: list[str] = []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        name, equals, value = word.partition("=")
        last = f"-{word[-1]}"
        if equals:
            options[name] = value
        elif word in valued or (not word.startswith("--") and last in valued):
            options[word if word in valued else last] = pending.pop(0) if pending else ""
            options.setdefault(word, "")
        else:
            options[word] = ""
    return options, operands
