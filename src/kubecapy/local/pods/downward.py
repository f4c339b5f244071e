"""Tell a pod about itself: the downward API.

Source: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/.
"""

import re
from typing import Any

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.local.pods.failures import PlanError
from kubecapy.local.pods.scope import PodScope

_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName")
_KEYED = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


def variable_field(scope: PodScope, path: str) -> str:
    """Return a field of the pod for a variable, which alone may ask for addresses.

    Raises:
        PlanError: the API has no such field.
    """
    addresses = {
        "status.podIP": scope.place.pod_ip,
        "status.podIPs": scope.place.pod_ip,
        "status.hostIP": scope.place.host_ip,
    }
    return addresses[path] if path in addresses else pod_field(scope.pod, path)


def pod_field(pod: JsonObject, path: str) -> str:
    """Return a field of the pod's metadata or spec.

    Raises:
        PlanError: the API has no such field.
    """
    keyed = _KEYED.fullmatch(path)
    if keyed:
        return str((pod["metadata"].get(keyed[1]) or {}).get(keyed[2], ""))
    if path not in _FIELDS:
        raise PlanError("CreateContainerConfigError", f"unsupported fieldPath: {path}")
    section, name = path.split(".")
    value: Any = (pod.get(section) or {}).get(name, "")
    return str(value) if value or name != "serviceAccountName" else "default"
