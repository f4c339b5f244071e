"""Carry what every phase of one run shares, and keep its state folder from beginning to end."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.clusterctl.invocation import Invocation
from kubecapy.clusterctl.runs.controller_log import CONTROLLER_LOG_FILE, controllers_logged_to
from kubecapy.clusterctl.runs.progress import Progress, open_progress
from kubecapy.clusterctl.runs.record import RECORD_FILE, Operation, RecordStore, open_record
from kubecapy.clusterctl.runs.timeouts import Timeouts
from kubecapy.clusterctl.runs.waiting import Waiter
from kubecapy.local.state_folder import LOCK_FILE, open_state_folder

TARGET_KUBECONFIG_FILE = "target.kubeconfig"
"""Copy in the state folder: after the move, the new cluster's own Secret is the only other one."""
STORE_FOLDER = "management"
"""Folder of the embedded bootstrap cluster below the state folder."""
LEFTOVERS_PREFIX = "leftovers-"
"""Of the folder with credentials that the search of the cloud uses."""

_OWN_ENTRIES = (
    STORE_FOLDER,
    TARGET_KUBECONFIG_FILE,
    CONTROLLER_LOG_FILE,
    f"{LEFTOVERS_PREFIX}*",
    f".{TARGET_KUBECONFIG_FILE}.*",
    f".{RECORD_FILE}.*",
)
"""All that a run puts into its folder beside record and lock; the last two are writes that a kill cut short."""


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
        open_state_folder(folder) as folder,
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
    """Remove what is kept of the run, which is complete; with `keep_store`, the bootstrap cluster stays.

    Files of other people's making stay, and the folder with them. Order: the record goes last, so that a new run
    after an end in the middle finds it and removes the rest.
    """
    run.store.update(is_complete=True)
    kept = {RECORD_FILE, LOCK_FILE, *((STORE_FOLDER, CONTROLLER_LOG_FILE) if keep_store else ())}
    for pattern in _OWN_ENTRIES:
        for entry in run.folder.glob(pattern):
            if entry.name not in kept:
                _remove(entry)
    run.store.remove()
    if not keep_store:
        (run.folder / LOCK_FILE).unlink(missing_ok=True)
        with suppress(OSError):
            run.folder.rmdir()


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def _how_to_go_on(folder: Path, operation: Operation) -> str:
    again = (
        f"The record is kept in {folder} (the controllers' lines in {CONTROLLER_LOG_FILE}); "
        "run the same command again to go on"
    )
    if operation == "delete":
        return f"{again}."
    return f"{again}, or delete what was made with: clusterctl delete cluster --state-dir {folder}"
