"""Keep on disk what a run must remember to be continued: one small file, replaced whole and synced.

A phase looks at the world first; the record holds only what the world cannot tell: names chosen before an object
was made, and how far a move came. It holds no secrets.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from kubecapy.apimachinery.codec import DecodeError, decode, encode
from kubecapy.apimachinery.meta import JsonObject, ObjectKey
from kubecapy.clusterctl.errors import ClusterctlError
from kubecapy.local.private_files import write_private

RECORD_FILE = "run.json"

Operation = Literal["create", "delete"]
MoveStage = Literal["pausing", "copying", "switching", "deleting", "done"]


class ObjectAddress(msgspec.Struct, frozen=True, order=True):
    """One object of a known kind."""

    kind: str
    namespace: str
    name: str
    api_version: str = ""
    """Empty for the kinds that move, which are known."""


class MoveRecord(msgspec.Struct, frozen=True):
    """How far a move came; the stage names what is being done, so a new run does it again from its beginning.

    pausing    the source's Cluster is being paused and its controllers stopped
    copying    nothing acts; the copies are being made and compared
    switching  the point of no return: the copies are complete, the destination takes over
    deleting   the destination acts; the originals are being removed
    done       the source holds nothing of the cluster
    """

    stage: MoveStage = "pausing"
    was_paused: bool = False
    """Whether a person had paused the Cluster before; then it stays paused on the destination."""
    objects: tuple[ObjectAddress, ...] = ()
    """What was copied and is to be deleted on the source, in that order."""
    deletions: tuple[ObjectAddress, ...] = ()
    """What a person had asked to be deleted; it is asked for again on the destination."""


class RunRecord(msgspec.Struct, frozen=True):
    """What one run of `create cluster` or `delete cluster` must remember."""

    operation: Operation
    namespace: str
    cluster: str
    """Name of the Cluster."""
    server: str = ""
    """URL of the API of the cluster that is being deleted, by which a new run of the command finds this record."""
    bootstrap_kubeconfig: str = ""
    """Kubeconfig of the existing bootstrap cluster; empty for the embedded one."""
    machine_names: Mapping[str, str] = {}
    """Name of each Machine, by its place in the machines file."""
    has_borrowed: bool = False
    """Whether an existing bootstrap cluster is to be given back; what was added to it is noted there."""
    cluster_object: JsonObject | None = None
    """The Cluster as it was last read, for the search for leftovers once it is gone."""
    move: MoveRecord | None = None
    """None before the move begins."""
    is_complete: bool = False
    """Whether all is done but the removal of the state folder."""

    @property
    def key(self) -> ObjectKey:
        """The key of the Cluster."""
        return ObjectKey(self.namespace, self.cluster)

    @property
    def move_stage(self) -> MoveStage | None:
        """How far the move came; None before it begins."""
        return self.move.stage if self.move else None


class RecordStore:
    """The record of the run that owns the state folder."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        """Keep `record` at `path`; nothing is written before the first change."""
        self._path = path
        self._record = record

    @property
    def record(self) -> RunRecord:
        """The record as it is on disk, or would be before the first change."""
        return self._record

    def update(self, **changes: Any) -> None:  # Any: fields of RunRecord
        """Change fields of the record and make them durable before returning."""
        self._record = msgspec.structs.replace(self._record, **changes)
        write_private(self._path, encode(self._record))

    def update_move(self, **changes: Any) -> MoveRecord:  # Any: fields of MoveRecord
        """Change fields of the move, which begins with the first change; return it."""
        move = msgspec.structs.replace(self._record.move or MoveRecord(), **changes)
        self.update(move=move)
        return move

    def choose_machine_name(self, place: str, choose: str) -> str:
        """Return the name of the Machine at `place` in the machines file, `choose` where it has none yet.

        Order: the name is durable before the Machine is made, so that a new run finds it and makes no second.
        """
        known = self._record.machine_names
        if place not in known:
            self.update(machine_names={**known, place: choose})
        return self._record.machine_names[place]

    def remove(self) -> None:
        """Forget the run: it is complete."""
        self._path.unlink(missing_ok=True)


def read_record(folder: Path) -> RunRecord | None:
    """Return the record of the run that last used `folder`; None where it completed or never began.

    Raises:
        ClusterctlError: the file is damaged.
    """
    path = folder / RECORD_FILE
    try:
        return decode(path.read_bytes(), RunRecord)
    except FileNotFoundError:
        return None
    except DecodeError as error:
        raise ClusterctlError(f"{path} is damaged ({error}); name another --state-dir") from error


def open_record(folder: Path, operation: Operation, namespace: str, cluster: str) -> RecordStore:
    """Return the record of this run, as an earlier attempt left it where there was one.

    Raises:
        ClusterctlError: `folder` holds the record of another operation or cluster.
    """
    found = read_record(folder)
    if found is None:
        return RecordStore(folder / RECORD_FILE, RunRecord(operation, namespace, cluster))
    if (found.operation, found.namespace, found.cluster) != (operation, namespace, cluster):
        raise ClusterctlError(
            f"{folder} holds an unfinished {found.operation} of cluster {found.namespace}/{found.cluster}; "
            f"finish it first, or name another --state-dir"
        )
    return RecordStore(folder / RECORD_FILE, found)
