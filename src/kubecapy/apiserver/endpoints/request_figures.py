"""Count requests in plain numbers, which are turned into metrics when somebody reads them."""

from collections import defaultdict
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial

from kubecapy.apiserver.interfaces import Attributes
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.clock import Clock
from kubecapy.telemetry.durations import Durations

Labels = tuple[str, ...]
ADDRESS = ("verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component")
LONG_ADDRESS = ("verb", "group", "version", "resource", "subresource", "scope", "component")
_SECONDS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
)  # fmt: skip
_METHODS = {"create": "POST", "update": "PUT"}
_READS = ("get", "list", "watch", "head", "")


class CountedRequest:
    """One request while it is served."""

    def __init__(self) -> None:
        """Begin without a code."""
        self.code = 0
        """HTTP status of the reply; 0 where there was none, because the client went."""


class RequestFigures:
    """What the server did for requests; no label is an object's name or a text of a client."""

    def __init__(self, clock: Clock) -> None:
        """Begin with zeros."""
        self._clock = clock
        self.ended: defaultdict[tuple[Labels, int], int] = defaultdict(int)
        """Requests by what they wanted (`ADDRESS`) and HTTP status."""
        self.seconds: defaultdict[Labels, Durations] = defaultdict(partial(Durations, _SECONDS))
        """How long those took that are not long-running, by what they wanted."""
        self.inflight: dict[Labels, int] = {("mutating",): 0, ("readOnly",): 0}
        """Requests that are served now."""
        self.long: defaultdict[Labels, int] = defaultdict(int)
        """Watches and logs that are open now, by `LONG_ADDRESS`."""

    @contextmanager
    def counting(self, attributes: Attributes, kind: ServedKind | None) -> Iterator[CountedRequest]:
        """Count a request for as long as the block lasts."""
        address = _address_of(attributes, kind)
        is_long = attributes.verb == "watch" or attributes.subresource == "log"
        active: MutableMapping[Labels, int] = self.long if is_long else self.inflight
        if is_long:
            labels: Labels = (address[0], *address[2:])
        else:
            labels = ("readOnly" if attributes.verb in _READS else "mutating",)
        counted, started = CountedRequest(), self._clock.monotonic()
        active[labels] += 1
        try:
            yield counted
        finally:
            active[labels] -= 1
            self.ended[address, counted.code] += 1
            if not is_long:
                self.seconds[address].observe(self._clock.monotonic() - started)


def _address_of(attributes: Attributes, kind: ServedKind | None) -> Labels:
    """Return the labels of what a request wants, in the order of `ADDRESS`; empty ones where nothing is served."""
    verb = _METHODS.get(attributes.verb, attributes.verb.upper())
    if kind is None:
        return (verb, "", "", "", "", "", "", "")
    part = kind.find_subresource(attributes.subresource)
    scope = "resource" if attributes.name else "namespace" if attributes.namespace else "cluster"
    return (verb, "", kind.group, kind.version, kind.plural, part.name if part else "", scope, "apiserver")
