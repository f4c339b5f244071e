"""Count what controllers do, under the names that dashboards of other controllers use.

Sources of names, labels and buckets: controller-runtime pkg/metrics/workqueue.go, pkg/metrics/leaderelection.go and
pkg/internal/controller/metrics/metrics.go; component-base metrics/prometheus/restclient/metrics.go.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from kubecapy.runtime.workqueue import QueueObserver, QueueStatistics

Outcome = Literal["success", "requeue_after", "conflict", "error", "terminal"]
"""How a pass ended."""

_RESULTS: Mapping[Outcome, str] = {
    "success": "success",
    "requeue_after": "requeue_after",
    "conflict": "requeue",
    "error": "error",
    "terminal": "error",
}
"""Values of the label `result`: controller-runtime has these four, and dashboards add them up."""

_QUEUE_SECONDS = tuple(10.0**power for power in range(-8, 4))
_PASS_SECONDS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    *(1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60),
)
_REQUEST_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


class Metrics:
    """The metrics of one process, in a registry of their own; no label is an object's name."""

    def __init__(self) -> None:
        """Register everything."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._queues = _Queues(self.registry)
        self._passes = _Passes(self.registry)
        self._requests = _Requests(self.registry)
        self._leads = Gauge(
            "leader_election_master_status",
            "1 where this process leads by the Lease of this name, 0 where it stands by",
            ["name"],
            registry=self.registry,
        )

    def follow_controller(self, name: str, workers: int) -> QueueObserver:
        """Show a controller from now on, with zeros at first; return what its queue tells of its keys."""
        self._passes.begin(name, workers)
        return self._queues.observer(name)

    def follow_queue(self, name: str, statistics: Callable[[], QueueStatistics]) -> None:
        """Show the figures of queue `name`, read whenever metrics are rendered."""
        self._queues.statistics[name] = statistics

    def pass_began(self, controller: str) -> None:
        """Count a running pass."""
        self._passes.of(controller).active.inc()

    def pass_ended(self, controller: str, outcome: Outcome, seconds: float) -> None:
        """Count a pass that ended after `seconds`."""
        self._passes.of(controller).ended(outcome, seconds)

    def request_ended(self, method: str, host: str, code: str, seconds: float | None) -> None:
        """Count a request; `code` is `<error>` where no reply came, `seconds` is None for a stream."""
        self._requests.total.labels(code, method, host).inc()
        if seconds is not None:
            self._requests.seconds.labels(method, host).observe(seconds)

    def leads(self, lease: str, *, is_leader: bool) -> None:
        """Show whether this process leads by `lease`."""
        self._leads.labels(lease).set(float(is_leader))

    def value(self, sample: str, /, **labels: str) -> float:
        """Return the present value of one `sample`, such as `workqueue_depth`, 0 where it was never touched."""
        return self.registry.get_sample_value(sample, labels) or 0.0

    def render(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)


class _Passes:
    """What controllers did."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = ["controller"]
        self._total = Counter(
            "controller_runtime_reconcile", "Passes by result", ["controller", "result"], registry=registry
        )
        self._errors = Counter("controller_runtime_reconcile_errors", "Passes that failed", name, registry=registry)
        self._terminal = Counter(
            "controller_runtime_terminal_reconcile_errors",
            "Passes that failed and wait for a change",
            name,
            registry=registry,
        )
        self._seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "How long passes take",
            name,
            buckets=_PASS_SECONDS,
            registry=registry,
        )
        self._workers = Gauge(
            "controller_runtime_max_concurrent_reconciles", "Passes that may run at once", name, registry=registry
        )
        self._active = Gauge("controller_runtime_active_workers", "Passes that run", name, registry=registry)
        self._of: dict[str, _ControllerPasses] = {}

    def begin(self, controller: str, workers: int) -> None:
        self._workers.labels(controller).set(workers)
        self.of(controller)

    def of(self, controller: str) -> "_ControllerPasses":
        """Return the metrics of one controller; looking up labels costs more than counting."""
        known = self._of.get(controller)
        if known is None:
            known = self._of[controller] = _ControllerPasses(
                # Zeros before the first pass: a counter that appears with its first error cannot be alerted on.
                totals={outcome: self._total.labels(controller, result) for outcome, result in _RESULTS.items()},
                errors=self._errors.labels(controller),
                terminal=self._terminal.labels(controller),
                seconds=self._seconds.labels(controller),
                active=self._active.labels(controller),
            )
        return known


class _ControllerPasses:
    """What one controller did."""

    def __init__(
        self,
        *,
        totals: Mapping[Outcome, Counter],
        errors: Counter,
        terminal: Counter,
        seconds: Histogram,
        active: Gauge,
    ) -> None:
        self._totals = totals
        self._errors = errors
        self._terminal = terminal
        self._seconds = seconds
        self.active = active

    def ended(self, outcome: Outcome, seconds: float) -> None:
        self.active.dec()
        self._totals[outcome].inc()
        self._seconds.observe(seconds)
        if outcome in ("error", "terminal"):
            self._errors.inc()
        if outcome == "terminal":
            self._terminal.inc()


class _Requests:
    """What the client of the management cluster did."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.total = Counter(
            "rest_client_requests",
            "Requests by reply code, method and host",
            ["code", "method", "host"],
            registry=registry,
        )
        self.seconds = Histogram(
            "rest_client_request_duration_seconds",
            "How long requests take, watches left out",
            ["verb", "host"],
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )


class _Queues(Collector):
    """What queues hold, read at the moment of the scrape, and how long keys take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.statistics: dict[str, Callable[[], QueueStatistics]] = {}
        self._times: dict[str, _QueueTimes] = {}
        registry.register(self)

    def observer(self, name: str) -> QueueObserver:
        return self._times.setdefault(name, _QueueTimes())

    def collect(self) -> Iterable[Metric]:
        labels = ["name", "controller"]
        depth = GaugeMetricFamily("workqueue_depth", "Keys that wait for a worker", labels=[*labels, "priority"])
        delayed = GaugeMetricFamily("kubecapy_runtime_delayed_keys", "Keys that wait for their time", labels=labels)
        adds = CounterMetricFamily("workqueue_adds", "Keys added to the queue", labels=labels)
        retries = CounterMetricFamily("workqueue_retries", "Keys that came back after a failure", labels=labels)
        unfinished = GaugeMetricFamily(
            "workqueue_unfinished_work_seconds", "Seconds that keys have been with workers, all together", labels=labels
        )
        longest = GaugeMetricFamily(
            "workqueue_longest_running_processor_seconds", "Seconds that the slowest worker has its key", labels=labels
        )
        for name, read in self.statistics.items():
            figures = read()
            # Priorities are not ours; controller-runtime's queues without them have the label empty too.
            depth.add_metric([name, name, ""], figures.depth)
            for family, value in (
                (delayed, figures.delayed),
                (adds, figures.adds),
                (retries, figures.retries),
                (unfinished, figures.unfinished_seconds),
                (longest, figures.longest_seconds),
            ):
                family.add_metric([name, name], value)
        return (depth, delayed, adds, retries, unfinished, longest, *self._durations(labels))

    def _durations(self, labels: Sequence[str]) -> Iterable[Metric]:
        waited = HistogramMetricFamily(
            "workqueue_queue_duration_seconds", "How long keys wait for a worker", labels=labels
        )
        worked = HistogramMetricFamily("workqueue_work_duration_seconds", "How long workers have keys", labels=labels)
        for name, times in self._times.items():
            waited.add_metric([name, name], times.wait.buckets(), times.wait.sum)
            worked.add_metric([name, name], times.work.buckets(), times.work.sum)
        return (waited, worked)


class _QueueTimes:
    """Implements `QueueObserver` for one queue."""

    def __init__(self) -> None:
        self.wait = _Durations(_QUEUE_SECONDS)
        self.work = _Durations(_QUEUE_SECONDS)
        self.waited = self.wait.observe
        self.worked = self.work.observe


class _Durations:
    """Counts durations in buckets: two for each key of each queue, a tenth of the cost of the library's histogram."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float, /) -> None:
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> Sequence[tuple[str, float]]:
        """Return each upper bound with the number of durations up to it."""
        names = (*(str(bound) for bound in self._bounds), "+Inf")
        return list(zip(names, accumulate(self._counts), strict=True))
