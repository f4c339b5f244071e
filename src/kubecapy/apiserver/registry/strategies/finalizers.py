"""Check the finalizers of built-in kinds: plain words are the system's own, all others have a domain.

Source: pkg/apis/core/validation (validateKubeFinalizerName) of Kubernetes, v1.36.
"""

from collections.abc import Iterator

from kubecapy.apimachinery.fields import FieldError
from kubecapy.apiserver.registry.strategies.errors import invalid

FOREGROUND_FINALIZER = "foregroundDeletion"
ORPHAN_FINALIZER = "orphan"
NAMESPACE_FINALIZER = "kubernetes"
_PLAIN = (FOREGROUND_FINALIZER, ORPHAN_FINALIZER, NAMESPACE_FINALIZER)


def validate_finalizer_domain(name: str, path: str) -> Iterator[FieldError]:
    """Yield that the finalizer at `path` has no domain, where it needs one."""
    if name not in _PLAIN and "/" not in name:
        yield invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified")
