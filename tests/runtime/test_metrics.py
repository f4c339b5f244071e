"""Metrics under the field's names, read back by Prometheus's own parser."""

from random import Random
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kubecapy.api.core import CONFIG_MAPS, ConfigMap
from kubecapy.apimachinery.errors import Conflict
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.runtime.controller import Controller, Runtime
from kubecapy.runtime.manager import Manager
from kubecapy.runtime.metrics import Metrics
from kubecapy.runtime.reconciler import DONE, Backoff, Result, TerminalError, Unforeseen
from kubecapy.runtime.sources import for_object
from kubecapy.runtime.workqueue import QueueStatistics
from kubecapy.tasks import TaskScope
from kubecapy.testing.fake_api import FakeApi
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time

FIELD_NAMES = {
    "workqueue_depth": {"name", "controller", "priority"},
    "workqueue_adds_total": {"name", "controller"},
    "workqueue_queue_duration_seconds_count": {"name", "controller"},
    "workqueue_work_duration_seconds_count": {"name", "controller"},
    "workqueue_unfinished_work_seconds": {"name", "controller"},
    "workqueue_longest_running_processor_seconds": {"name", "controller"},
    "workqueue_retries_total": {"name", "controller"},
    "controller_runtime_reconcile_total": {"controller", "result"},
    "controller_runtime_reconcile_errors_total": {"controller"},
    "controller_runtime_terminal_reconcile_errors_total": {"controller"},
    "controller_runtime_reconcile_time_seconds_count": {"controller"},
    "controller_runtime_max_concurrent_reconciles": {"controller"},
    "controller_runtime_active_workers": {"controller"},
    "rest_client_requests_total": {"code", "method", "host"},
    "rest_client_request_duration_seconds_count": {"verb", "host"},
    "leader_election_master_status": {"name"},
}
"""Samples that controller-runtime and component-base show, with their labels."""


def scraped(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample of a scrape by name and labels."""
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def sample(metrics: Metrics, name: str, **labels: str) -> float:
    return scraped(metrics)[name, tuple(sorted(labels.items()))]


def test_every_name_of_the_field_is_there_with_its_labels() -> None:
    metrics = Metrics()
    metrics.follow_controller("machine", 2)
    metrics.follow_queue("machine", lambda: QueueStatistics(depth=2, delayed=1, processing=0, adds=7, retries=3))
    metrics.request_ended("GET", "h:6443", "200", 0.1)
    metrics.leads("lease", is_leader=False)

    found: dict[str, set[str]] = {}
    for name, labels in scraped(metrics):
        found.setdefault(name, set()).update(label for label, _ in labels)

    assert {name: found.get(name) for name in FIELD_NAMES} == FIELD_NAMES
    assert "process_resident_memory_bytes" in found


def test_a_controllers_counters_are_there_before_its_first_pass() -> None:
    metrics = Metrics()

    metrics.follow_controller("machine", 2)

    for result in ("success", "requeue", "requeue_after", "error"):
        assert sample(metrics, "controller_runtime_reconcile_total", controller="machine", result=result) == 0
    assert sample(metrics, "controller_runtime_reconcile_errors_total", controller="machine") == 0
    assert sample(metrics, "controller_runtime_terminal_reconcile_errors_total", controller="machine") == 0
    assert sample(metrics, "controller_runtime_max_concurrent_reconciles", controller="machine") == 2


def test_requests_are_counted_and_streams_have_no_duration() -> None:
    metrics = Metrics()

    metrics.request_ended("GET", "h:1", "200", 0.3)
    metrics.request_ended("GET", "h:1", "200", None)
    metrics.request_ended("PATCH", "h:1", "<error>", 60.0)

    assert sample(metrics, "rest_client_requests_total", code="200", method="GET", host="h:1") == 2
    assert sample(metrics, "rest_client_requests_total", code="<error>", method="PATCH", host="h:1") == 1
    assert sample(metrics, "rest_client_request_duration_seconds_count", verb="GET", host="h:1") == 1


class Slow:
    """Each pass takes ten seconds; the first one ends as the test says."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]

    async def reconcile(self, key: ObjectKey) -> Result:
        await VirtualClock().sleep(10)
        if self._errors:
            raise self._errors.pop()
        return DONE


async def _measured(error: Exception, seconds: float) -> dict[str, Any]:
    """Run two objects through one worker for a time and return what a scrape shows then."""
    api = FakeApi(VirtualClock())
    for name in ("a", "b"):
        api.put(CONFIG_MAPS, ConfigMap(metadata=ObjectMeta(name=name, namespace="d")))
    manager = Manager(api, VirtualClock(), Random(1))
    manager.add_controller(Controller("c", Slow(error), sources=[for_object(manager.informer(CONFIG_MAPS))]))
    async with TaskScope("test") as scope:
        scope.start(manager.run(), name="manager")
        await VirtualClock().sleep(seconds)
        found = scraped(manager.metrics)
        manager.stop()
    return {
        f"{name}{{{labels['result']}}}" if "result" in labels else name: value
        for (name, pairs), value in found.items()
        if "le" not in (labels := dict(pairs)) and labels.get("controller") == "c"
    }


@on_virtual_time
async def test_a_queue_shows_how_long_keys_wait_and_work() -> None:
    seen = await _measured(Backoff("told"), 14.0)

    assert seen["workqueue_queue_duration_seconds_sum"] == 10.0  # a at once, b after a's ten seconds
    assert seen["workqueue_work_duration_seconds_sum"] == 10.0
    assert seen["workqueue_unfinished_work_seconds"] == 4.0
    assert seen["workqueue_longest_running_processor_seconds"] == 4.0
    assert seen["workqueue_depth"] == 1.0
    assert seen["workqueue_adds_total"] == 3.0
    assert seen["workqueue_retries_total"] == 1.0
    assert seen["controller_runtime_active_workers"] == 1.0


@pytest.mark.parametrize(
    ("error", "result", "errors", "terminal"),
    [
        (ValueError("bug"), "error", 1, 0),
        (TerminalError("wrong"), "error", 1, 1),
        (Conflict("changed"), "requeue", 0, 0),
    ],
    ids=["bug", "terminal", "conflict"],
)
def test_a_failed_pass_is_counted_as_other_controllers_count_it(
    error: Exception, result: str, errors: int, terminal: int
) -> None:
    @on_virtual_time
    async def scenario() -> None:
        seen = await _measured(error, 100.0)
        assert seen[f"controller_runtime_reconcile_total{{{result}}}"] == 1
        assert seen["controller_runtime_reconcile_errors_total"] == errors
        assert seen["controller_runtime_terminal_reconcile_errors_total"] == terminal
        assert seen["controller_runtime_reconcile_time_seconds_count"] == 3 - terminal

    scenario()


@pytest.mark.parametrize("error", [kind("told", reason="Spec") for kind in (TerminalError, Backoff, Unforeseen)])
@on_virtual_time
async def test_passes_that_ended_early_are_counted_by_their_reason(error: Exception) -> None:
    metrics = Metrics()
    reconciler = Slow(error)
    controller = Controller("c", reconciler, reasons=("Spec", "Quota"))
    async with TaskScope("test") as scope:
        scope.start(controller.run(Runtime(VirtualClock(), Random(1), metrics)), name="controller")
        await VirtualClock().sleep(0)
        sample = "kubecapy_runtime_passes_ended_early_total"
        assert metrics.registry.get_sample_value(sample, {"controller": "c", "reason": "Spec"}) == 0

        controller.enqueue(ObjectKey("d", "a"))
        await VirtualClock().sleep(15)

        assert metrics.registry.get_sample_value(sample, {"controller": "c", "reason": "Spec"}) == 1
        assert metrics.registry.get_sample_value(sample, {"controller": "c", "reason": "Quota"}) == 0
        controller.shut_down()
