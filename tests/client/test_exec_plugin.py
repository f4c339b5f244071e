"""Credentials programs, as client-go runs them."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kubecapy.client.connection import Connection, ExecPlugin
from kubecapy.client.credentials import ExecIdentity, Identity
from kubecapy.client.interfaces import Unreachable
from kubecapy.client.tls import KeyPair
from kubecapy.telemetry.secrets import Secret

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"
START = datetime(2019, 4, 4, tzinfo=UTC)

COUNTING = """
import json, os, pathlib
count = pathlib.Path(os.environ["COUNT"])
count.write_text(count.read_text() + "x" if count.exists() else "x")
asked = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
status = {"token": f"{asked['kind']}-{len(count.read_text())}", **json.loads(os.environ.get("MORE", "{}"))}
print(json.dumps({"kind": "ExecCredential", "apiVersion": asked["apiVersion"], "status": status}))
"""
ECHO = """
import json, os, sys
asked = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
token = json.dumps([asked["spec"], sys.stdin.read()])
print(json.dumps({"kind": "ExecCredential", "apiVersion": asked["apiVersion"], "status": {"token": token}}))
"""


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


def program(code: str, *, wall: Wall | None = None, terminal: bool = False, **fields: Any) -> ExecIdentity:
    plugin = ExecPlugin(command=sys.executable, args=("-c", code), **fields)
    connection = Connection(server="https://h:6443", ca=b"CA", tls_server_name="name")
    return ExecIdentity(connection, plugin, wall or Wall(), lambda: terminal)


def printing(status: dict[str, Any] | None, **document: str) -> ExecIdentity:
    content = {"kind": "ExecCredential", "apiVersion": V1, **document, **({"status": status} if status else {})}
    return program(f"print({json.dumps(content)!r})")


@pytest.mark.parametrize("version", [V1, V1BETA1])
async def test_a_programs_token_is_used_until_it_is_refused(tmp_path: Path, version: str) -> None:
    credentials = program(COUNTING, env=(("COUNT", str(tmp_path / "count")),), api_version=version)

    first = await credentials.current()
    again = await credentials.current()
    assert credentials.forget(first)
    renewed = await credentials.current()
    # Another request was refused for the token of before; the one that is there now is good.
    assert credentials.forget(first)
    kept = await credentials.current()

    assert first == again == Identity(Secret("ExecCredential-1"))
    assert renewed == kept == Identity(Secret("ExecCredential-2"))


async def test_credentials_are_renewed_when_they_expire(tmp_path: Path) -> None:
    wall = Wall()
    more = json.dumps({"expirationTimestamp": "2019-04-04T00:10:00Z"})
    env = (("COUNT", str(tmp_path / "count")), ("MORE", more))
    credentials = program(COUNTING, wall=wall, env=env)

    first = await credentials.current()
    wall.moment = START + timedelta(minutes=9, seconds=59)
    before = await credentials.current()
    wall.moment = START + timedelta(minutes=10)
    after = await credentials.current()

    assert first == before == Identity(Secret("ExecCredential-1"))
    assert after == Identity(Secret("ExecCredential-2"))


async def test_a_program_may_print_a_certificate_with_its_key() -> None:
    credentials = printing({"clientCertificateData": "CERT", "clientKeyData": "KEY"})

    assert await credentials.current() == Identity(None, KeyPair(b"CERT", Secret(b"KEY")))


@pytest.mark.parametrize(
    ("mode", "terminal", "interactive"),
    [("Never", True, False), ("IfAvailable", False, False)],
)
async def test_a_program_without_terminal_reads_nothing(mode: str, terminal: bool, interactive: bool) -> None:
    identity = await program(ECHO, terminal=terminal, interactive_mode=mode).current()

    assert identity.token is not None
    assert json.loads(identity.token.reveal()) == [{"interactive": interactive}, ""]


async def test_a_program_is_told_of_the_cluster_where_it_asks() -> None:
    identity = await program(ECHO, provide_cluster_info=True, config={"audience": "a"}).current()

    assert identity.token is not None
    spec, _ = json.loads(identity.token.reveal())
    assert spec["cluster"] == {
        "server": "https://h:6443",
        "tls-server-name": "name",
        "certificate-authority-data": "Q0E=",
        "config": {"audience": "a"},
    }


async def test_a_program_that_needs_a_terminal_is_not_run_without_one() -> None:
    with pytest.raises(Unreachable, match=r"needs a terminal \(interactiveMode: Always\), and standard input is none"):
        await program("raise SystemExit(1)", interactive_mode="Always").current()


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (program("raise SystemExit(3)"), "failed with exit code 3"),
        (program("print('no json')"), "printed no ExecCredential"),
        (printing(None), "printed neither a token nor a certificate with its key"),
        (printing({"token": "t"}, kind="Secret"), "printed no ExecCredential"),
        (printing({"token": "t"}, apiVersion=V1BETA1), f"is configured to use {V1}, it printed {V1BETA1}"),
        (printing({"clientKeyData": "k"}), "printed only one of certificate and key"),
        (printing({"token": "t", "expirationTimestamp": "soon"}), "an expirationTimestamp that is no time"),
    ],
    ids=["exit", "no-json", "empty", "kind", "version", "half", "time"],
)
async def test_a_failing_program_is_named(credentials: ExecIdentity, message: str) -> None:
    with pytest.raises(Unreachable, match=message):
        await credentials.current()


async def test_a_failing_programs_last_line_is_told_without_what_may_be_a_secret() -> None:
    secret = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ"
    code = f"import sys; sys.exit('reading the cache\\nlogin expired, run login again (sent {secret})')"

    with pytest.raises(Unreachable) as caught:
        await program(code).current()

    assert str(caught.value).endswith("failed with exit code 1: login expired, run login again (sent ***)")


async def test_a_missing_program_comes_with_its_hint() -> None:
    plugin = ExecPlugin(command="/none/login", install_hint="install login")
    credentials = ExecIdentity(Connection(server="https://h"), plugin, Wall(), lambda: False)

    with pytest.raises(
        Unreachable, match=r"cannot run the credentials program /none/login: No such file.*; install login"
    ):
        await credentials.current()


def test_what_a_program_printed_is_shown_by_no_repr() -> None:
    assert "t0ken" not in repr(Identity(Secret("t0ken"), KeyPair(b"c", Secret(b"t0ken"))))
