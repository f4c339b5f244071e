"""Carry what every phase of one run shares, and keep its state folder from beginning to end."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.runs.controller_log import CONTROLLER_LOG_FILE, controllers_logged_to
from kubecapy.clusterctl.runs.progress import Progress, open_progress
from kubecapy.clusterctl.runs.record import RECORD_FILE, Operation, RecordStore, open_record
from kubecapy.clusterctl.runs.timeouts import Timeouts
from kubecapy.clusterctl.runs.waiting import Waiter
from kubecapy.local.state_folder import open_state_folder

TARGET_KUBECONFIG_FILE = "target.kubeconfig"
"""Copy in the state folder: after the move, the new cluster's own Secret is the only other one."""


class Run(msgspec.Struct, frozen=True):
    """One run of `create cluster` or `delete cluster`."""

    folder: Path
    """The state folder; this process holds it."""
    store: RecordStore
    waiter: Waiter
    timeouts: Timeouts
    invocation: Invocation

    @property
    def progress(self) -> Progress:
        """Where the person is told what happens."""
        return self.waiter.progress


def default_state_folder(invocation: Invocation, cluster: ObjectKey) -> Path:
    """Return the folder that a run on `cluster` uses where the person names none."""
    return invocation.state_home / "kubecapy" / f"{cluster.namespace}-{cluster.name}"


@contextmanager
def open_run(
    folder: Path, operation: Operation, cluster: ObjectKey, timeouts: Timeouts, invocation: Invocation
) -> Iterator[Run]:
    """Hold the state folder and find the record of an earlier attempt in it.

    An error that leaves the block carries a note on how to go on, once something is recorded.

    Raises:
        FolderInUse: another process holds the folder.
        ClusterctlError: the folder holds an unfinished run of another kind or cluster.
    """
    with (
        open_state_folder(folder),
        controllers_logged_to(folder),
        open_progress(invocation.clock) as progress,
    ):
        store = open_record(folder, operation, cluster.namespace, cluster.name)
        try:
            yield Run(folder, store, Waiter(invocation.clock, progress), timeouts, invocation)
        except BaseException as error:
            if (folder / RECORD_FILE).exists():
                error.add_note(_how_to_go_on(folder, operation))
            raise


def forget_run(run: Run, *, keep_store: bool = False) -> None:
    """Remove the state folder: the run is complete. With `keep_store` only its record goes."""
    run.store.remove()
    if not keep_store:
        shutil.rmtree(run.folder)


def _how_to_go_on(folder: Path, operation: Operation) -> str:
    again = (
        f"The record is kept in {folder} (the controllers' lines in {CONTROLLER_LOG_FILE}); "
        "run the same command again to go on"
    )
    if operation == "delete":
        return f"{again}."
    return f"{again}, or delete what was made with: clusterctl delete cluster --state-dir {folder}"
