"""Whatever a client sends, the rules answer or refuse; they never fail."""

import asyncio
import contextlib
from collections.abc import Awaitable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apiserver.rules_reader import DictReader, SetClock

from kubecapy.apimachinery.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from kubecapy.apiserver.authentication import Authenticator
from kubecapy.apiserver.authorization import Authorizer, bootstrap_policy
from kubecapy.apiserver.interfaces import Attributes, Extensions, UserInfo
from kubecapy.apiserver.pki import make_local_pki
from kubecapy.apiserver.settings import ApiServerSettings
from kubecapy.apiserver.subresources import build

USERS = (
    UserInfo(name="jane", groups=("system:authenticated",)),
    UserInfo(name="system:node:n1", groups=("system:nodes", "system:authenticated")),
    UserInfo(name="root", groups=("system:masters",)),
)
KEYS = (
    "metadata", "name", "namespace", "annotations", "spec", "status", "rules", "verbs", "resources", "apiGroups",
    "roleRef", "subjects", "kind", "request", "usages", "signerName", "conditions", "type", "token", "audiences",
    "boundObjectRef", "expirationSeconds", "resourceAttributes", "nonResourceAttributes", "user", "groups", "nodeName",
    "uid", "labels", "resourceVersion",
)  # fmt: skip
WORDS = st.sampled_from(
    ["", "a", "n1", "p", "Pod", "v1", "*", "True", "Approved", "ClusterRole", "cluster-admin", "a/b"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "metadata": MEMBERS | VALUES,
        "spec": MEMBERS | VALUES,
        "status": MEMBERS | VALUES,
        "rules": st.lists(MEMBERS, max_size=2) | VALUES,
        "roleRef": MEMBERS | VALUES,
        "subjects": st.lists(MEMBERS, max_size=2) | VALUES,
    },
)


REFUSALS = (BadRequest, Conflict, Forbidden, Invalid, NotFound)


async def answered(answer: Awaitable[Any]) -> None:
    """Wait for an answer or a refusal; anything else, a StatusError of the 500s included, fails the test."""
    with contextlib.suppress(*REFUSALS):
        await answer


class RefusingWriter:
    """Writes nothing; approvals that come this far are well formed."""

    async def create(self, group: str, plural: str, namespace: str, obj: dict[str, Any]) -> dict[str, Any]:
        return obj

    async def update(self, group: str, plural: str, obj: dict[str, Any], *, subresource: str = "") -> dict[str, Any]:
        return obj

    async def delete(self, group: str, plural: str, namespace: str, name: str) -> bool:
        return False


class PutRequest:
    """Stands for the parts of a request that handlers of bodies look at."""

    method = "PUT"


@pytest.fixture(scope="module")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> Extensions:
    clock = SetClock()
    pki = make_local_pki(Path(tmp_path_factory.mktemp("pki")), ("127.0.0.1",), clock)
    chosen = ApiServerSettings(
        serving_certificate=pki.serving_certificate,
        serving_key=pki.serving_key,
        service_account_signing_key=pki.service_account_key,
        service_account_public_key=pki.service_account_public_key,
    )
    place = {"namespace": "default"}
    reader = DictReader(
        [
            *bootstrap_policy.objects(),
            ("", "serviceaccounts", {"metadata": {"name": "a", "uid": "u", **place}}),
            ("", "pods", {"metadata": {"name": "p", "uid": "u", **place}, "spec": {"serviceAccountName": "a"}}),
            (
                "certificates.k8s.io",
                "certificatesigningrequests",
                {
                    "metadata": {"name": "a", "uid": "u", "resourceVersion": "1"},
                    "spec": {"request": "", "signerName": "a/b"},
                },
            ),
        ]
    )
    authenticator, authorizer = Authenticator(chosen, reader, clock), Authorizer(reader)
    return build(chosen, reader, RefusingWriter(), authenticator, authorizer, clock, Random(7))


@given(body=OBJECTS, user=st.sampled_from(USERS))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_handlers_answer_or_refuse(extensions: Extensions, body: dict[str, Any], user: UserInfo) -> None:
    async def ask_all() -> None:
        for (group, plural, subresource), handler in extensions.handlers.items():
            if subresource == "log":
                continue
            attributes = Attributes("create", group, "v1", plural, subresource, "default", "a")
            await answered(handler(PutRequest(), user, attributes, body))

    asyncio.run(ask_all())


@given(old=OBJECTS, new=OBJECTS, user=st.sampled_from(USERS), part=st.sampled_from(["", "status"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_admissions_admit_or_refuse(
    extensions: Extensions, old: dict[str, Any], new: dict[str, Any], user: UserInfo, part: str
) -> None:
    # What is stored was admitted before, so that its spec is an object at least.
    stored = {**old, "metadata": {"name": "a"}, "spec": {"request": "", "signerName": "a/b"}, "status": {}}
    for (group, plural), admission in extensions.admissions.items():
        attributes = Attributes("update", group, "v1", plural, part, "default", "a")
        for admit in (
            lambda a=admission, at=attributes: a.admit_create(user, at, new),
            lambda a=admission, at=attributes: a.admit_update(user, at, stored, new),
        ):
            with contextlib.suppress(*REFUSALS):
                assert isinstance(admit(), dict)
