"""Make the frames of changes once for all streams that show them alike.

A group of writes becomes visible in one step, and wakes every stream of its kind with the same changes. Streams that
show stored objects of one namespace, or of all, then send the same bytes: the first one makes them, the others find
them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from kubecapy.apiserver.operations.selection import Selection
from kubecapy.apiserver.storage.records import Change

PIECE_BYTES: Final = 64 * 1024
"""Frames are sent together up to this size."""
SHARED_BYTES: Final = 256 * 1024
"""Limit: more is made anew for each stream, piece by piece, so that slow clients keep no large copies in memory."""


class _Batch(NamedTuple):
    """Names changes: of one kind, those between two revisions are always the same."""

    group: str
    plural: str
    namespace: str
    first: int
    last: int


class SharedFrames:
    """Keeps the frames that were made last."""

    def __init__(self) -> None:
        """Begin with none."""
        self._batch: _Batch | None = None
        self._pieces: Sequence[bytes] = ()

    def pieces(self, selection: Selection, changes: Sequence[Change]) -> Iterable[bytes]:
        """Return the frames of `changes`, joined to pieces; `selection` is by namespace only.

        `changes` are all that the kind has between the first and the last of them.
        """
        if not changes:
            return ()
        if sum(len(change.record.data) for change in changes) > SHARED_BYTES:
            return join(stored_frames(selection, changes))
        resource = selection.kind.resource
        batch = _Batch(*resource, selection.namespace, changes[0].revision, changes[-1].revision)
        if batch != self._batch:
            self._batch, self._pieces = batch, tuple(join(stored_frames(selection, changes)))
        return self._pieces


def stored_frames(selection: Selection, changes: Iterable[Change]) -> Iterator[bytes]:
    """Return the frames of `changes` with objects as they are stored; `selection` is by namespace only."""
    return (change.frame for change in changes if selection.matches(change.record))


def join(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Yield `frames` as they come, small ones together."""
    waiting: list[bytes] = []
    size = 0
    for frame in frames:
        waiting.append(frame)
        size += len(frame)
        if size >= PIECE_BYTES:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)
