"""Write Leases; sources: pkg/apis/coordination/validation and pkg/registry/coordination/lease of Kubernetes."""

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read, read_object
from kubecapy.apiserver.registry.kinds import Strategy
from kubecapy.apiserver.registry.strategies.errors import invalid

_OF_THE_FUTURE = ("strategy", "preferredHolder")
"""Fields of coordinated elections, which are off unless a feature gate turns them on."""


def _default(lease: JsonObject) -> None:
    for name in _OF_THE_FUTURE:
        read_object(lease, "spec").pop(name, None)


def _validate(lease: JsonObject, _old: JsonObject | None) -> list[FieldError]:
    seconds, transitions = read(lease, "spec", "leaseDurationSeconds"), read(lease, "spec", "leaseTransitions")
    errors = []
    if seconds is not None and seconds <= 0:
        errors.append(invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    if transitions is not None and transitions < 0:
        errors.append(invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"))
    return errors


LEASES = Strategy(creates_on_update=True, needs_resource_version=True, default=_default, validate=_validate)
