"""Start tasks: the only module that does.

Every task has a name, a scope that owns it and an end: leaving a scope waits for its tasks or cancels them.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class TaskScope:
    """Owns a set of named tasks for as long as its `async with` block lasts.

    Leaving the block waits for all tasks. An error in one of them cancels the others and leaves the block as an
    `ExceptionGroup`, as `asyncio.TaskGroup` has it; an error of the block itself leaves it as it is where no task
    failed too. `cancel` ends the tasks without an error.
    """

    def __init__(self, name: str) -> None:
        """Name the scope; its tasks are called `<name>/<task>`."""
        self._name = name
        self._group = asyncio.TaskGroup()
        self._running: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Open the scope."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the tasks; cancel them first where the block itself failed."""
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            if group.exceptions != (error,):
                raise

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `work` as a task of this scope and return it, so that its owner can await or cancel it."""
        task = self._group.create_task(work, name=f"{self._name}/{name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> None:
        """Cancel every task of the scope that still runs; the scope then ends without an error."""
        for task in tuple(self._running):
            task.cancel()

    @property
    def running(self) -> int:
        """The number of tasks that have not ended."""
        return len(self._running)


async def run_blocking(executor: Executor, work: Callable[[], T]) -> T:
    """Run blocking `work` on a thread of `executor` and return what it returns.

    Cancellation abandons the wait, not the work: a thread cannot be interrupted.
    """
    return await asyncio.get_running_loop().run_in_executor(executor, work)
