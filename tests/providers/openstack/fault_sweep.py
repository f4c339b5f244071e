"""Let a cluster come and go while calls go wrong, and look at what it says meanwhile."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Self

from tests.providers.openstack.clusters import MANAGED
from tests.providers.openstack.fault_kinds import Kind, Shape
from tests.providers.openstack.machines import make_cluster
from tests.providers.openstack.simulated import NAMED, Simulation, a_machine
from tests.providers.openstack.test_crash_points import EVERYTHING

from kubecapy.api.cluster.v1alpha1 import CLUSTERS, MACHINES, Cluster
from kubecapy.api.core import EVENTS, SECRETS, secret_data
from kubecapy.apimachinery.conditions import Condition
from kubecapy.devcloud.faults import ActiveRule, Pattern, Rule
from kubecapy.devcloud.settings import Timing
from kubecapy.telemetry.logs import V
from kubecapy.testing.simulated_cloud import CloudPlan

PLAN: Final = CloudPlan(
    timing=Timing(boot_seconds=1.0, schedule_seconds=0.0, delete_seconds=0.5), call_seconds=0.01, machines=5
)
PATIENCE_SECONDS: Final = 1800.0
"""Virtual. A fault costs up to two minutes, and a run has many."""
HIGHEST_VERBOSITY: Final = 9
"""At 10, libraries would speak too."""


class Life:
    """A cluster of a control plane that has everything and a plain worker, in a cloud of its own.

    What it says, and what the controllers log at the highest verbosity, is kept for `check_words`.
    """

    def __init__(self) -> None:
        self.system = Simulation(PLAN)
        self.cluster: Cluster = make_cluster("test1", "default", {**NAMED, **MANAGED})
        self._untouched = self.system.cloud.holdings()
        self._log = _Log()
        self._heard: set[str] = set()
        self._secrets = {self.system.cloud.password.reveal(), "PRIVATE KEY"}

    async def __aenter__(self) -> Self:
        logger = logging.getLogger("kubecapy")
        logger.addHandler(self._log)
        logger.setLevel(V(HIGHEST_VERBOSITY))
        logger.propagate = False  # Whoever else listens would keep every line of hours.
        await self.system.__aenter__()
        self.system.apply(
            self.cluster,
            a_machine("master", control_plane=True, networks=None, securityGroups=None, **EVERYTHING),
            a_machine("node-1", networks=None, securityGroups=None),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.system.__aexit__(None, None, None)
        logger = logging.getLogger("kubecapy")
        logger.removeHandler(self._log)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True

    def start_creation(self) -> None:
        self.system.start()

    def start_deletion(self) -> None:
        self._secrets |= set(self._known_secrets())
        self.system.delete(self.cluster)

    def is_up(self) -> bool:
        """Return whether both machines run, as their Nodes say."""
        machines = self.system.api.objects(MACHINES)
        return len(machines) == 2 and all(machine.status.phase == "Running" for machine in machines)

    def is_gone(self) -> bool:
        return not self.system.api.objects(MACHINES) and not self.system.api.objects(CLUSTERS)

    async def until(self, holds: Callable[[], object], within_seconds: float = PATIENCE_SECONDS) -> None:
        await self.system.until(holds, within_seconds)

    def shapes(self, *, after: int = 0) -> Sequence[Shape]:
        """Return the kinds of calls so far, in the order in which they first came."""
        entries = self.system.cloud.entries(after=after)
        return tuple(dict.fromkeys(Shape(entry.service, entry.method, entry.template) for entry in entries))

    def strike(self, shape: Shape, kind: Kind, *, times: int | None) -> ActiveRule:
        """Let the next calls of `shape` go wrong; None times is for ever."""
        pattern = Pattern(service=shape.service, method=shape.method, template=shape.template)
        return self.system.cloud.faults.add(Rule(kind.action, pattern, times=times))

    def relent(self, rule: ActiveRule) -> None:
        self.system.cloud.faults.remove(rule.id)

    def has_struck(self, rule: ActiveRule) -> bool:
        return any(known.id == rule.id and known.struck for known in self.system.cloud.faults.rules())

    def made(self) -> Mapping[str, tuple[object, ...]]:
        """Return what there is more than at the start: names of servers, ports and volumes, else how many."""
        now = self.system.cloud.holdings()
        more = {name: [thing for thing in things if thing not in self._untouched[name]] for name, things in now.items()}
        named = ("servers", "ports", "volumes")
        return {name: tuple(things) if name in named else (len(things),) for name, things in more.items()}

    def left(self) -> Mapping[str, tuple[object, ...]]:
        """Return the kinds of things of which there are others than at the start, as they are now."""
        now = self.system.cloud.holdings()
        return {name: things for name, things in now.items() if things != self._untouched[name]}

    def complaints(self) -> Sequence[Condition]:
        """Return every condition that is not True."""
        objects = (*self.system.api.objects(CLUSTERS), *self.system.api.objects(MACHINES))
        found = [condition for obj in objects for condition in obj.status.conditions if condition.status != "True"]
        self._heard |= {f"{condition.reason} {condition.message}" for condition in found}
        return found

    def check_words(self) -> None:
        """Check that nothing that was said has a secret in it, and that nothing came as a surprise."""
        self._secrets |= set(self._known_secrets())
        events = (f"{event.reason} {event.message}" for event in self.system.api.objects(EVENTS))
        text = "\n".join((*self._log.lines, *events, *self._heard))
        assert [secret for secret in self._secrets if secret in text] == []
        assert "Traceback" not in text
        assert "InternalError" not in text

    def _known_secrets(self) -> Iterator[str]:
        world = self.system.cloud.world
        yield from world.tokens
        yield from (server.user_data for server in world.servers.values() if server.user_data)
        for secret in self.system.api.objects(SECRETS):
            token = secret_data(secret).get("token", b"").decode()
            yield from (token,) if token else ()


class _Log(logging.Handler):
    """Keeps what is logged, each line once."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: set[str] = set()
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.add(self.format(record))
