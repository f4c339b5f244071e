import re
from datetime import timedelta

import pytest
from tests.bootstrap.builders import NOW, seeded

from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.bootstrap.tokens import (
    make_token,
    token_from_secret_data,
    token_id,
    token_secret_data,
    without_tokens,
)

MACHINE = ObjectKey("default", "node-1")


def test_the_id_of_a_machines_token_is_the_same_each_time() -> None:
    assert token_id("test1", MACHINE) == token_id("test1", MACHINE)


@pytest.mark.parametrize(
    ("cluster", "machine"),
    [
        ("test2", MACHINE),
        ("test1", ObjectKey("default", "node-10")),
        ("test1", ObjectKey("other", "node-1")),
        ("test1d", ObjectKey("efault", "node-1")),
    ],
)
def test_other_machines_have_other_ids(cluster: str, machine: ObjectKey) -> None:
    assert token_id(cluster, machine) != token_id("test1", MACHINE)


@pytest.mark.parametrize("seed", range(20))
def test_a_token_has_the_form_that_kubeadm_takes(seed: int) -> None:
    token = make_token(token_id("test1", ObjectKey("default", f"node-{seed}")), seeded(seed))

    assert re.fullmatch(r"[a-z0-9]{6}\.[a-z0-9]{16}", token.reveal())


def test_a_token_secret_lets_its_token_sign_authenticate_and_join() -> None:
    token = make_token("abcdef", seeded())

    data = token_secret_data(token, NOW + timedelta(hours=1), "Machine default/node-1")

    assert data == {
        "token-id": b"abcdef",
        "token-secret": token.secret.reveal().encode(),
        "expiration": b"2026-11-23T13:00:00Z",
        "usage-bootstrap-authentication": b"true",
        "usage-bootstrap-signing": b"true",
        "auth-extra-groups": b"system:bootstrappers:kubeadm:default-node-token",
        "description": b"bootstrap token of Machine default/node-1, made by kubecapy",
    }
    assert token_from_secret_data(data) == token


def test_half_a_token_is_none() -> None:
    assert token_from_secret_data({"token-id": b"abcdef"}) is None


def test_a_text_without_tokens_keeps_ids_alone() -> None:
    text = 'join --token abcdef.0123456789abcdef --hash x, then "zzzzzz.zzzzzzzzzzzzzzzz"'

    assert without_tokens(text) == 'join --token abcdef.**************** --hash x, then "zzzzzz.****************"'


def test_no_token_shows_in_a_representation() -> None:
    token = make_token("abcdef", seeded())

    assert token.secret.reveal() not in repr(token)
