"""Keep the paths that a pod names below the folders that they are relative to.

A kubelet writes these files on the person's own disk, so that it does not rely on an API server to have refused them.
"""

from pathlib import Path, PurePosixPath

from kubecapy.local.pods.failures import PlanError


def below(folder: Path, path: str) -> Path:
    """Return `path` below `folder`.

    Raises:
        PlanError: it is absolute, or has a step up.
    """
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or "\0" in path:
        raise PlanError("InvalidVolume", f'path "{path}" leads out of its volume; it must be relative and without ".."')
    return folder / relative
