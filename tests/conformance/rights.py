"""Give rights by roles and bindings, and ask for them until the server knows.

A real server learns of roles, bindings and what tokens are bound to by watching them, a moment after a change is
answered; that a token is good it remembers for ten seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.raw_api import Api, Reply

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"


def user(name: str) -> dict[str, str]:
    return {"apiGroup": GROUP, "kind": "User", "name": name}


def group_of_users(name: str) -> dict[str, str]:
    return {"apiGroup": GROUP, "kind": "Group", "name": name}


def account(name: str, namespace: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


async def bind(api: Api, namespace: str, name: str, kind: str, role: str, *subjects: dict[str, str]) -> None:
    """Bind a role in a namespace, or everywhere where that is empty."""
    place = f"namespaces/{namespace}/rolebindings" if namespace else "clusterrolebindings"
    role_ref = {"apiGroup": GROUP, "kind": kind, "name": role}
    await api.create(f"{RBAC}/{place}", {"metadata": {"name": name}, "roleRef": role_ref, "subjects": list(subjects)})


async def eventually(ask: Callable[[], Awaitable[Reply]], expected: tuple[int, Any]) -> None:
    """Ask until the reply is as expected, for as long as a server may need to learn; assert that it is."""
    for _ in range(750):
        reply = await ask()
        if (reply.status, reply.body) == expected:
            return
        await asyncio.sleep(0.02)
    assert (reply.status, reply.body) == expected
