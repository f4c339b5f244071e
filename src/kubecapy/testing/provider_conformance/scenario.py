"""Play one scenario with a provider."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from kubecapy.testing.provider_conformance.checks import Violation
from kubecapy.testing.provider_conformance.harness import OpenHarness
from kubecapy.testing.provider_conformance.stage import Stage, hidden_words, watched_logs


class Scenario(msgspec.Struct, frozen=True):
    """One promise of the contract, and how it is tried."""

    play: Callable[[Stage], Awaitable[None]]
    """Plays it; its name and docstring say what is promised."""
    needs_breaker: bool = False
    """Whether calls to the cloud have to go wrong in it."""

    @property
    def name(self) -> str:
        """The promise, as the name of a test."""
        return str(getattr(self.play, "__name__", ""))

    def __str__(self) -> str:
        """Return the name."""
        return self.name


def run_scenario(scenario: Scenario, open_harness: OpenHarness) -> None:
    """Play `scenario` on a harness of its own, on an event loop of its own.

    Raises:
        Violation: the provider breaks a promise.
    """
    asyncio.run(play_scenario(scenario, open_harness))


async def play_scenario(scenario: Scenario, open_harness: OpenHarness) -> None:
    """As `run_scenario`, on the event loop that runs."""
    async with open_harness() as harness:
        stage = Stage(harness, await harness.listing())
        with watched_logs(hidden_words(harness)) as logs:
            await _judge(scenario.play(stage))
        logs.check()


async def _judge(play: Awaitable[None]) -> None:
    """Play; whatever the provider raises where the scenario expects nothing breaks a promise too."""
    try:
        await play
    except AssertionError:
        raise
    except Exception as error:
        first = _first_of(error)
        if isinstance(first, AssertionError):
            raise first from error
        raise Violation(f"nothing is raised here; seen: {type(first).__name__}: {first}") from error


def _first_of(error: Exception) -> Exception:
    """Return the first error of a group, as a scope of tasks raises it."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
