"""Count what controllers do, under the names that dashboards of other controllers use.

Sources of names, labels and buckets: controller-runtime pkg/metrics/workqueue.go, pkg/metrics/leaderelection.go and
pkg/internal/controller/metrics/metrics.go; component-base metrics/prometheus/restclient/metrics.go.
"""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from kubecapy.runtime.pass_metrics import Outcome, Passes
from kubecapy.runtime.workqueue import QueueObserver, QueueStatistics
from kubecapy.telemetry.durations import Durations

_QUEUE_SECONDS = tuple(10.0**power for power in range(-8, 4))
_REQUEST_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


class Metrics:
    """The metrics of one process, in a registry of their own; no label is an object's name."""

    def __init__(self) -> None:
        """Register everything."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._queues = _Queues(self.registry)
        self._passes = Passes(self.registry)
        self._requests = _Requests(self.registry)
        self._leads = Gauge(
            "leader_election_master_status",
            "1 where this process leads by the Lease of this name, 0 where it stands by",
            ["name"],
            registry=self.registry,
        )

    def follow_controller(self, name: str, workers: int, reasons: Sequence[str] = ()) -> QueueObserver:
        """Show a controller and its `reasons` from now on, with zeros; return what its queue tells of its keys."""
        self._passes.begin(name, workers, reasons)
        return self._queues.observer(name)

    def follow_queue(self, name: str, statistics: Callable[[], QueueStatistics]) -> None:
        """Show the figures of queue `name`, read whenever metrics are rendered."""
        self._queues.statistics[name] = statistics

    def pass_began(self, controller: str) -> None:
        """Count a running pass of a controller that is followed."""
        self._passes.of[controller].active += 1

    def pass_ended(self, controller: str, outcome: Outcome, seconds: float, reason: str = "") -> None:
        """Count a pass that ended after `seconds`, early if there is a `reason`."""
        self._passes.of[controller].ended(outcome, seconds, reason)

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
        self.wait = Durations(_QUEUE_SECONDS)
        self.work = Durations(_QUEUE_SECONDS)
        self.waited = self.wait.observe
        self.worked = self.work.observe
