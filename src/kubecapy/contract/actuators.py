"""Say what a cloud must be able to do for clusters and machines.

What holds for every verb:

- **Repeated.** It may be called again after it returned, after it raised, and after the process was killed at any line
  of it. It finds what is there before it makes anything, by names and marks that follow from the object alone.
- **Identity.** Names and marks follow from namespace, name and `identity_of(object)`, which is stored before the first
  verb. They are the same wherever the object moves, though its uid is not; another object of the same name, in another
  management cluster or made later, has other marks and takes nothing over.
- **No waiting.** It does not poll or sleep until the cloud is done. It raises `NotReady`, or returns what it sees, and
  is called again. One call to the cloud has a time limit, of a minute at most.
- **Concurrency.** Calls for different objects run at once, hundreds of them, on one event loop; those for one object
  never do. Nothing blocks the loop. Who shares a list or a client between calls bears that a caller is cancelled.
- **Cancellation.** It may be cancelled at any `await` and lets the cancellation pass. What it began in the cloud is
  found by the next call.
- **No writes.** It has no way to the API server. What it returns as `provider_status` and `annotations` is stored by
  the reconciler at the end of the pass, and is in the object at the next call: not when the process was killed between,
  and not in the verbs of the same pass that ran before. `provider_status` is a hint, never the only way to find
  something.
- **Objects are read-only**, may be older than what the API server holds, and may have a providerSpec that is wrong.
- **Errors** are those of `kubecapy.contract.errors`, and no others.
- **Secrets**, the user data among them, are in no error, log line, observation or `provider_status`.

A pass over a machine calls `observe_instance`, `ensure_reservation`, and where there is no server `ensure_instance`. It
runs when the Machine or its Cluster changes, when a verb asks for it, and some minutes after the last one at the
latest: a provider that serves a thousand machines lets them share lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint, Cluster, Machine, NodeAddress
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.telemetry.secrets import Secret

InstanceState = Literal["Pending", "Running", "Stopped", "Failed", "Deleting"]


class SecretReader(Protocol):
    """Reads Secrets of the management cluster for a provider, which has no client of its own.

    Each call asks the API server, so that a rotated Secret counts at once. What the API server refuses is raised
    through the provider's verbs, which let it pass. A tool without a management cluster reads the files that it was
    given.
    """

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """Return the decoded data of the Secret; None where it is absent."""
        ...


class MachineRequest(msgspec.Struct, frozen=True):
    """What an actuator is told of a machine."""

    machine: Machine
    """As it is stored, with `status.providerStatus` and the annotations of the last pass that ended."""
    cluster: Cluster | None
    """None where the cluster is gone or the machine belongs to none. It is there for `ensure_reservation` and
    `ensure_instance`; the other verbs work without it."""


class BootFile(msgspec.Struct, frozen=True):
    """A file that the provider needs on the host before Kubernetes starts."""

    path: str
    """Absolute."""
    content: str
    permissions: str = "0644"
    """Octal, as chmod takes it; root owns the file."""


class Reservation(msgspec.Struct, frozen=True):
    """What is known of a machine before its server exists."""

    addresses: tuple[NodeAddress, ...]
    """Every address that the server will have, at least one; ExternalIP where others reach it, InternalIP on its own
    network. They stay the same for as long as the machine lives: the cluster's certificates and kubeconfig name
    them."""
    hostname: str
    """Name that the host gets, and so its Node: at most 63 lower-case letters, digits and hyphens."""
    provider_id_hint: str | None = None
    """The providerID where the cloud lets it be known before the server exists; it is then that of the Instance."""
    boot_files: tuple[BootFile, ...] = ()
    """The provider's own fragments for the boot; they never hold cloud passwords."""
    kubelet_arguments: Mapping[str, str] = {}
    """Arguments that kubelets on this cloud need, without their two hyphens; `provider-id` is what links the Node to
    the Machine, and may be a Jinja expression that cloud-init fills in."""
    provider_status: Mapping[str, Any] | None = None
    """What the reconciler stores as `status.providerStatus`: values of JSON, no times, so that an equal finding is
    equal. None leaves what is stored. It should hold the ids of what was made: it is stored before a server is made
    with them."""
    annotations: Mapping[str, str] = {}
    """Annotations that the reconciler keeps on the Machine for people and older tools; it adds, and removes none."""
    user_data_secret: ObjectKey | None = None
    """The Secret with the user-data template that the providerSpec names; None takes the built-in template."""


class Instance(msgspec.Struct, frozen=True):
    """A server as it was last seen."""

    provider_id: str
    """`openstack:///<server id>` or the cloud's like: unique among all clouds, the same for as long as the server
    lives, and what its Node has as `spec.providerID`."""
    state: InstanceState
    """Pending while it is made; Running once it boots, which says nothing of Kubernetes on it; Stopped where a person
    shut it off; Failed where the cloud gave up; Deleting while somebody else's delete is under way."""
    addresses: tuple[NodeAddress, ...]
    """Those that the cloud shows: of the reserved ones, as far as they are known."""
    fault: str = ""
    """The cloud's own words where the state is Failed."""
    provider_status: Mapping[str, Any] | None = None
    """As in `Reservation`."""
    annotations: Mapping[str, str] = {}
    """As in `Reservation`."""


class Deletion(msgspec.Struct, frozen=True):
    """How far a delete came."""

    gone: bool
    """True once nothing that we made is left; the finalizer is then removed, and nobody asks again."""
    waiting_for: str = ""
    """What is still there where it is not gone, for people: `server node-1 (3f0c...)`."""
    retry_after_seconds: float = 5.0
    """When to look again where it is not gone; 0 is at once."""


class MachineActuator(Protocol):
    """Cloud verbs for machines."""

    async def ensure_reservation(self, request: MachineRequest) -> Reservation:
        """Find or make what a server needs first: ports, the floating address and their association.

        Called on every pass, before the server exists and afterwards, to repair; makes no twin. Everything that the
        spec names is looked up before the first thing is made, so that a wrong name leaves nothing behind. What a
        person lent, such as a floating address of theirs, is used and marked as theirs.

        Raises:
            InvalidConfiguration: the providerSpec can never work; the message names the field by its path.
            NotFound: something that the spec names is not there; the message names it.
            NotReady: there is no Cluster yet, its own shared resources are not there, or the cloud is at work.
            ProviderError: the rest of the closed set, as the cloud answers.
        """
        ...

    async def ensure_instance(self, request: MachineRequest, bootstrap_data: Secret[bytes]) -> Instance:
        """Find or make the server, with `bootstrap_data` as its user data where it is made.

        Called after `ensure_reservation` has returned and what it returned is stored. A server that is there is
        returned as it is, whatever `bootstrap_data` is by now: user data of a server never changes. Where it is
        unknown whether the last call made one, it is looked for by its mark; the cloud's list may lag behind.

        Raises:
            NotReady: what was reserved is not there yet, or no more.
            CapacityExhausted: a quota is used up or no host is free; the message says of what.
            ProviderError: the rest of the closed set; where the cloud makes servers that fail later, the Instance
                returned here or by a later `observe_instance` is Failed instead.
        """
        ...

    async def observe_instance(self, request: MachineRequest) -> Instance | None:
        """Look at the server; None where there is none, and for a machine that was never made. Changes nothing.

        Called first in every pass. The finding of a running server may be up to a minute old; a server that was just
        made by this process is always seen.

        Raises:
            ProviderError: the cloud did not say. None is only returned on the cloud's word: another server is made
                upon it.
        """
        ...

    async def delete(self, request: MachineRequest) -> Deletion:
        """Remove what we made for the machine, and detach what a person made; go one step further each time.

        Needs nothing that create resolved: it works without the Cluster, with a providerSpec that is wrong or names
        what is gone, for a machine that was never made, that was half made, or whose server a person removed. What
        bears another's mark is left alone. Absent is success.

        Raises:
            ProviderError: the cloud refuses or does not answer; what is left is never reported as gone.
        """
        ...

    async def read_console(self, request: MachineRequest, lines: int) -> str:
        """Return the last `lines` lines of the server's console; empty where there are none, or no server.

        Called with growing pauses while a running server has no Node; what it says is shown to people. A failure here
        changes nothing: an error is logged, and the console is asked again.
        """
        ...


class InstanceObserver(Protocol):
    """Glances at the servers of many machines at once; a provider whose cloud lists them cheaply offers it."""

    async def observe_instances(self, requests: Sequence[MachineRequest]) -> Mapping[ObjectKey, InstanceState | None]:
        """Return how each machine's server seems to be, by the Machine's key; None where it seems to be gone.

        Called every half minute with the machines of one cluster that rest. One list may answer for all of them, and
        may be half a minute old. It is only a hint: a machine whose server seems other than its status says gets a
        pass, which calls `observe_instance`. A machine of which the list says nothing is left out.

        Raises:
            ProviderError: the cloud did not say.
        """
        ...


class ClusterObservation(msgspec.Struct, frozen=True):
    """What a cloud holds for a cluster."""

    endpoint: ApiEndpoint | None = None
    """The API endpoint where the provider knows one (a load balancer, a configured one); None leaves it to the
    first control-plane machine's reserved address. Once it is stored it does not change."""
    api_port: int | None = None
    """Port for an endpoint made of a machine's address; None takes the controllers' own."""
    provider_status: Mapping[str, Any] | None = None
    """What the reconciler stores as `status.providerStatus` of the Cluster; as in `Reservation`."""
    waiting_for: str = ""
    """What is still to be made, for people; empty where everything is there.

    A provider may return after each thing that it made, so that its id is stored before the next one is made.
    """
    retry_after_seconds: float = 1.0
    """When to call again where something is still to be made."""


class ClusterActuator(Protocol):
    """Cloud verbs for what a cluster's machines share."""

    async def reconcile(self, cluster: Cluster) -> ClusterObservation:
        """Find or make the shared resources and return what is there.

        Called on every pass over the Cluster, before its first machine is made and afterwards, to repair; again as
        long as it waits for something. Machines do not wait for it: their verbs raise NotReady where they need what is
        not there yet.

        Raises:
            InvalidConfiguration: the Cluster's providerSpec can never work; the message names the field by its path.
            PermissionDenied: the credentials are refused; a provider without shared resources tries them here.
            ProviderError: the rest of the closed set, as the cloud answers.
        """
        ...

    async def delete(self, cluster: Cluster) -> Deletion:
        """Remove the shared resources that we made; go one step further each time.

        Called once no Machine of the cluster is left, again until it is gone. Like the `delete` of machines it needs
        nothing that `reconcile` resolved, leaves alone what a person made, and waits for what others hang on to: a
        network with a foreign port is `Deletion(gone=False)` that names the port, or a Conflict.
        """
        ...
