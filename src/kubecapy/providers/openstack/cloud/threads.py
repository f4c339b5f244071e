"""Run blocking calls on threads that nobody waits for at the end of the process.

The standard library's pool joins its threads when the interpreter ends, so that a person who presses ctrl-C would
wait for a silent cloud until the call's time is up.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(Executor):
    """Runs calls in their order on at most `count` daemon threads, which are started as they are needed.

    What is submitted waits without limit; the callers bound it by awaiting each call.
    """

    def __init__(self, count: int, name: str) -> None:
        """Run on up to `count` threads called `<name>-<number>`."""
        self._count = count
        self._name = name
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` on a thread as soon as one is free.

        Raises:
            RuntimeError: the threads were shut down.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the threads were shut down")
            self._work.put((future, lambda: fn(*args, **kwargs)))
            if len(self._threads) < self._count:
                self._start_thread()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the base's
        """Take nothing more; threads end after what they run, and what waits is run first or cancelled."""
        with self._lock:
            self._closed = True
            if cancel_futures:
                self._cancel_waiting()
            for _ in self._threads:
                self._work.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _start_thread(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _cancel_waiting(self) -> None:
        while not self._work.empty():
            item = self._work.get()
            if item is not None:
                item[0].cancel()

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            future, call = item
            if future.set_running_or_notify_cancel():
                _fulfil(future, call)
            # A waiting thread must not keep the last call's values alive.
            del item, future, call


def _fulfil(future: Future[T], call: Callable[[], T]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller
        future.set_exception(error)
    else:
        future.set_result(result)
