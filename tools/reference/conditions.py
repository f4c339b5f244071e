"""Describe conditions and their reasons: what each says, and what a person can do.

The words are written here; the names are found in the controllers' code. A name that one side lacks stops the run, so
that no reason is left unexplained and none outlives the code.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from kubecapy import controllers
from kubecapy.contract import errors
from kubecapy.contract.errors import REACTIONS, Reaction
from kubecapy.controllers import machine_conditions
from kubecapy.controllers.assembly import RATE_LIMITS
from kubecapy.controllers.cluster import conditions as cluster_conditions
from reference.markdown import code, page, table
from reference.structs import first_line, texts_of_module

INTRODUCTION = """
`kubectl describe machine NAME` and `kubectl describe cluster NAME` show them. `Ready` sums up: it is True where all of
the others are, and else repeats the first that is not. The condition types stand in the order in which they are
reached.
"""
REACTIONS_INTRODUCTION = """
Whatever a cloud refuses or fails at becomes one of these, and so does a wish that can never be met. The condition whose
step failed takes the reason and the message.
"""

REASONS: Mapping[str, Mapping[str, str]] = {
    "Machine": {
        "Reserved": "Ports and floating address are there.",
        "WaitingForCluster": "No Cluster is meant, or several could be: see the message, set the label.",
        "WaitingForEndpoint": "The address of the API server is not known: the first control plane has none yet.",
        "WaitingForCertificates": "The Cluster reconciler has not stored the certificate authorities yet.",
        "WaitingForControlPlane": "A worker waits until the API server answers and kubeadm init is done.",
        "InvalidUserData": "The template is missing, or does not render: the message names Secret, key and line.",
        "Rendered": "The server has been given its user data; no failure of the boot is known.",
        "BootstrapFailed": "The console shows that the boot failed, and at which step.",
        "Joined": "The Node is there; token and bootstrap data are removed.",
        "InstancePending": "The cloud is building the server.",
        "InstanceOverdue": "The cloud has been building the server for more than 15 minutes: see the message.",
        "InstanceRunning": "The server runs.",
        "InstanceFailed": "The server is in ERROR, in the cloud's own words. Nothing is made in its place: mend it, or "
        "delete the Machine.",
        "InstanceStopped": "The server is shut off. Start it; nothing is made in its place.",
        "InstanceDeleting": "Somebody else deletes the server.",
        "InstanceMissing": "Somebody removed the server that was made. Another is made, but for a control plane.",
        "WaitingForNode": "The server runs, but no Node with its providerID has joined.",
        "ClusterUnreachable": "The API server of the cluster does not answer.",
        "NodeStatusUnknown": "The Node has not said how it is.",
        "NodeNotReady": "The Node says that it is not ready; its own reason stands here where it gives one.",
        "NodeMissing": "The Node that was linked is gone.",
        "NodeReady": "The Node is ready.",
        "WaitingForCloud": "The cloud is at work: building, or removing what the message names.",
        "InternalError": "A defect: the message names the error's class and place, the controllers' log has its trace.",
        "HostsController": "The controllers run on this machine and keep it; `clusterctl delete cluster` deletes it.",
    },
    "Cluster": {
        "Stored": "The certificate authorities are kept in Secrets.",
        "Reconciled": "The cloud holds what the machines share.",
        "WaitingForControlPlane": "No control plane has an address yet.",
        "Known": "The message holds host and port of the API server.",
        "WaitingForNode": "No control plane's Node is ready; the message repeats theirs.",
        "NodeReady": "A control plane's Node is ready.",
        "WaitingForMachines": "The message names the Machines that are still there.",
        "WaitingForCloud": "The cloud is at work: making or removing what the message names.",
        "InternalError": "A defect: the message names the error's class and place, the controllers' log has its trace.",
    },
}
"""Reasons of conditions, by kind; those of the provider's errors are in `REACTIONS`."""

EVENTS: Mapping[str, str] = {
    "CreatedInstance": "A server was made for the Machine.",
    "InstanceMissing": "Somebody removed the Machine's server; told within a minute, and another is made.",
    "SuccessfulSetNodeRef": "The Node was linked to the Machine.",
    "BootstrapFailed": "The console shows that the boot failed, and at which step.",
    "DeletionRefused": "The controllers run on this machine and do not delete it.",
}
"""Reasons of Events, beside those of the provider's errors."""

OTHER_NAMES = frozenset(
    {"True", "False", "Unknown", "Normal", "Warning", "ExternalIP", "InternalIP"}
    | {"Create", "Update", "Delete", "Processing", "Successful", "CreateError", "JoinClusterTimeoutError"}
    | {"Pending", "Provisioning", "Provisioned", "Running", "Stopped", "Deleting", "Failed"}
)
"""Names of the same form in the controllers that are no reasons: statuses, phases, states, kinds of address."""

_NAME = re.compile(r"[A-Z][a-z]+(?:[A-Z][A-Za-z]*)*")


class UnexplainedReason(Exception):
    """The controllers and this module do not know the same reasons; the message names them."""


def conditions_page() -> str:
    """Return the page of conditions.

    Raises:
        UnexplainedReason: a reason in the code is not explained here, or the other way round.
    """
    _compare_with_code()
    heads = ("reason", "meaning")
    return page(
        "Conditions",
        INTRODUCTION,
        "## Conditions of a Machine",
        _types(machine_conditions, machine_conditions.SUMMED_UP),
        table(heads, ((code(name), text) for name, text in REASONS["Machine"].items())),
        "## Conditions of a Cluster",
        _types(cluster_conditions, cluster_conditions.SUMMED_UP),
        table(heads, ((code(name), text) for name, text in REASONS["Cluster"].items())),
        "## Errors of a cloud",
        REACTIONS_INTRODUCTION,
        table(("reason", "error", "what it means", "what the controller does"), _reactions()),
        "## Events",
        "An error of a cloud is told by a Warning of the same reason, once for each new message. Beside these:",
        table(heads, ((code(name), text) for name, text in EVENTS.items())),
    )


def _types(module: ModuleType, summed_up: Sequence[str]) -> str:
    """Return the table of condition types: the constants that are conditions, with the text below each."""
    names = {name: getattr(module, name) for name in texts_of_module(module)}
    wanted = [*summed_up, "Deleted", "NodeRemoved"]
    texts = {value: texts_of_module(module)[name] for name, value in names.items() if value in wanted}
    return table(("condition", "meaning"), ((code(value), texts[value]) for value in wanted if value in texts))


def _reactions() -> Iterator[tuple[str, str, str, str]]:
    for error, reaction in REACTIONS.items():
        yield code(reaction.reason), code(error.__name__), first_line(error), _what_follows(error, reaction)


def _what_follows(error: type[errors.ProviderError], reaction: Reaction) -> str:
    if reaction.terminal:
        return "Sets `status.errorReason` and waits for a change of the spec."
    if reaction.requeue_after_seconds is not None:
        return f"Looks again every {reaction.requeue_after_seconds:.0f} s."
    if issubclass(error, errors.NotReady | errors.Throttled):
        return "Looks again when the cloud or the step says."
    first, longest = RATE_LIMITS.base_seconds, RATE_LIMITS.max_seconds
    return f"Looks again with a growing wait, from {first:g} s to {longest:g} s."


def _compare_with_code() -> None:
    reactions = {reaction.reason for reaction in REACTIONS.values()}
    explained = {*REASONS["Machine"], *REASONS["Cluster"], *EVENTS}
    types = {*machine_conditions.SUMMED_UP, *cluster_conditions.SUMMED_UP, "Ready", "Deleted", "NodeRemoved"}
    found = _names_in_code()
    unknown = sorted(found - explained - reactions - types - OTHER_NAMES)
    gone = sorted((explained | OTHER_NAMES) - found)
    if unknown:
        raise UnexplainedReason(f"the controllers use {', '.join(unknown)}: explain them in {__name__}")
    if gone:
        raise UnexplainedReason(f"the controllers no longer use {', '.join(gone)}: remove them from {__name__}")


def _names_in_code() -> set[str]:
    """Return every text in the controllers that has the form of a reason."""
    folder = Path(controllers.__file__).parent
    nodes = (node for path in folder.rglob("*.py") for node in ast.walk(ast.parse(path.read_text())))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if _NAME.fullmatch(text)}
