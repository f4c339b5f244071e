"""Tell people what changed: write Events, aggregated and within limits.

Events are best effort: a failure to write one is logged and forgotten. The same event within ten minutes raises the
count of the first one; from the tenth that differs in its message alone, they are told as one; and an object that talks
too much is cut off.

Source: client-go tools/record/events_cache.go (aggregator: 10 in 600 s; spam filter: burst 25, one in 5 minutes).
"""

from collections import OrderedDict
from typing import Any, Literal, Protocol

from kubecapy.api.core import EVENTS, Event, EventSource, ObjectReference
from kubecapy.apimachinery.errors import NotFound, StatusError
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.apimachinery.objects import metadata_of
from kubecapy.apimachinery.times import format_time
from kubecapy.client.interfaces import Unreachable, Writer
from kubecapy.clock import Clock
from kubecapy.runtime.rate_limiters import TokenBucket
from kubecapy.telemetry.logs import V, get_logger

_log = get_logger(__name__)

EventType = Literal["Normal", "Warning"]

AGGREGATION_SECONDS = 600.0
"""An event that repeats after so long is told anew."""
SIMILAR_LIMIT = 10
"""From so many on, events of one object and reason that differ in their message are told as one."""
COMBINED = "(combined from similar events): "
SPAM_BURST = 25
"""Events of one object that are told at once."""
SPAM_PER_SECOND = 1.0 / 300.0
"""Events of one object that are told in the long run."""
REMEMBERED = 1024
"""Limit: events and objects that are remembered; the oldest are forgotten."""
MAX_MESSAGE_LENGTH = 1024
"""Limit: Kubernetes refuses longer messages (core/validation/events.go)."""


class Recorder(Protocol):
    """Tells people what changed."""

    async def event(self, obj: Any, type_: EventType, reason: str, message: str) -> None:
        """Tell that `reason` happened to `obj`; never raises because of the API."""
        ...


class EventRecorder:
    """Writes Events as one component."""

    def __init__(self, client: Writer, component: str, clock: Clock) -> None:
        """Write through `client` in the name of `component`, such as `machine-controller`."""
        self._client = client
        self._component = component
        self._clock = clock
        self._told: OrderedDict[tuple[str, ...], _Told] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._limits: OrderedDict[str, TokenBucket] = OrderedDict()

    async def event(self, obj: Any, type_: EventType, reason: str, message: str) -> None:
        """Tell that `reason` happened to `obj`, a stored Struct or JSON object with apiVersion and kind.

        `message` is for people and holds no secret; it is cut at 1024 characters.
        """
        about = _reference(obj)
        text = message[:MAX_MESSAGE_LENGTH]
        _log.info(
            "Event(%s %s/%s): type: %s reason: %s %s", about.kind, about.namespace, about.name, type_, reason, text
        )
        if not self._may_speak(about.uid):
            return
        try:
            await self._write(about, type_, reason, text)
        except (StatusError, Unreachable) as error:
            _log.log(V(2), "Failed to write an event about %s %s: %s", about.kind, about.name, error)

    async def _write(self, about: ObjectReference, type_: EventType, reason: str, message: str) -> None:
        identity: tuple[str, ...] = (about.kind, about.uid or about.name, type_, reason)
        if self._is_one_of_many(identity, message):
            message = f"{COMBINED}{message}"[:MAX_MESSAGE_LENGTH]
        else:
            identity = (*identity, message)
        told = self._told.get(identity)
        is_recent = told is not None and self._clock.monotonic() - told.at < AGGREGATION_SECONDS
        if told is not None and is_recent and await self._repeat(told, message):
            return
        name = await self._create(about, type_, reason, message)
        _remember(self._told, identity, _Told(name, 1, self._clock.monotonic()))

    def _is_one_of_many(self, similar: tuple[str, ...], message: str) -> bool:
        """Note `message`, and return whether too many others came for the same reason lately."""
        now = self._clock.monotonic()
        known = self._similar.get(similar)
        if known is None or now - known.at > AGGREGATION_SECONDS:
            known = _Similar()
        known.at = now
        _remember(self._similar, similar, known)
        if message not in known.messages and len(known.messages) >= SIMILAR_LIMIT - 1:
            return True
        known.messages.add(message)
        return False

    async def _repeat(self, told: "_Told", message: str) -> bool:
        """Raise the count of an event; return False where it is gone: the server drops events after an hour."""
        told.count += 1
        told.at = self._clock.monotonic()
        patch = {"count": told.count, "lastTimestamp": format_time(self._clock.now()), "message": message}
        try:
            await self._client.patch(EVENTS, told.key, patch)
        except NotFound:
            return False
        return True

    async def _create(self, about: ObjectReference, type_: EventType, reason: str, message: str) -> ObjectKey:
        now = format_time(self._clock.now())
        namespace = about.namespace or "default"
        event = Event(
            # client-go puts the time into the name; two recorders would clash within the resolution of the clock.
            # A dash, for a prefix that ends with a dot is refused (apimachinery pkg/api/validation: maskTrailingDash).
            metadata=ObjectMeta(generate_name=f"{about.name}-", namespace=namespace),
            involved_object=about,
            reason=reason,
            message=message,
            source=EventSource(component=self._component),
            reporting_component=self._component,
            first_timestamp=now,
            last_timestamp=now,
            count=1,
            type=type_,
        )
        stored = await self._client.create(EVENTS, event)
        return ObjectKey(namespace, stored.metadata.name)

    def _may_speak(self, uid: str) -> bool:
        bucket = self._limits.get(uid)
        if bucket is None:
            bucket = TokenBucket(SPAM_PER_SECOND, SPAM_BURST, self._clock)
            _remember(self._limits, uid, bucket)
        return bucket.take()


class _Told:
    """An event that was written."""

    def __init__(self, key: ObjectKey, count: int, at: float) -> None:
        self.key = key
        self.count = count
        self.at = at


class _Similar:
    """Messages of events that differ in nothing else."""

    def __init__(self) -> None:
        self.messages: set[str] = set()
        self.at = 0.0


def _remember(cache: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > REMEMBERED:
        cache.popitem(last=False)


def _reference(obj: Any) -> ObjectReference:
    meta = metadata_of(obj)
    api_version, kind = (obj["apiVersion"], obj["kind"]) if isinstance(obj, dict) else (obj.api_version, obj.kind)
    return ObjectReference(
        api_version=api_version,
        kind=kind,
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
    )
