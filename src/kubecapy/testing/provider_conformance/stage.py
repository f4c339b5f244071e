"""Hold what one scenario plays with: a provider, an empty test cloud, and the objects of a management cluster."""

import base64
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kubecapy.apimachinery.meta import JsonObject, key_of
from kubecapy.testing.crash_points import Killed, When
from kubecapy.testing.provider_conformance.actors import USER_DATA, ActedCluster, ActedMachine, Caller
from kubecapy.testing.provider_conformance.checks import expect
from kubecapy.testing.provider_conformance.harness import CloudBreaker, ProviderHarness, Thing, WrongSpec


class Stage:
    """One scenario's provider, with what was in its cloud at the beginning."""

    def __init__(self, harness: ProviderHarness, before: Sequence[Thing]) -> None:
        """Play with `harness`, in whose cloud there is `before`."""
        self.harness = harness
        self.before = frozenset(before)
        self.caller = Caller(harness, hidden_words(harness))

    @property
    def breaker(self) -> CloudBreaker:
        """What lets calls go wrong; only scenarios that need it ask."""
        breaker = self.harness.breaker
        if breaker is None:
            raise AssertionError("the harness has no breaker: run CALM_SCENARIOS")
        return breaker

    async def add_cluster(self, name: str = "test1", namespace: str = "default") -> ActedCluster:
        """Make a Cluster and what its machines share."""
        cluster = self.cluster(name, namespace)
        await cluster.come_up()
        return cluster

    def cluster(self, name: str = "test1", namespace: str = "default", spec: JsonObject | None = None) -> ActedCluster:
        """Store a Cluster; the provider is not called."""
        return ActedCluster(self.caller, namespace, name, self.harness.cluster_spec if spec is None else spec)

    def copy(self, cluster: ActedCluster) -> ActedCluster:
        """Store another Cluster of the same name, as in another management cluster."""
        namespace, name = key_of(cluster.stored)
        return ActedCluster(self.caller, namespace, name, self.harness.cluster_spec, copy="another ")

    def machine(self, cluster: ActedCluster, name: str = "node-1", spec: JsonObject | None = None) -> ActedMachine:
        """Store a Machine; the provider is not called."""
        return ActedMachine(self.caller, cluster, name, self.harness.machine_spec if spec is None else spec)

    async def things(self) -> frozenset[Thing]:
        """Return what the cloud holds now."""
        return frozenset(await self.harness.listing())

    async def made(self) -> frozenset[Thing]:
        """Return what the cloud holds now and did not at the beginning."""
        return await self.things() - self.before

    async def expect_as_before(self) -> None:
        """Check that nothing is left, and that nothing of others is missing."""
        await self.expect_unchanged(self.before, "nothing is left and nothing of others is touched")

    async def expect_unchanged(self, then: frozenset[Thing], promise: str) -> None:
        """Check that the cloud holds what it held `then`."""
        now = await self.things()
        more, less = sorted(now - then), sorted(then - now)
        expect(not more and not less, promise, {"more": more, "less": less})

    def wrong_specs(self, kind: str) -> Sequence[WrongSpec]:
        """Return the wrong specs of `kind`."""
        return [wrong for wrong in self.harness.wrong_specs if wrong.kind == kind]

    @contextmanager
    def killed_at(self, call: int, when: When) -> Iterator["Kill"]:
        """Kill the process at the `call`-th call of the block, if it comes to it."""
        kill = Kill()
        self.breaker.interrupt(call, when)
        try:
            yield kill
        except Killed:
            kill.struck = True
        finally:
            self.breaker.interrupt(0, when)


class Kill:
    """Whether the process was killed in a block."""

    struck = False


def hidden_words(harness: ProviderHarness) -> Sequence[str]:
    """Return what may be shown nowhere: the cloud's passwords, and user data, plain or as base64."""
    data = USER_DATA.reveal()
    return (*harness.secrets, "hidden-user-data", base64.b64encode(data).decode()[:40])


def kinds(things: frozenset[Thing]) -> Counter[str]:
    """Return how many there are of each kind."""
    return Counter(thing.kind for thing in things)


class LogWatcher(logging.Handler):
    """Reads every log line at every level while a scenario plays, and remembers the first that shows a secret."""

    def __init__(self, hidden: Sequence[str]) -> None:
        """Look for the words of `hidden`."""
        super().__init__(level=1)
        self._hidden = hidden
        self._leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        text = self.format(record)
        if any(word in text for word in self._hidden):
            self._leaks.append(f"a line of {record.name} at {record.pathname}:{record.lineno}")

    def check(self) -> None:
        """Check that there was none."""
        expect(not self._leaks, "no log line at any level holds a secret or user data", self._leaks[:1])


@contextmanager
def watched_logs(hidden: Sequence[str]) -> Iterator[LogWatcher]:
    """Read the log of the whole process at every level."""
    root = logging.getLogger()
    watcher, level = LogWatcher(hidden), root.level
    root.addHandler(watcher)
    root.setLevel(1)
    try:
        yield watcher
    finally:
        root.setLevel(level)
        root.removeHandler(watcher)
