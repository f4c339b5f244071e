"""Make, copy, move, list and remove files and folders: the coreutils that boot scripts use.

Source: https://www.gnu.org/software/coreutils/manual/coreutils.html; messages are theirs.
"""

import errno
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePosixPath

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.commands import Call, Command, options_of


def file_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands by name."""
    files = _FileCommands(host)
    return {
        "cp": files.copy,
        "install": files.install,
        "ln": files.link,
        "ls": files.list,
        "mkdir": files.make_folders,
        "mktemp": files.make_temporary,
        "mv": files.move,
        "readlink": files.read_link,
        "realpath": files.read_link,
        "rm": files.remove,
        "rmdir": files.remove,
        "touch": files.touch,
    }


class _FileCommands:
    def __init__(self, host: Host) -> None:
        self._files = host.files
        self._random = host.random

    async def make_folders(self, call: Call) -> int:
        options, paths = options_of(call, flags="pv", valued="m")
        status = 0
        for path in paths:
            parent = str(PurePosixPath(path).parent)
            if self._files.exists(path, call.cwd) and "p" not in options:
                status = call.fail(f"cannot create directory '{path}': File exists")
            elif not self._files.is_folder(parent, call.cwd) and not {"p", "parents"} & set(options):
                status = call.fail(f"cannot create directory '{path}': No such file or directory")
            else:
                status = self._attempt(call, partial(self._files.make_folder, path, call.cwd)) or status
        return status

    async def make_temporary(self, call: Call) -> int:
        letters = "".join(self._random.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(10))
        path = f"/tmp/tmp.{letters}"  # noqa: S108 - the guest's own /tmp
        if "-d" in call.arguments:
            self._files.make_folder(path)
        else:
            self._files.install(path, b"", mode=0o600)
        call.out(f"{path}\n")
        return 0

    async def touch(self, call: Call) -> int:
        status = 0
        for path in [word for word in call.arguments if not word.startswith("-")]:
            try:
                self._files.append(path, b"", call.cwd)
            except OSError as error:
                status = call.fail(f"cannot touch '{path}': {error.strerror}")
        return status

    async def copy(self, call: Call) -> int:
        options, paths = options_of(call, flags="rRafipvnLdu")
        if len(paths) < 2:
            return call.fail("missing file operand")
        *sources, target = paths
        recursive = bool({"r", "R", "a", "recursive"} & set(options))
        status = 0
        for source in sources:
            if not self._files.exists(source, call.cwd):
                status = call.fail(f"cannot stat '{source}': No such file or directory")
            elif self._files.is_folder(source, call.cwd) and not recursive:
                status = call.fail(f"-r not specified; omitting directory '{source}'")
            else:
                status = self._attempt(call, partial(self._copy, source, target, call.cwd)) or status
        return status

    async def install(self, call: Call) -> int:
        options, paths = options_of(call, flags="dDv", valued="mog")
        mode = int(options.get("m") or "755", 8)
        if "d" in options:
            for path in paths:
                self._files.make_folder(path, call.cwd)
            return 0
        *sources, target = paths
        if "D" in options:
            self._files.make_folder(str(PurePosixPath(target).parent), call.cwd)
        for source in sources:
            status = self._attempt(call, partial(self._copy, source, target, call.cwd))
            if status:
                return status
            self._files.change_mode(self._destination(source, target, call.cwd), mode, call.cwd)
        return 0

    async def move(self, call: Call) -> int:
        _, paths = options_of(call, flags="fivn")
        if len(paths) < 2:
            return call.fail("missing file operand")
        *sources, target = paths
        status = 0
        for source in sources:
            if not self._files.has_entry(source, call.cwd):
                status = call.fail(f"cannot stat '{source}': No such file or directory")
            else:
                status = self._attempt(call, partial(self._move, source, target, call.cwd)) or status
        return status

    async def remove(self, call: Call) -> int:
        options, paths = options_of(call, flags="rRfivd")
        recursive = bool({"r", "R", "recursive"} & set(options))
        status = 0
        for path in paths:
            if not self._files.has_entry(path, call.cwd):
                if not {"f", "force"} & set(options):
                    status = call.fail(f"cannot remove '{path}': No such file or directory")
            elif self._files.normalize(path, call.cwd) in ("/", "/dev/null"):
                status = call.fail(f"it is dangerous to operate recursively on '{path}'")
            else:
                try:
                    self._files.remove(path, call.cwd, recursive=recursive or call.name == "rmdir")
                except OSError as error:
                    status = call.fail(f"cannot remove '{path}': {error.strerror}")
        return status

    async def link(self, call: Call) -> int:
        options, paths = options_of(call, flags="sfnv")
        if len(paths) != 2:
            return call.fail("missing file operand")
        target, name = paths
        place = f"{name}/{PurePosixPath(target).name}" if self._files.is_folder(name, call.cwd) else name
        if self._files.has_entry(place, call.cwd):
            if "f" not in options:
                return call.fail(f"failed to create symbolic link '{place}': File exists")
            self._files.remove(place, call.cwd)
        return self._attempt(call, lambda: self._files.entry(place, call.cwd).symlink_to(target))

    async def read_link(self, call: Call) -> int:
        paths = [word for word in call.arguments if not word.startswith("-")]
        for path in paths:
            found = self._files.entry(path, call.cwd)
            if call.name == "readlink" and not {"-f", "-e"} & set(call.arguments):
                if not found.is_symlink():
                    return 1
                call.out(f"{found.readlink()}\n")
            else:
                call.out(f"{self._files.guest_path(self._files.locate(path, call.cwd))}\n")
        return 0

    async def list(self, call: Call) -> int:
        _, paths = options_of(call, flags="lahdrt1RA")
        status = 0
        for path in paths or ["."]:
            if not self._files.exists(path, call.cwd):
                status = call.fail(f"cannot access '{path}': No such file or directory", 2)
            elif self._files.is_folder(path, call.cwd):
                names = sorted(child.name for child in self._files.locate(path, call.cwd).iterdir())
                call.out("".join(f"{name}\n" for name in names if not name.startswith(".")))
            else:
                call.out(f"{path}\n")
        return status

    def _attempt(self, call: Call, work: Callable[[], object]) -> int:
        try:
            work()
        except OSError as error:
            # The machine's own paths are nobody's business inside.
            named = [word for word in call.arguments if word == error.filename]
            return call.fail(f"cannot create '{named[0] if named else call.arguments[-1]}': {_reason(error)}")
        return 0

    def _destination(self, source: str, target: str, cwd: str) -> str:
        return f"{target}/{PurePosixPath(source).name}" if self._files.is_folder(target, cwd) else target

    def _copy(self, source: str, target: str, cwd: str) -> None:
        place = self._destination(source, target, cwd)
        if self._files.is_folder(source, cwd):
            folder, copy = self._files.locate(source, cwd), self._files.locate(place, cwd)
            if copy.is_relative_to(folder):
                raise OSError(errno.EINVAL, f"cannot copy a directory, '{source}', into itself", place)
            shutil.copytree(folder, copy, symlinks=True)
            return
        mode = self._files.locate(source, cwd).stat().st_mode & 0o777
        self._files.write(place, self._files.read(source, cwd), cwd, mode=mode)

    def _move(self, source: str, target: str, cwd: str) -> None:
        place = self._destination(source, target, cwd)
        self._files.entry(source, cwd).rename(self._files.entry(place, cwd))


def _reason(error: OSError) -> str:
    """Return why; a copy of many files that failed for some has no reason of its own."""
    return error.strerror or "some files cannot be copied"
