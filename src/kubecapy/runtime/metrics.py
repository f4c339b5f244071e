"""Count what controllers do, under the names that dashboards of other controllers use.

Source: https://book.kubebuilder.io/reference/metrics-reference (controller-runtime, client-go workqueue).
"""

from collections.abc import Callable, Iterable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kubecapy.runtime.workqueue import QueueStatistics

ReconcileResult = Literal["success", "requeue_after", "error", "conflict", "terminal"]
"""How a pass ended."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The metrics of one manager, in a registry of their own; no label is an object's name."""

    def __init__(self) -> None:
        """Register everything."""
        self.registry = CollectorRegistry()
        self._queues = _QueueCollector()
        self.registry.register(self._queues)
        self._reconciles = Counter(
            "controller_runtime_reconcile", "Passes by result", ["controller", "result"], registry=self.registry
        )
        self._errors = Counter(
            "controller_runtime_reconcile_errors", "Passes that failed", ["controller"], registry=self.registry
        )
        self._seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "How long passes take",
            ["controller"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._active = Gauge(
            "controller_runtime_active_workers", "Passes that run", ["controller"], registry=self.registry
        )

    def follow_queue(self, name: str, statistics: Callable[[], QueueStatistics]) -> None:
        """Show the figures of queue `name`, read whenever metrics are rendered."""
        self._queues.statistics[name] = statistics

    def pass_began(self, controller: str) -> None:
        """Count a running pass."""
        self._active.labels(controller).inc()

    def pass_ended(self, controller: str, result: ReconcileResult, seconds: float) -> None:
        """Count a pass that ended after `seconds`."""
        self._active.labels(controller).dec()
        self._reconciles.labels(controller, result).inc()
        self._seconds.labels(controller).observe(seconds)
        if result in ("error", "terminal"):
            self._errors.labels(controller).inc()

    def value(self, sample: str, /, **labels: str) -> float:
        """Return the present value of one `sample`, such as `workqueue_depth`, 0 where it was never touched."""
        return self.registry.get_sample_value(sample, labels) or 0.0

    def render(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)


class _QueueCollector(Collector):
    """Reads the queues at the moment of the scrape."""

    def __init__(self) -> None:
        self.statistics: dict[str, Callable[[], QueueStatistics]] = {}

    def collect(self) -> Iterable[Metric]:
        depth = GaugeMetricFamily("workqueue_depth", "Keys that wait for a worker", labels=["name"])
        delayed = GaugeMetricFamily("workqueue_delayed", "Keys that wait for their time", labels=["name"])
        adds = CounterMetricFamily("workqueue_adds", "Keys added to the queue", labels=["name"])
        retries = CounterMetricFamily("workqueue_retries", "Keys that came back after a failure", labels=["name"])
        for name, read in self.statistics.items():
            figures = read()
            depth.add_metric([name], figures.depth)
            delayed.add_metric([name], figures.delayed)
            adds.add_metric([name], figures.adds)
            retries.add_metric([name], figures.retries)
        return (depth, delayed, adds, retries)
