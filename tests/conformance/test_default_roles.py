"""What the embedded server allows from its first start, the real one allows, too."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import pytest
from tests.conformance.servers import REAL, open_api, serve_real

from kubecapy.apiserver.authorization.bootstrap_policy import objects
from kubecapy.testing.kubernetes import Kubernetes

pytestmark = pytest.mark.xdist_group(REAL)

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ONE_FOR_ALL = "system:kube-controller-manager"
"""A guest's controllers are one process with one identity; the real ones each have a service account of their own."""
ROLES = [obj for _, plural, obj in objects() if plural == "clusterroles" and obj["metadata"]["name"] != ONE_FOR_ALL]
BINDINGS = [obj for _, plural, obj in objects() if plural == "clusterrolebindings"]


class Right(NamedTuple):
    verb: str
    group: str
    resource: str
    """Or a path, in the group `path`."""
    name: str

    def covers(self, other: "Right") -> bool:
        pairs = zip(self[:3], other[:3], strict=True)
        return all(mine in (theirs, "*") for mine, theirs in pairs) and self.name in ("", other.name)


def rights_of(role: dict[str, Any]) -> Iterator[Right]:
    for rule in role.get("rules") or ():
        names = rule.get("resourceNames") or [""]
        found = product(rule["verbs"], rule.get("apiGroups") or (), rule.get("resources") or (), names)
        yield from (Right(*each) for each in found)
        yield from (
            Right(verb, "path", url, "") for verb, url in product(rule["verbs"], rule.get("nonResourceURLs") or ())
        )


async def read(kubernetes: Kubernetes, plural: str, name: str) -> Any:
    async with open_api(serve_real(kubernetes, has_controllers=True)) as api:
        return await api.get(f"{RBAC}/{plural}/{name}")


@pytest.mark.parametrize("role", ROLES, ids=[role["metadata"]["name"] for role in ROLES])
async def test_a_default_role_gives_no_right_that_it_does_not_give_there(
    kubernetes: Kubernetes, role: dict[str, Any]
) -> None:
    real = list(rights_of(await read(kubernetes, "clusterroles", role["metadata"]["name"])))

    assert [right for right in rights_of(role) if not any(other.covers(right) for other in real)] == []


@pytest.mark.parametrize("binding", BINDINGS, ids=[binding["metadata"]["name"] for binding in BINDINGS])
async def test_a_default_binding_names_whom_it_names_there(kubernetes: Kubernetes, binding: dict[str, Any]) -> None:
    real = await read(kubernetes, "clusterrolebindings", binding["metadata"]["name"])

    assert binding["roleRef"]["name"] == real["roleRef"]["name"]
    assert subjects(binding) == subjects(real)


def subjects(binding: dict[str, Any]) -> set[tuple[str, str]]:
    return {(subject["kind"], subject["name"]) for subject in binding.get("subjects") or ()}
