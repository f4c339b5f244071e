"""Count the passes of controllers with plain numbers, which are turned into metrics when somebody reads them.

A pass is counted five times over; the metrics library takes a lock for each, and its histogram walks its buckets.
Source of names, labels and buckets: controller-runtime pkg/internal/controller/metrics/metrics.go; what it does not
have is called `kubecapy_runtime_*`.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from kubecapy.telemetry.durations import Durations

Outcome = Literal["success", "requeue_after", "conflict", "error", "terminal"]
"""How a pass ended."""

_RESULTS: Final[Mapping[str, tuple[Outcome, ...]]] = {
    "success": ("success",),
    "requeue_after": ("requeue_after",),
    "requeue": ("conflict",),
    "error": ("error", "terminal"),
}
"""Values of the label `result`: controller-runtime has these four, and dashboards add them up."""
_SECONDS: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    *(1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60),
)


class PassFigures:
    """What one controller did; all zero at first: a counter that appears with its first error cannot be alerted on."""

    def __init__(self, workers: int) -> None:
        """Begin with no pass."""
        self.workers = workers
        self.active = 0
        """Passes that run."""
        self.ends: dict[Outcome, int] = dict.fromkeys(get_args(Outcome), 0)
        self.reasons: dict[str, int] = {}
        """Passes that ended early, by the reason that they gave."""
        self.seconds = Durations(_SECONDS)

    def ended(self, outcome: Outcome, seconds: float, reason: str = "") -> None:
        """Count the end of a running pass."""
        self.active -= 1
        self.ends[outcome] += 1
        if reason:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        self.seconds.observe(seconds)

    def count(self, outcomes: Iterable[Outcome]) -> int:
        """Return how many passes ended in one of `outcomes`."""
        return sum(self.ends[outcome] for outcome in outcomes)


class Passes(Collector):
    """Shows what controllers did."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Show nothing at first."""
        self.of: dict[str, PassFigures] = {}
        """The figures by the name of the controller."""
        registry.register(self)

    def begin(self, controller: str, workers: int, reasons: Iterable[str] = ()) -> None:
        """Show a controller and its `reasons` from now on; what it did in an earlier run stays counted."""
        figures = self.of.setdefault(controller, PassFigures(workers))
        figures.workers = workers
        figures.reasons = dict.fromkeys(reasons, 0) | figures.reasons

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        name = ["controller"]
        total = CounterMetricFamily("controller_runtime_reconcile", "Passes by result", labels=[*name, "result"])
        errors = CounterMetricFamily("controller_runtime_reconcile_errors", "Passes that failed", labels=name)
        terminal = CounterMetricFamily(
            "controller_runtime_terminal_reconcile_errors", "Passes that failed and wait for a change", labels=name
        )
        early = CounterMetricFamily(
            "kubecapy_runtime_passes_ended_early", "Passes that could not go on, by why", labels=[*name, "reason"]
        )
        seconds = HistogramMetricFamily(
            "controller_runtime_reconcile_time_seconds", "How long passes take", labels=name
        )
        workers = GaugeMetricFamily(
            "controller_runtime_max_concurrent_reconciles", "Passes that may run at once", labels=name
        )
        active = GaugeMetricFamily("controller_runtime_active_workers", "Passes that run", labels=name)
        for controller, figures in self.of.items():
            for result, outcomes in _RESULTS.items():
                total.add_metric([controller, result], figures.count(outcomes))
            errors.add_metric([controller], figures.count(_RESULTS["error"]))
            terminal.add_metric([controller], figures.count(("terminal",)))
            for reason, count in figures.reasons.items():
                early.add_metric([controller, reason], count)
            seconds.add_metric([controller], figures.seconds.buckets(), figures.seconds.sum)
            workers.add_metric([controller], figures.workers)
            active.add_metric([controller], figures.active)
        return (total, errors, terminal, early, seconds, workers, active)
