"""Decide what becomes of a definition: which of its names are accepted, whether it is served, how it ends.

Each function takes a definition and returns the status that it should have next; nothing here writes.

Source: pkg/controller/status/naming_controller.go, establish, apiapproval and finalizer of
k8s.io/apiextensions-apiserver.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kubecapy.apimachinery.go_text import go_quote
from kubecapy.apiserver.crd.approval import approval_condition
from kubecapy.apiserver.crd.conversion import is_authority_bundle
from kubecapy.apiserver.crd.types import (
    CONFORMANT,
    ESTABLISHED,
    NAMES_ACCEPTED,
    TERMINATING,
    Condition,
    Conversion,
    Definition,
    Names,
    Status,
)

DELETION_PENDING = Condition(
    type=TERMINATING,
    status="True",
    reason="InstanceDeletionPending",
    message="CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
)
DELETION_IN_PROGRESS = Condition(
    type=TERMINATING,
    status="True",
    reason="InstanceDeletionInProgress",
    message="CustomResource deletion is in progress",
)
DELETION_COMPLETED = Condition(
    type=TERMINATING, status="False", reason="InstanceDeletionCompleted", message="removed all instances"
)
NEVER_ESTABLISHED = Condition(
    type=TERMINATING, status="False", reason="NeverEstablished", message="resource was never established"
)
_NOT_ACCEPTED = Condition(type=ESTABLISHED, status="False", reason="NotAccepted", message="not all names are accepted")
_INSTALLING = Condition(
    type=ESTABLISHED, status="False", reason="Installing", message="the initial names have been accepted"
)
_ESTABLISHED = Condition(
    type=ESTABLISHED, status="True", reason="InitialNamesAccepted", message="the initial names have been accepted"
)
_INVALID_BUNDLE = Condition(
    type=ESTABLISHED,
    status="False",
    reason="InvalidCABundle",
    message="The conversion webhook CABundle is invalid",
)


def next_status(definition: Definition, group: Iterable[Definition], now: str) -> Status | None:
    """Return the next status on the way to a definition that is served; None where it has arrived.

    Args:
        definition: The one in question.
        group: All definitions of its API group; it may be among them.
        now: When conditions that change have changed.
    """
    for status in (_accept_names(definition, group), _establish(definition), _tell_approval(definition)):
        if status is not None:
            return with_times(status, definition.status, now)
    return None


def is_served(definition: Definition) -> bool:
    """Return whether the kinds of a definition are to be served."""
    return definition.has_condition(ESTABLISHED) or definition.has_condition(NAMES_ACCEPTED)


def with_condition(status: Status, *conditions: Condition) -> Status:
    """Return `status` with `conditions`, each instead of what stood there of its type, else behind the others."""
    found = list(status.conditions or ())
    for condition in conditions:
        index = next((at for at, other in enumerate(found) if other.type == condition.type), len(found))
        found[index : index + 1] = [condition]
    return msgspec.structs.replace(status, conditions=tuple(found))


def with_times(status: Status, before: Status, now: str) -> Status:
    """Return `status` with the time of each condition: what it was `before`, and `now` where its status changed."""
    known = {condition.type: condition for condition in before.conditions or ()}
    timed = []
    for condition in status.conditions or ():
        old = known.get(condition.type)
        is_same = old is not None and old.status == condition.status and old.last_transition_time
        time = old.last_transition_time if old is not None and is_same else now
        timed.append(msgspec.structs.replace(condition, last_transition_time=time))
    return msgspec.structs.replace(status, conditions=tuple(timed))


def _accept_names(definition: Definition, group: Iterable[Definition]) -> Status | None:
    wanted, accepted = definition.spec.names, definition.status.accepted_names
    if wanted == accepted:
        return None
    names, conflict = _decide(wanted, accepted, _used(group))
    condition = conflict or Condition(
        type=NAMES_ACCEPTED, status="True", reason="NoConflicts", message="no conflicts found"
    )
    before = definition.find_condition(NAMES_ACCEPTED)
    if names == accepted and before is not None and _same_words(before, condition):
        return None
    established = definition.find_condition(ESTABLISHED) or _NOT_ACCEPTED
    if established.status != "True" and conflict is None:
        established = _INSTALLING
    status = msgspec.structs.replace(definition.status, accepted_names=names)
    return with_condition(status, condition, established)


def _used(group: Iterable[Definition]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of resources and of kinds that are accepted in a group."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for definition in group:
        names = definition.status.accepted_names
        resources.update((names.plural, names.singular, *names.short_names))
        kinds.update((names.kind, names.list_kind))
    return frozenset(resources), frozenset(kinds)


def _decide(
    wanted: Names, accepted: Names, used: tuple[frozenset[str], frozenset[str]]
) -> tuple[Names, Condition | None]:
    """Return the names that can be accepted, and where some cannot, the last conflict."""
    resources, kinds = used
    names, conflict = accepted, None
    for field, reason, taken in (
        ("plural", "PluralConflict", resources),
        ("singular", "SingularConflict", resources),
        ("short_names", "ShortNamesConflict", resources),
        ("kind", "KindConflict", kinds),
        ("list_kind", "ListKindConflict", kinds),
    ):
        value, before = getattr(wanted, field), getattr(accepted, field)
        in_use = list(_in_use(value, before, taken))
        if in_use:
            message = in_use[0] if len(in_use) == 1 else f"[{', '.join(in_use)}]"
            conflict = Condition(type=NAMES_ACCEPTED, status="False", reason=reason, message=message)
        else:
            names = msgspec.structs.replace(names, **{field: value})
    return msgspec.structs.replace(names, categories=wanted.categories), conflict


def _in_use(value: str | Sequence[str], before: str | Sequence[str], taken: frozenset[str]) -> Iterator[str]:
    wanted, own = ((value,), (before,)) if isinstance(value, str) else (value, before)
    for name in wanted:
        if name not in own and name in taken:
            yield f"{go_quote(name)} is already in use"


def _same_words(one: Condition, other: Condition) -> bool:
    return (one.status, one.reason, one.message) == (other.status, other.reason, other.message)


def _establish(definition: Definition) -> Status | None:
    if not definition.has_condition(NAMES_ACCEPTED) or definition.has_condition(ESTABLISHED):
        return None
    condition = _ESTABLISHED if _has_usable_webhook(definition.spec.conversion) else _INVALID_BUNDLE
    before = definition.find_condition(ESTABLISHED)
    if before is not None and _same_words(before, condition):
        return None
    return with_condition(definition.status, condition)


def _has_usable_webhook(conversion: Conversion | None) -> bool:
    webhook = conversion.webhook if conversion is not None else None
    config = webhook.client_config if webhook is not None else None
    return config is None or config.ca_bundle is None or is_authority_bundle(config.ca_bundle)


def _tell_approval(definition: Definition) -> Status | None:
    condition = approval_condition(definition)
    if condition is None:
        return None
    before = definition.find_condition(CONFORMANT)
    if before is not None and _same_words(before, condition):
        return None
    return with_condition(definition.status, condition)
