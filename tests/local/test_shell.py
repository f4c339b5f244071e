"""The guest's shell agrees with the machine's own on what scripts print and how they end."""

import asyncio
from pathlib import Path

import pytest
from tests.local.conftest import read_scripts, run_apart, run_really, run_script

from kubecapy.local.guest.host import Host

SCRIPTS = read_scripts("shell.sh")


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
async def test_a_script_prints_and_ends_as_in_the_machines_own_shell(script: str, host: Host, tmp_path: Path) -> None:
    assert await run_apart(host, script) == run_really(script, tmp_path / "real")


async def test_an_unknown_command_is_not_found_in_dashs_words(host: Host) -> None:
    status, printed = await run_script(host, "echo before\nfoo bar\necho $?\nfoo")

    assert printed == "before\n/root/script.sh: 3: foo: not found\n127\n/root/script.sh: 5: foo: not found\n"
    assert status == 127


async def test_an_unknown_command_of_a_short_script_names_sh(host: Host) -> None:
    _, printed = await run_script(host, "sh -c foo")

    assert printed == "sh: 1: foo: not found\n"


async def test_centos_speaks_in_bashs_words(centos: Host) -> None:
    status, printed = await run_script(centos, "foo")

    assert (status, printed) == (127, "/root/script.sh: line 2: foo: command not found\n")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'open", "Syntax error: Unterminated quoted string"),
        ("if true; then echo", 'Syntax error: end of file unexpected (expecting "fi")'),
        ("echo $(echo", 'Syntax error: end of file unexpected (expecting ")")'),
        ("; echo", 'Syntax error: ";" unexpected'),
        ("sleep 1 &", "background jobs (&) are not simulated"),
        ("echo ${x", 'Syntax error: Missing "}"'),
    ],
)
async def test_a_broken_script_is_refused_with_status_2_and_its_line(host: Host, script: str, message: str) -> None:
    status, printed = await run_script(host, script)

    assert status == 2
    assert printed.startswith("/root/script.sh: 2: ")
    assert printed.rstrip().endswith(message)


async def test_tracing_shows_each_command_before_its_output(host: Host) -> None:
    _, printed = await run_script(host, "set -x\nx='a b'\necho \"$x\" c")

    assert printed == "+ echo 'a b' c\na b c\n"


async def test_a_script_without_an_execute_bit_is_denied(host: Host) -> None:
    host.files.install("/opt/tool.sh", "echo hi\n", mode=0o644)

    assert await run_script(host, "/opt/tool.sh") == (126, "/root/script.sh: 2: /opt/tool.sh: Permission denied\n")


async def test_an_endless_loop_lets_others_work_and_can_be_cancelled(host: Host) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run_script(host, "while :; do :; done")
