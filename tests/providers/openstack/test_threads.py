"""Threads for blocking calls: few, reused, and never waited for."""

import threading
from concurrent.futures import CancelledError

import pytest

from kubecapy.providers.openstack.cloud.threads import DaemonThreads


def test_calls_run_on_no_more_threads_than_allowed_and_all_of_them_are_daemons() -> None:
    threads = DaemonThreads(2, "test")
    futures = [threads.submit(threading.current_thread) for _ in range(20)]
    used = {future.result(5) for future in futures}
    assert len(used) <= 2
    assert all(thread.daemon and thread.name.startswith("test-") for thread in used)
    threads.shutdown()
    assert not any(thread.is_alive() for thread in used)


def test_an_error_reaches_the_caller_and_the_thread_goes_on() -> None:
    threads = DaemonThreads(1, "test")
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 / 0).result(5)
    assert threads.submit(lambda: "next").result(5) == "next"
    threads.shutdown()


def test_a_shutdown_cancels_what_waits_and_does_not_wait_for_what_runs() -> None:
    threads = DaemonThreads(1, "test")
    begun, gate = threading.Event(), threading.Event()

    def hold() -> str:
        begun.set()
        gate.wait(5)
        return "done"

    running = threads.submit(hold)
    waiting = threads.submit(lambda: "never")
    assert begun.wait(5)
    threads.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(CancelledError):
        waiting.result(0)
    with pytest.raises(RuntimeError, match="shut down"):
        threads.submit(lambda: None)
    gate.set()
    assert running.result(5) == "done"


def test_a_shutdown_without_cancelling_runs_what_waits() -> None:
    threads = DaemonThreads(1, "test")
    futures = [threads.submit(lambda: "run") for _ in range(5)]
    threads.shutdown()
    assert [future.result(0) for future in futures] == ["run"] * 5
