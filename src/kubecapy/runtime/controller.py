"""Run a reconciler: workers take keys from a queue, and what a pass returns or raises decides what comes next.

| a pass ends with | the key | counted as |
|---|---|---|
| `Result()` | waits for a change, backoff begins anew | success |
| `Result(requeue_after_seconds=n)` | comes back in n s, backoff begins anew | requeue_after |
| `Conflict` | comes back at once, then as after an error; logged at verbosity 4 only | requeue |
| `TerminalError` | waits for a change | error, and among the terminal errors |
| `Backoff` | comes back after its backoff; the reconciler has told why | error |
| `Unforeseen` | comes back after its backoff; its cause is logged with the trace | error |
| any other error | comes back after its backoff | error |

Source: controller-runtime pkg/internal/controller/controller.go.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from kubecapy.apimachinery.errors import Conflict
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.clock import Clock
from kubecapy.runtime.metrics import Metrics
from kubecapy.runtime.pass_metrics import Outcome
from kubecapy.runtime.rate_limiters import RateLimits, rate_limiter
from kubecapy.runtime.reconciler import Backoff, Reconciler, Result, TerminalError, Unforeseen
from kubecapy.runtime.sources import Source
from kubecapy.runtime.workqueue import QueueClosed, QueueStatistics, WorkQueue
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.logs import V, get_logger, set_context

_log = get_logger(__name__)


class Runtime(msgspec.Struct, frozen=True):
    """What a manager gives to its controllers."""

    clock: Clock
    random: Random
    metrics: Metrics


class Controller:
    """A reconciler with its queue, its workers and the sources of its keys."""

    def __init__(
        self,
        name: str,
        reconciler: Reconciler,
        *,
        workers: int = 1,
        sources: Sequence[Source] = (),
        rate_limits: RateLimits | None = None,
        reasons: Sequence[str] = (),
    ) -> None:
        """Name the parts; nothing runs before a manager runs it.

        `reasons` are those that passes may give for ending early; they are shown with zeros at first.

        Raises:
            ValueError: `workers` is less than 1.
        """
        if workers < 1:
            raise ValueError(f"controller {name} needs at least one worker, got {workers}")
        self.name = name
        self._reconciler = reconciler
        self._workers = workers
        self._sources = sources
        self._reasons = reasons
        self._rate_limits = rate_limits or RateLimits()
        self._queue: WorkQueue[ObjectKey] | None = None

    def enqueue(self, key: ObjectKey) -> None:
        """Have a worker look at `key`; nothing happens while the controller does not run."""
        if self._queue is not None:
            self._queue.add(key)

    def shut_down(self) -> None:
        """Take no more keys; `run` returns once the running passes have ended."""
        if self._queue is not None:
            self._queue.shut_down()
            self._queue.discard_waiting()

    def statistics(self) -> QueueStatistics:
        """Return the figures of the queue."""
        return (
            self._queue.statistics()
            if self._queue is not None
            else QueueStatistics(depth=0, delayed=0, processing=0, adds=0, retries=0)
        )

    async def run(self, runtime: Runtime) -> None:
        """Run the workers until `shut_down`; cancellation cancels running passes."""
        observer = runtime.metrics.follow_controller(self.name, self._workers, self._reasons)
        limiter = rate_limiter(self._rate_limits, runtime.clock, runtime.random)
        queue: WorkQueue[ObjectKey] = WorkQueue(runtime.clock, limiter, observer)
        self._queue = queue
        runtime.metrics.follow_queue(self.name, queue.statistics)
        for source in self._sources:
            source.connect(queue.add)
        _log.info("Starting workers of %s (worker count %d)", self.name, self._workers)
        async with TaskScope(self.name) as scope:
            for number in range(self._workers):
                scope.start(self._work(queue, runtime), name=f"worker-{number}")

    async def _work(self, queue: WorkQueue[ObjectKey], runtime: Runtime) -> None:
        while True:
            try:
                key = await queue.get()
            except QueueClosed:
                return
            try:
                await self._pass(key, queue, runtime)
            finally:
                queue.done(key)

    async def _pass(self, key: ObjectKey, queue: WorkQueue[ObjectKey], runtime: Runtime) -> None:
        set_context(controller=self.name, object=key, reconcileID=_PassId(runtime.random.getrandbits(64)))
        runtime.metrics.pass_began(self.name)
        started = runtime.clock.monotonic()
        # What a cancelled pass counts as.
        outcome: Outcome = "error"
        reason = ""
        try:
            outcome, reason = await self._reconcile(key, queue)
        finally:
            runtime.metrics.pass_ended(self.name, outcome, runtime.clock.monotonic() - started, reason)
            set_context()

    async def _reconcile(self, key: ObjectKey, queue: WorkQueue[ObjectKey]) -> tuple[Outcome, str]:
        """Run the reconciler once, and let the key come back as its end says."""
        try:
            result = await self._reconciler.reconcile(key)
        except Conflict as error:
            _log.log(V(4), "Reconciling %s %s again: %s", self.name, key, error)
            queue.add_rate_limited(key)
            return "conflict", ""
        except TerminalError as error:
            _log.error("Reconciling %s %s needs a change: %s", self.name, key, error)
            queue.forget(key)
            return "terminal", error.reason
        except Backoff as error:
            _log.log(V(2), "Reconciling %s %s again after its backoff: %s", self.name, key, error)
            queue.add_rate_limited(key)
            return "error", error.reason
        except Unforeseen as error:
            _log.error("Reconciler error: %s %s: %s", self.name, key, error, exc_info=error.__cause__)
            queue.add_rate_limited(key)
            return "error", error.reason
        except Exception:  # noqa: BLE001 - the one place where a pass may fail in any way
            _log.exception("Reconciler error: %s %s", self.name, key)
            queue.add_rate_limited(key)
            return "error", ""
        return _requeue(queue, key, result), result.reason


def _requeue(queue: WorkQueue[ObjectKey], key: ObjectKey, result: Result) -> Outcome:
    queue.forget(key)
    if result.requeue_after_seconds is None:
        return "success"
    queue.add_after(key, result.requeue_after_seconds)
    return "requeue_after"


class _PassId(int):
    """Tells the log lines of one pass from those of the others."""

    def __str__(self) -> str:
        return f"{int(self):016x}"
