"""Keep a guest's files: its root is a folder, and no path leads out of it."""

import errno
import fnmatch
import os
import shutil
from pathlib import Path, PurePosixPath

NULL_DEVICE = "/dev/null"
MAX_LINKS = 40
"""Links followed in one path before it counts as a loop, as Linux has it (path_resolution(7))."""


class GuestFilesystem:
    """Reads and writes the files of one guest; every path is a guest's own, absolute or relative to `cwd`.

    Symbolic links are followed inside the root alone, as chroot(2) would. Errors are `OSError`s that carry the
    guest's path, never the machine's.
    """

    def __init__(self, root: Path) -> None:
        """Use `root` as the guest's `/`; the folder is made with mode 0700 where it is missing."""
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def locate(self, path: str, cwd: str = "/") -> Path:
        """Return the machine's path of `path`, all links followed; what it names need not exist.

        Raises:
            OSError: more than 40 links, a name that is too long, or a zero byte in it.
        """
        return self._walk(path, cwd, follow_last=True)

    def entry(self, path: str, cwd: str = "/") -> Path:
        """Return the machine's path of `path` itself: a link at its end is not followed.

        What a link leads to is not asked of it by `Path.exists` and the like, which would look at the machine's own
        files: `has_entry` is the question.
        """
        return self._walk(path, cwd, follow_last=False)

    def has_entry(self, path: str, cwd: str = "/") -> bool:
        """Return whether `path` names something, be it a link that leads nowhere."""
        try:
            return os.path.lexists(self.entry(path, cwd))
        except OSError:
            return False

    def normalize(self, path: str, cwd: str = "/") -> str:
        """Return `path` absolute, without `.`, `..` and doubled slashes; links stay as they are."""
        kept: list[str] = []
        for part in PurePosixPath(cwd, path).parts[1:]:
            if part == "..":
                kept = kept[:-1]
            else:
                kept.append(part)
        return "/" + "/".join(kept)

    def guest_path(self, path: Path) -> str:
        """Return the guest's name of a machine's path below the root."""
        return str(PurePosixPath("/", path.relative_to(self._root)))

    def read(self, path: str, cwd: str = "/") -> bytes:
        """Return a file's bytes.

        Raises:
            OSError: it is absent or a folder.
        """
        if self.normalize(path, cwd) == NULL_DEVICE:
            return b""
        try:
            return self.locate(path, cwd).read_bytes()
        except OSError as error:
            raise _at(error, path) from None

    def read_text(self, path: str, cwd: str = "/") -> str:
        """Return a file's text; bytes that are no UTF-8 survive a round trip."""
        return self.read(path, cwd).decode(errors="surrogateescape")

    def write(self, path: str, data: bytes | str, cwd: str = "/", *, mode: int | None = None) -> None:
        """Replace a file's content; its folder must exist.

        Raises:
            OSError: the folder is absent, or `path` is a folder.
        """
        self._store(path, data, cwd, flags=os.O_TRUNC, mode=mode)

    def append(self, path: str, data: bytes | str, cwd: str = "/") -> None:
        """Add to the end of a file, which is made where it is absent."""
        self._store(path, data, cwd, flags=os.O_APPEND, mode=None)

    def install(self, path: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """Write a file together with the folders above it."""
        self.make_folder(str(PurePosixPath(path).parent))
        self.write(path, data, mode=mode)

    def make_folder(self, path: str, cwd: str = "/") -> None:
        """Make a folder and those above it; an existing one is left as it is."""
        try:
            self.locate(path, cwd).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _at(error, path) from None

    def change_mode(self, path: str, mode: int, cwd: str = "/") -> None:
        """Set permission bits; the machine's own user keeps the right to read and write."""
        found = self.locate(path, cwd)
        try:
            found.chmod(mode | (0o700 if found.is_dir() else 0o600))
        except OSError as error:
            raise _at(error, path) from None

    def exists(self, path: str, cwd: str = "/") -> bool:
        """Return whether `path` names something."""
        found = self._find(path, cwd)
        return found is not None and found.exists()

    def is_file(self, path: str, cwd: str = "/") -> bool:
        """Return whether `path` names a regular file."""
        found = self._find(path, cwd)
        return found is not None and found.is_file()

    def is_folder(self, path: str, cwd: str = "/") -> bool:
        """Return whether `path` names a folder."""
        found = self._find(path, cwd)
        return found is not None and found.is_dir()

    def is_executable(self, path: str, cwd: str = "/") -> bool:
        """Return whether `path` names a file with an execute bit."""
        found = self._find(path, cwd)
        return found is not None and found.is_file() and bool(found.stat().st_mode & 0o111)

    def remove(self, path: str, cwd: str = "/", *, recursive: bool = False) -> None:
        """Remove a file, a link, or with `recursive` a folder and all in it.

        Raises:
            OSError: it is absent, or a folder and `recursive` is not given.
        """
        found = self.entry(path, cwd)
        try:
            if found.is_dir() and not found.is_symlink():
                if not recursive:
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                shutil.rmtree(found)
            else:
                found.unlink()
        except OSError as error:
            raise _at(error, path) from None

    def glob(self, pattern: str, cwd: str = "/") -> list[str]:
        """Return the sorted paths that match `pattern` part by part, absolute or relative as the pattern is."""
        absolute = pattern.startswith("/")
        found = ["/" if absolute else ""]
        for part in [part for part in pattern.split("/") if part]:
            found = [path for base in found for path in self._matches(base, part, cwd)]
        return sorted(found)

    def _find(self, path: str, cwd: str) -> Path | None:
        """Return the machine's path; None where none can be, as for links in a circle: nothing is there then."""
        try:
            return self.locate(path, cwd)
        except OSError:
            return None

    def _matches(self, base: str, part: str, cwd: str) -> list[str]:
        prefix = base if not base or base.endswith("/") else f"{base}/"
        if not any(letter in part for letter in "*?["):
            return [prefix + part] if self.has_entry(prefix + part, cwd) else []
        folder = self._find(base or ".", cwd)
        names = sorted(child.name for child in folder.iterdir()) if folder is not None and folder.is_dir() else []
        visible = [name for name in names if part.startswith(".") or not name.startswith(".")]
        return [prefix + name for name in visible if fnmatch.fnmatchcase(name, part)]

    def _store(self, path: str, data: bytes | str, cwd: str, *, flags: int, mode: int | None) -> None:
        if self.normalize(path, cwd) == NULL_DEVICE:
            return
        content = data.encode(errors="surrogateescape") if isinstance(data, str) else data
        try:
            handle = os.open(self.locate(path, cwd), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o644)
        except OSError as error:
            raise _at(error, path) from None
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if mode is not None:
                os.fchmod(handle, mode | 0o600)

    def _walk(self, path: str, cwd: str, *, follow_last: bool) -> Path:
        if "\0" in path:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        try:
            return self._follow(path, cwd, follow_last=follow_last)
        except OSError as error:
            raise _at(error, path) from None

    def _follow(self, path: str, cwd: str, *, follow_last: bool) -> Path:
        pending = list(reversed(PurePosixPath(cwd, path).parts[1:]))
        current = self._root
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                current = current if current == self._root else current.parent
                continue
            current = current / part
            if not current.is_symlink() or (not pending and not follow_last):
                continue
            links += 1
            if links > MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            target = PurePosixPath(current.readlink())
            current = self._root if target.is_absolute() else current.parent
            pending.extend(reversed([part for part in target.parts if part != "/"]))
        return current


def _at(error: OSError, path: str) -> OSError:
    """Return `error` about the guest's `path`: the machine's path is nobody's business inside."""
    number = error.errno or errno.EIO
    return OSError(number, os.strerror(number), path)
