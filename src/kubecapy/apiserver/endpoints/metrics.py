"""Count what the server does, under the names that dashboards of kube-apiserver use.

Source: https://kubernetes.io/docs/reference/instrumentation/metrics/; k8s.io/apiserver pkg/endpoints/metrics.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kubecapy.apiserver.interfaces import Attributes
from kubecapy.apiserver.registry.kinds import ServedKind
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.storage.store import Store
from kubecapy.clock import Clock

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
_SECONDS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
)  # fmt: skip
_METHODS = {"create": "POST", "update": "PUT"}
_READS = ("get", "list", "watch", "head", "")
_ADDRESS = ("verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component")
_LONG_ADDRESS = ("verb", "group", "version", "resource", "subresource", "scope", "component")


class CountedRequest:
    """One request while it is served."""

    def __init__(self) -> None:
        """Begin without a code."""
        self.code = 0
        """HTTP status of the reply; 0 where there was none, because the client went."""


class MetricsEndpoint:
    """Counts requests and serves the figures of one server; no label is an object's name or a text of a client."""

    def __init__(self, store: Store, registry: Registry, clock: Clock) -> None:
        """Show what `store` holds of the kinds in `registry`."""
        self._clock = clock
        self._figures = CollectorRegistry()
        ProcessCollector(registry=self._figures)
        self._figures.register(_StoreCollector(store, registry))
        self._requests = Counter(
            "apiserver_request", "Requests by what they want and by HTTP status", (*_ADDRESS, "code"),
            registry=self._figures,
        )  # fmt: skip
        self._seconds = Histogram(
            "apiserver_request_duration_seconds", "How long replies take", _ADDRESS,
            buckets=_SECONDS, registry=self._figures,
        )  # fmt: skip
        self._inflight = Gauge(
            "apiserver_current_inflight_requests", "Requests that are served now", ("request_kind",),
            registry=self._figures,
        )  # fmt: skip
        for request_kind in ("mutating", "readOnly"):
            self._inflight.labels(request_kind)
        self._long = Gauge(
            "apiserver_longrunning_requests", "Watches and logs that are open now", _LONG_ADDRESS,
            registry=self._figures,
        )  # fmt: skip

    def serve(self, _request: web.BaseRequest) -> web.Response:
        """Answer with all figures in Prometheus's text format."""
        return web.Response(body=generate_latest(self._figures), headers={"Content-Type": CONTENT_TYPE})

    @contextmanager
    def counting(self, attributes: Attributes, kind: ServedKind | None) -> Iterator[CountedRequest]:
        """Count a request for as long as the block lasts."""
        address = _address_of(attributes, kind)
        is_long = attributes.verb == "watch" or attributes.subresource == "log"
        if is_long:
            active = self._long.labels(address[0], *address[2:])
        else:
            active = self._inflight.labels("readOnly" if attributes.verb in _READS else "mutating")
        counted, started = CountedRequest(), self._clock.monotonic()
        active.inc()
        try:
            yield counted
        finally:
            active.dec()
            self._requests.labels(*address, str(counted.code)).inc()
            if not is_long:
                self._seconds.labels(*address).observe(self._clock.monotonic() - started)


def _address_of(attributes: Attributes, kind: ServedKind | None) -> tuple[str, ...]:
    """Return the labels of what a request wants, in the order of `_ADDRESS`; empty ones where nothing is served."""
    verb = _METHODS.get(attributes.verb, attributes.verb.upper())
    if kind is None:
        return (verb, "", "", "", "", "", "", "")
    part = kind.find_subresource(attributes.subresource)
    scope = "resource" if attributes.name else "namespace" if attributes.namespace else "cluster"
    return (verb, "", kind.group, kind.version, kind.plural, part.name if part else "", scope, "apiserver")


class _StoreCollector(Collector):
    """Reads the store at the moment of the scrape."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        old = GaugeMetricFamily("apiserver_storage_objects", "Stored objects of a kind", labels=["resource"])
        new = GaugeMetricFamily("apiserver_resource_objects", "Stored objects of a kind", labels=["group", "resource"])
        for kind in self._registry.stored_kinds():
            count = len(self._store.collection(kind.resource))
            old.add_metric([kind.qualified_plural], count)
            new.add_metric([kind.group, kind.plural], count)
        statistics = self._store.statistics()
        yield from (old, new)
        yield GaugeMetricFamily("kubecapy_apiserver_watches", "Watches that are open", statistics.subscriptions)
        yield GaugeMetricFamily("kubecapy_apiserver_revision", "The last resourceVersion", statistics.revision)
        yield CounterMetricFamily("kubecapy_apiserver_commits", "Groups of writes made durable", statistics.commits)
