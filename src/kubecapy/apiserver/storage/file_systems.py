"""Refuse to keep a store where another machine may have it open too.

SQLite's locks and its shared log are promises of one kernel; over a network they are not kept
(https://www.sqlite.org/wal.html, https://www.sqlite.org/faq.html#q5).
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from kubecapy.apiserver.storage.journal import StoreError

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "gfs2",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "smb3",
        "smbfs",
    }
)
"""Types as the kernel names them. 9p and virtiofs are not among them: they lead to the host of a virtual machine."""
MOUNTS: Final = Path("/proc/self/mountinfo")
"""What is mounted where, as this process sees it: mountinfo(5)."""
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A place where a file system is mounted."""

    point: PurePath
    type: str


def refuse_network_file_system(path: Path, mounts: Path) -> None:
    """Raise StoreError where `path` is on a file system that several machines share, as the file `mounts` tells.

    Where the system does not tell, as outside of Linux, nothing is refused.
    """
    if not mounts.exists():
        return
    type_ = file_system_of(path.resolve(), parse_mounts(mounts.read_text().splitlines()))
    if type_ in NETWORK_FILE_SYSTEMS:
        raise StoreError(
            f"it is on a network file system ({type_}), which does not keep writers apart: use a local disk"
        )


def parse_mounts(lines: Iterable[str]) -> Iterator[Mount]:
    """Yield the mounts of mountinfo(5) lines; later ones may cover earlier ones."""
    for line in lines:
        place, _, rest = line.partition(" - ")
        point = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 8)), place.split()[4])
        yield Mount(PurePath(point), rest.split()[0])


def file_system_of(path: PurePath, mounts: Iterable[Mount]) -> str:
    """Return the type of the file system that the absolute `path` is on; empty where no mount holds it."""
    holding = [mount for mount in mounts if path.is_relative_to(mount.point)]
    # The deepest mount holds the path; of several on one point the last covers the others.
    depth = max((len(mount.point.parts) for mount in holding), default=0)
    return next((mount.type for mount in reversed(holding) if len(mount.point.parts) == depth), "")
