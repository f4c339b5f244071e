"""Find what the services run on: their own environment, and PostgreSQL."""

import os
import pwd
import re
import shutil
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "openstack"
ENVIRONMENT = FOLDER / "venv"
COMPILED = FOLDER / "pycache"
"""Where `tools/setup.py openstack` has put the compiled files: without them, a start would compile all it imports."""
REQUIREMENTS = ROOT / "requirements" / "openstack.txt"
_STAMP = ENVIRONMENT / "kubecapy-openstack.stamp"
_USUAL_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
"""Of Debian and its kin, which put no server program on PATH, and of Red Hat and its kin."""
_DATABASE_USERS = ("postgres", "nobody")


class NotInstalled(Exception):
    """Something is missing; the message says what, and how to get it."""


class Installation(msgspec.Struct, frozen=True):
    """What the services run on."""

    python: Path
    """The interpreter of the services' environment."""
    postgresql: Path
    """Folder of `initdb`, `postgres` and `psql`."""
    database_user: str | None
    """Who PostgreSQL runs as; None where we are an ordinary user, who runs it himself. It refuses to run as root."""


def find_installation() -> Installation:
    """Return what is installed.

    Raises:
        NotInstalled: something is missing.
    """
    if not _STAMP.exists():
        raise NotInstalled("the OpenStack services are not installed: run `make openstack`")
    return Installation(ENVIRONMENT / "bin" / "python", _find_postgresql(), _database_user())


def _find_postgresql() -> Path:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for place in _USUAL_PLACES:
        found = Path("/").glob(place.removeprefix("/"))
        folders += sorted(
            found, key=lambda folder: [int(part) for part in re.findall(r"\d+", str(folder))], reverse=True
        )
    for folder in folders:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres", "psql")):
            return folder
    raise NotInstalled(
        "PostgreSQL is not installed: install its server (apt install postgresql, dnf install postgresql-server), "
        "or put the folder of `initdb` and `postgres` on PATH"
    )


def _database_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in _DATABASE_USERS:
        if name in known:
            return name
    raise NotInstalled("PostgreSQL does not run as root, and there is no user postgres or nobody: make one of them")
