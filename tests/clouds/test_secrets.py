"""No password, no token and no user data in any line of a log at any level, nor in an error."""

import base64
import logging
from collections.abc import Callable

import keystoneauth1.session
import pytest
import yaml
from tests.clouds.driving import USER_DATA, Declared
from tests.clouds.eyes import Eyes
from tests.clouds.sites import MEMBER_CLOUD, Site

Declare = Callable[..., Declared]


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Collect every token that goes over the wire."""
    seen: set[str] = set()
    send = keystoneauth1.session.Session.request

    def spy(self: object, *words: object, **options: object) -> object:
        headers = options.get("headers")
        if isinstance(headers, dict) and headers.get("X-Auth-Token"):
            seen.add(headers["X-Auth-Token"])
        return send(self, *words, **options)

    monkeypatch.setattr(keystoneauth1.session.Session, "request", spy)
    return seen


async def test_a_whole_life_and_a_failure_tell_no_secret(
    site: Site, declare: Declare, eyes: Eyes, tokens: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cluster = declare()
    cluster.add("node-1")
    cluster.add("node-2", flavor="m1.none")
    await cluster.running("node-1")
    error = await cluster.refusal("node-2")
    await cluster.gone()
    password = yaml.safe_load(site.clouds_yaml.read_text())["clouds"][MEMBER_CLOUD]["auth"]["password"]
    secrets = {password, USER_DATA.reveal().decode(), base64.b64encode(USER_DATA.reveal()).decode(), *tokens}
    told = [record.getMessage() for record in caplog.records]
    assert tokens
    assert any("node-1" in line for line in told), "the log was not looked at"
    assert not [line for line in [*told, str(error)] if any(secret in line for secret in secrets)]
