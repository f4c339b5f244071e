"""Give a pod its class of service, by what its containers ask for and may use; pure.

Source: k8s.io/kubernetes/pkg/apis/core/v1/helper/qos/qos.go: ComputePodQOS.
"""

import contextlib
from collections.abc import Sequence
from decimal import Decimal

from kubecapy.apimachinery.go_types.quantities import QuantityError, quantity_value
from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read_object, read_objects

_COUNTED = ("cpu", "memory")


def service_class_of(spec: JsonObject) -> str:
    """Return `Guaranteed`, `Burstable` or `BestEffort` for a pod with `spec`, whose requests are filled in.

    What is no quantity does not count here; validation refuses it.
    """
    containers = [*read_objects(spec, "containers"), *read_objects(spec, "initContainers")]
    limits = [_amounts(container, "limits") for container in containers]
    asked, allowed = _sums([_amounts(container, "requests") for container in containers]), _sums(limits)
    if not asked and not allowed:
        return "BestEffort"
    is_limited = all(each.keys() == set(_COUNTED) for each in limits)
    return "Guaranteed" if is_limited and asked == allowed else "Burstable"


def _amounts(container: JsonObject, side: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for name, text in read_object(container, "resources", side).items():
        with contextlib.suppress(QuantityError):
            if name in _COUNTED and (value := quantity_value(str(text))) > 0:
                found[name] = value
    return found


def _sums(amounts: Sequence[dict[str, Decimal]]) -> dict[str, Decimal]:
    names = {name for each in amounts for name in each}
    return {name: sum((each.get(name, Decimal(0)) for each in amounts), Decimal(0)) for name in names}
