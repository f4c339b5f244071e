"""Keep databases whose tables are made already, and the keys that belong to them, in the user's cache.

    ~/.cache/kubecapy/openstack/<hash>/database    PostgreSQL's data, stopped in good order
    ~/.cache/kubecapy/openstack/<hash>/keys        Keystone's keys, and the people with their passwords

The hash is of all that shapes them: the pinned packages, the modules that make them, PostgreSQL. The newest is kept, it
is some 150 MB. Making the tables takes about as long as everything else of a start.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kubecapy.devcloud import seed
from openstack_services import configuration, database, inside, people
from openstack_services.installation import REQUIREMENTS, Installation

_MAKERS = tuple(Path(str(module.__file__)) for module in (configuration, database, people, seed))


class Templates:
    """The templates of one user."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, made where it is missing."""
        self._folder = folder

    def copy(self, key: str, *, data: Path, keys: Path) -> bool:
        """Copy the template of `key` to where nothing is yet; return False where there is none."""
        with self._locked():
            template = self._folder / key
            if not template.is_dir():
                return False
            _copy(template / "database", data)
            _copy(template / "keys", keys)
        return True

    def save(self, key: str, *, data: Path, keys: Path) -> None:
        """Keep copies of both, and drop every other template; a reader sees all of it or nothing."""
        with self._locked():
            fresh = self._folder / f".{key}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            _copy(data, fresh / "database")
            _copy(keys, fresh / "keys")
            for old in self._folder.iterdir():
                if old.is_dir() and old != fresh:
                    shutil.rmtree(old)
            fresh.rename(self._folder / key)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def users_templates() -> Templates:
    """Return those in the user's own cache, which all checkouts share."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Templates(Path(base) / "kubecapy" / "openstack")


def template_key(installation: Installation) -> str:
    """Return the name of the template that fits what is installed."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    for path in (*_MAKERS, *sorted(Path(inside.__file__).parent.rglob("*.py"))):
        digest.update(path.read_bytes())
    version = subprocess.run([installation.postgresql / "postgres", "--version"], capture_output=True, check=True)
    digest.update(version.stdout)
    digest.update(str(installation.database_user).encode())
    return digest.hexdigest()[:16]


def _copy(source: Path, target: Path) -> None:
    # Not shutil: PostgreSQL's files keep their owner.
    subprocess.run(["cp", "--archive", "--reflink=auto", source, target], check=True)
