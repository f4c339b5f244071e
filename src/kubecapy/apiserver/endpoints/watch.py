"""Answer watches: one line of JSON for each change, in order and without gaps, or an end that says so.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from random import Random

import msgspec
from aiohttp import ClientConnectionResetError, web

from kubecapy.apimachinery.errors import Gone, ServerTimeout, StatusError
from kubecapy.apimachinery.json_codec import encode
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.endpoints.call import Call
from kubecapy.apiserver.endpoints.parameters import check_watch_options, read_bool, read_integer, read_revision
from kubecapy.apiserver.endpoints.read import selection_of
from kubecapy.apiserver.endpoints.rendering import Renderer
from kubecapy.apiserver.endpoints.responses import NOT_CACHED, add_warnings, to_wire
from kubecapy.apiserver.endpoints.shared_frames import SharedFrames, join, stored_frames
from kubecapy.apiserver.operations.listing import ListOptions, Page, list_page
from kubecapy.apiserver.operations.selection import Selection
from kubecapy.apiserver.operations.versions import shows_as_stored
from kubecapy.apiserver.settings import WatchLimits
from kubecapy.apiserver.storage.records import Change, Record
from kubecapy.apiserver.storage.store import Store
from kubecapy.apiserver.storage.subscription import Overflow, Subscription
from kubecapy.clock import Clock

_MIN_TIMEOUT_SECONDS = 1800
"""Source: kube-apiserver's --min-request-timeout; a watch without timeoutSeconds lasts up to twice as long."""
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class _Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender of a watch asks for."""

    revision: int | None
    """Changes after this one come; None where the present state comes first."""
    not_older_than: int
    """The present state must have reached this revision."""
    seconds: float
    bookmarks: bool


class WatchEndpoint:
    """Streams changes of a store."""

    def __init__(self, store: Store, limits: WatchLimits, clock: Clock, random: Random) -> None:
        """Stream from `store`; `random` spreads the ends of watches that name no timeout."""
        self._store = store
        self._limits = limits
        self._clock = clock
        self._random = random
        self._shared = SharedFrames()

    async def watch(self, call: Call) -> web.StreamResponse:
        """Stream until the client goes, the time is over, or the client is too slow.

        A revision that is forgotten, or still to come, is told in the stream, as kube-apiserver tells it.

        Raises:
            BadRequest: a parameter cannot be read.
            Invalid: two parameters do not go together.
        """
        options = self._read_options(call)
        selection, renderer = selection_of(call), call.renderer()
        with self._store.subscribe(call.kind.resource, self._limits.buffered_changes) as subscription:
            # Order: subscribed first, then read, without suspending between: no change falls into a gap.
            stream = _Stream(call.request, selection, renderer, self._shared, self._limits.stall_seconds)
            try:
                backlog, goes_on = self._backlog(stream, options), True
            except (Gone, ServerTimeout) as error:
                backlog, goes_on = [_error_frame(error)], False
            add_warnings(stream.response, call.warnings)
            await stream.open()
            try:
                await stream.send(backlog)
                if goes_on:
                    await self._follow(stream, subscription, options)
            except (ClientConnectionResetError, ConnectionError):
                pass  # The client is gone, which is the usual end of a watch.
            except TimeoutError:
                stream.cut()
        return stream.response

    def _read_options(self, call: Call) -> _Options:
        query = call.request.query
        check_watch_options(query)
        revision = read_revision(query)
        seconds = read_integer(query, "timeoutSeconds")
        # Without a revision, or with 0, the present state comes first; the parameter decides where it is there.
        wants_state = read_bool(query, "sendInitialEvents") if "sendInitialEvents" in query else not revision
        if not wants_state and not revision:
            revision = self._store.revision
        return _Options(
            revision=None if wants_state else revision,
            not_older_than=(revision or 0) if wants_state else 0,
            seconds=seconds or _MIN_TIMEOUT_SECONDS * (1 + self._random.random()),
            bookmarks=read_bool(query, "allowWatchBookmarks"),
        )

    def _backlog(self, stream: "_Stream", options: _Options) -> Iterable[bytes]:
        """Return the frames of what happened before the watch began, or of the present state.

        What they tell is settled on return; each is rendered when its turn to be sent comes, so that a slow client
        keeps no copy of everything in memory.

        Raises:
            Gone: what happened is forgotten.
            ServerTimeout: the present state is older than the sender takes it.
        """
        if options.revision is not None:
            resource = stream.selection.kind.resource
            return stream.frames_of(list(self._store.collection(resource).changes_since(options.revision)))
        page = list_page(self._store, stream.selection, ListOptions(resource_version=options.not_older_than))
        return stream.present(page, with_end=options.bookmarks)

    async def _follow(self, stream: "_Stream", subscription: Subscription, options: _Options) -> None:
        end = self._clock.monotonic() + options.seconds
        while not subscription.closed:
            remaining = end - self._clock.monotonic()
            if remaining <= 0:
                break
            try:
                async with asyncio.timeout(min(remaining, self._limits.bookmark_seconds)):
                    changes = await subscription.take()
            except TimeoutError:
                if options.bookmarks and self._store.revision >= (options.revision or 0):
                    # Publishing moves the revision and fills the buffers in one step: an empty buffer has seen it all.
                    await stream.send([stream.bookmark(self._store.revision, {})])
            except Overflow:
                await stream.send([_error_frame(Gone("too old resource version: the watch fell behind"))])
                return
            else:
                await stream.tell(_after(changes, options.revision or 0))


class _Stream:
    """Turns changes into frames as one client wants to see them, and sends them."""

    def __init__(
        self,
        request: web.BaseRequest,
        selection: Selection,
        renderer: Renderer,
        shared: SharedFrames,
        stall_seconds: float,
    ) -> None:
        self.selection = selection
        self.renderer = renderer
        self.response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": NOT_CACHED})
        self._request = request
        self._stall_seconds = stall_seconds
        self._is_first = True
        self._shared = shared
        is_plain = renderer.shape == "object" and shows_as_stored(renderer.kind)
        self._shows_stored = selection.selects_all and is_plain

    def frame(self, type_: str, record: Record) -> bytes:
        """Return one event with the state of an object."""
        return _frame(type_, self.renderer.render_event(record, is_first=self._take_first()))

    def bookmark(self, revision: int, annotations: JsonObject) -> bytes:
        """Return the event that says how far the stream is."""
        return _frame("BOOKMARK", self.renderer.render_bookmark(revision, annotations, is_first=self._take_first()))

    def present(self, page: Page, *, with_end: bool) -> Iterator[bytes]:
        """Yield the frames of a state; `with_end` a bookmark says where it ends."""
        for record in page.records:
            yield self.frame("ADDED", record)
        if with_end:
            yield self.bookmark(page.revision, {INITIAL_EVENTS_END: "true"})

    def frames_of(self, changes: Iterable[Change]) -> Iterator[bytes]:
        """Return the frames of `changes` that the client is to see.

        An object that begins to match is ADDED to the client's world, one that ceases to match DELETED from it.
        """
        if self._shows_stored:
            return stored_frames(self.selection, changes)
        seen = ((change, _seen_type(change, self.selection)) for change in changes)
        return (self.frame(type_, _shown(change, type_)) for change, type_ in seen if type_)

    def _take_first(self) -> bool:
        is_first, self._is_first = self._is_first, False
        return is_first

    async def open(self) -> None:
        """Send the head of the reply, so that the client knows that it is being told."""
        self.response.enable_chunked_encoding()
        await self.response.prepare(self._request)

    async def tell(self, changes: Sequence[Change]) -> None:
        """Send what the client is to see of `changes`, as `send` does; they are all that there are between them."""
        if self._shows_stored:
            await self._write_all(self._shared.pieces(self.selection, changes))
        else:
            await self.send(self.frames_of(changes))

    async def send(self, frames: Iterable[bytes]) -> None:
        """Send `frames`, small ones together; TimeoutError where the client takes nothing for too long."""
        await self._write_all(join(frames))

    async def _write_all(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            async with asyncio.timeout(self._stall_seconds):
                await self.response.write(piece)

    def cut(self) -> None:
        """Drop the connection of a client that takes nothing."""
        if self._request.transport is not None:
            self._request.transport.abort()


def _after(changes: Sequence[Change], revision: int) -> Sequence[Change]:
    """Return the changes behind `revision`, which may be one that was still to come when the watch began."""
    if not changes or changes[0].revision > revision:
        return changes
    return [change for change in changes if change.revision > revision]


def _seen_type(change: Change, selection: Selection) -> str:
    was = change.previous is not None and selection.matches(change.previous)
    if change.type == "DELETED":
        return "DELETED" if was else ""
    matches = selection.matches(change.record)
    if matches:
        return "MODIFIED" if was else "ADDED"
    return "DELETED" if was else ""


def _shown(change: Change, seen: str) -> Record:
    """Return what the watcher is shown: of an object that ceased to match, the last state that did."""
    if seen != "DELETED" or change.type == "DELETED" or change.previous is None:
        return change.record
    last = change.previous.decode()
    last["metadata"]["resourceVersion"] = str(change.revision)
    return Record(change.record.key, change.revision, encode(last))


def _frame(type_: str, body: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (type_.encode(), body)


def _error_frame(error: StatusError) -> bytes:
    return _frame("ERROR", encode(to_wire(error.to_status())))
