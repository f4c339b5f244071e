"""Work through an agenda, item by item, and try again what failed."""

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from kubecapy.apimachinery.errors import Conflict, NotFound, StatusError
from kubecapy.apiserver.upkeep.agenda import Agenda
from kubecapy.clock import Clock
from kubecapy.tasks import TaskScope
from kubecapy.telemetry.logs import get_logger

RETRY_SECONDS = 1.0
T = TypeVar("T", bound=Hashable)
_log = get_logger(__name__)


async def work_through(
    agenda: Agenda[T], work: Callable[[T], Awaitable[None]], *, clock: Clock, scope: TaskScope, name: str
) -> None:
    """Do `work` for each item until cancelled; an item that the server's own rules refuse comes again later."""
    while True:
        item = await agenda.take()
        try:
            await work(item)
        except (NotFound, Conflict):
            continue  # Race: the object changed meanwhile, and that change put what is left to do on the agenda.
        except StatusError as error:
            _log.warning("Failed to work on %s %s, trying again: %s", name, item, error)
            scope.start(_add_later(agenda, item, clock), name=f"{name}-retry")


async def _add_later(agenda: Agenda[T], item: T, clock: Clock) -> None:
    await clock.sleep(RETRY_SECONDS)
    agenda.add([item])
