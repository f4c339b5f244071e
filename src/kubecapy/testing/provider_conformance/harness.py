"""Say what the author of a provider gives to the kit: the provider, on a test cloud that can be looked into."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.contract.errors import (
    CapacityExhausted,
    PermissionDenied,
    ProviderError,
    Throttled,
    Unavailable,
)
from kubecapy.contract.provider import Actuators, GenerateRequest, ProviderTooling
from kubecapy.testing.crash_points import When

Fault = Literal["denied", "full", "throttled", "failing", "silent"]
"""How a cloud goes wrong: it refuses the login, has no quota left, asks for patience, answers that it failed, does not
answer."""

ERROR_OF: dict[Fault, type[ProviderError]] = {
    "denied": PermissionDenied,
    "full": CapacityExhausted,
    "throttled": Throttled,
    "failing": Unavailable,
    "silent": Unavailable,
}
"""The error of the contract that each fault becomes."""


class Thing(msgspec.Struct, frozen=True, order=True):
    """One thing that the test cloud holds."""

    kind: str
    """Such as `server`, `port`."""
    id: str
    name: str = ""
    state: str = ""
    """What else must be as it was before: whom a lent address leads to. Not what changes by itself."""


class WrongSpec(msgspec.Struct, frozen=True):
    """A providerSpec that cannot be made real."""

    kind: Literal["Cluster", "Machine"]
    value: JsonObject
    error: type[ProviderError]
    """InvalidConfiguration where it can never work, NotFound where it names what is not there. Not PermissionDenied:
    a delete does need the credentials."""
    names: str
    """What the sentence has to hold, for a person to know what to change: a field, a name."""


class CloudBreaker(Protocol):
    """Lets calls to the test cloud go wrong. A call is one request to it, a login left out."""

    def interrupt(self, call: int, when: When) -> None:
        """Raise `kubecapy.testing.crash_points.Killed` at the `call`-th call from now, before or after its effect.

        Calls count from 1; 0 interrupts none. After it has struck, nothing is interrupted any more.
        """
        ...

    def refuse(self, fault: Fault) -> None:
        """Let every call from now on go wrong, without an effect; `full` refuses those that would make something."""
        ...

    def mend(self) -> None:
        """Let calls succeed again."""
        ...


class ProviderHarness(Protocol):
    """One provider on an empty test cloud of its own, for one scenario.

    Empty means: nothing that bears a mark of the provider. Images, networks and what else people lend are there.
    """

    cluster_spec: JsonObject
    """A providerSpec value for a Cluster that works."""
    machine_spec: JsonObject
    """A providerSpec value for a Machine that works; many machines and clusters may be made with it."""
    wrong_specs: Sequence[WrongSpec]
    """At least one for a Machine that is an InvalidConfiguration, and one that is a NotFound."""
    secrets: Sequence[str]
    """The passwords of the test cloud's credentials: words that may be shown nowhere."""
    notice_seconds: float
    """How late the provider may notice that somebody removed a server: at most 60."""
    generate_request: GenerateRequest
    """A request for manifests whose configuration holds the cloud that it names."""
    breaker: CloudBreaker | None
    """None where calls cannot be made to go wrong; `CALM_SCENARIOS` need it not."""

    @property
    def actuators(self) -> Actuators:
        """The verbs, of the process that runs now."""
        ...

    @property
    def tooling(self) -> ProviderTooling:
        """What tools may ask, of the process that runs now."""
        ...

    async def restart(self) -> None:
        """Open the provider anew, with nothing in memory, as a process does that was killed and started again."""
        ...

    async def listing(self) -> Sequence[Thing]:
        """Return everything that the test cloud holds for the provider's project, what people made included."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Let time pass: move a clock, or wait."""
        ...

    async def remove_server(self, provider_id: str) -> None:
        """Remove a server behind the provider's back, at once and for good."""
        ...

    async def fail_server(self, provider_id: str, fault: str) -> None:
        """Let the cloud give up a server, with the words `fault`."""
        ...

    async def write_console(self, provider_id: str, text: str) -> None:
        """Let the server's console show `text`."""
        ...


class OpenHarness(Protocol):
    """Opens a harness of its own for each scenario."""

    def __call__(self) -> AbstractAsyncContextManager[ProviderHarness]:
        """Open the harness; leaving the context closes provider and cloud."""
        ...
