"""Order API versions as Kubernetes prefers them.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
#version-priority.
"""

import re
from collections.abc import Iterable

_VERSION = re.compile(r"v(?P<major>\d+)(?:(?P<stage>alpha|beta)(?P<minor>\d+))?")
_STAGES = {None: 2, "beta": 1, "alpha": 0}


def by_priority(versions: Iterable[str]) -> list[str]:
    """Return `versions` with the preferred one first: v2, v1, v1beta2, v1alpha1, then other names in their order."""
    return sorted(versions, key=_rank)


def _rank(version: str) -> tuple[int, int, int, int, str]:
    match = _VERSION.fullmatch(version)
    if match is None:
        return (1, 0, 0, 0, version)
    return (0, -_STAGES[match["stage"]], -int(match["major"]), -int(match["minor"] or 0), version)
