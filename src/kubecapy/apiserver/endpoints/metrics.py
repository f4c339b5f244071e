"""Show the figures of a server, under the names that dashboards of kube-apiserver use.

Source: https://kubernetes.io/docs/reference/instrumentation/metrics/; k8s.io/apiserver pkg/endpoints/metrics.
"""

from collections.abc import Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from kubecapy.apiserver.endpoints.request_figures import ADDRESS, LONG_ADDRESS, RequestFigures
from kubecapy.apiserver.registry.registry import Registry
from kubecapy.apiserver.storage.store import Store

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"


def metrics_response(figures: RequestFigures, store: Store, registry: Registry) -> web.Response:
    """Tell what the process used, what `store` holds of the kinds in `registry`, and what became of requests."""
    shown = CollectorRegistry()
    ProcessCollector(registry=shown)
    shown.register(_StoreCollector(store, registry))
    shown.register(_RequestCollector(figures))
    return web.Response(body=generate_latest(shown), headers={"Content-Type": CONTENT_TYPE})


class _StoreCollector(Collector):
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


class _RequestCollector(Collector):
    def __init__(self, figures: RequestFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        requests = CounterMetricFamily(
            "apiserver_request", "Requests by what they want and by HTTP status", labels=[*ADDRESS, "code"]
        )
        for (address, code), count in self._figures.ended.items():
            requests.add_metric([*address, str(code)], count)
        seconds = HistogramMetricFamily("apiserver_request_duration_seconds", "How long replies take", labels=ADDRESS)
        for address, durations in self._figures.seconds.items():
            seconds.add_metric(address, durations.buckets(), durations.sum)
        inflight = GaugeMetricFamily(
            "apiserver_current_inflight_requests", "Requests that are served now", labels=["request_kind"]
        )
        for request_kind, count in self._figures.inflight.items():
            inflight.add_metric(request_kind, count)
        long = GaugeMetricFamily(
            "apiserver_longrunning_requests", "Watches and logs that are open now", labels=LONG_ADDRESS
        )
        for address, count in self._figures.long.items():
            long.add_metric(address, count)
        return (requests, seconds, inflight, long)
