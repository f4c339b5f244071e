"""Acting as somebody else: only where one may, and then with no more rights than they have."""

from typing import Any

import pytest
from tests.apiserver.conftest import Api, Kubectl

REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def who(api: Api, headers: dict[str, str]) -> Any:
    async with api.session.post(api.url + REVIEWS, json={}, headers=headers) as response:
        return (await response.json())["status"]["userInfo"]


async def test_the_administrator_acts_as_anybody_and_loses_its_rights(kubectl: Kubectl) -> None:
    as_account = "--as=system:serviceaccount:default:default"

    denied = await kubectl.run("get", "secrets", as_account)
    asked = await kubectl.run("auth", "can-i", "create", "pods", as_account)

    assert 'User "system:serviceaccount:default:default" cannot list resource "secrets"' in denied.err
    assert (asked.code, asked.out.strip()) == (1, "no")


async def test_names_groups_uids_and_extras_are_taken_over(api: Api) -> None:
    headers = {
        "Impersonate-User": "jane",
        "Impersonate-Group": "developers",
        "Impersonate-Uid": "7",
        "Impersonate-Extra-Scopes": "view",
    }

    assert await who(api, headers) == {
        "username": "jane",
        "uid": "7",
        "groups": ["developers", "system:authenticated"],
        "extra": {"scopes": ["view"]},
    }


async def test_service_accounts_come_with_their_groups(api: Api) -> None:
    user = await who(api, {"Impersonate-User": "system:serviceaccount:a:b"})

    assert user["groups"] == ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"]


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Impersonate-User": "jane"}, 'cannot impersonate resource "users"'),
        (
            {"Impersonate-User": "system:serviceaccount:kube-system:x"},
            'cannot impersonate resource "serviceaccounts" in API group "" in the namespace "kube-system"',
        ),
    ],
)
async def test_nobody_else_may(stranger: Api, headers: dict[str, str], message: str) -> None:
    async with stranger.session.get(stranger.url + "/healthz", headers=headers) as response:
        body = await response.json()

    assert (response.status, body["reason"]) == (403, "Forbidden")
    assert message in body["message"]


async def test_groups_without_a_user_are_refused(api: Api) -> None:
    async with api.session.get(api.url + "/healthz", headers={"Impersonate-Group": "system:masters"}) as response:
        assert response.status == 400
