"""Credentials programs."""

import sys
from pathlib import Path

import pytest

from kubecapy.client.connection import ExecPlugin
from kubecapy.client.credentials import ExecToken
from kubecapy.client.interfaces import Unreachable
from kubecapy.telemetry.secrets import Secret

COUNTING = """
import json, os, pathlib
count = pathlib.Path(os.environ["COUNT"])
count.write_text(count.read_text() + "x" if count.exists() else "x")
asked = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
token = f"{asked['kind']}-{len(count.read_text())}"
print(json.dumps({"kind": "ExecCredential", "apiVersion": asked["apiVersion"], "status": {"token": token}}))
"""


def program(code: str, **env: str) -> ExecToken:
    return ExecToken(ExecPlugin(command=sys.executable, args=("-c", code), env=tuple(env.items())))


async def test_a_programs_token_is_used_until_it_is_refused(tmp_path: Path) -> None:
    credentials = program(COUNTING, COUNT=str(tmp_path / "count"))

    first = await credentials.token()
    again = await credentials.token()
    assert credentials.forget()
    renewed = await credentials.token()

    assert (first, again, renewed) == (
        Secret("ExecCredential-1"),
        Secret("ExecCredential-1"),
        Secret("ExecCredential-2"),
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit(3)", "failed with exit code 3"),
        ("print('no json')", "printed no ExecCredential"),
        ("print('{}')", "printed no token"),
    ],
)
async def test_a_failing_program_is_named(code: str, message: str) -> None:
    with pytest.raises(Unreachable, match=message):
        await program(code).token()


async def test_a_missing_program_comes_with_its_hint() -> None:
    credentials = ExecToken(ExecPlugin(command="/none/login", install_hint="install login"))

    with pytest.raises(
        Unreachable, match=r"cannot run the credentials program /none/login: No such file.*; install login"
    ):
        await credentials.token()
