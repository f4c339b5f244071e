"""Whatever a boot script tries, it reads, changes and runs nothing outside of its guest, and the guest lives on."""

from pathlib import Path

import pytest
from tests.local.conftest import make_host, run_script

LONG = "n" * 300
ATTEMPTS = {
    "a link to the machine's root": "ln -s / /x; echo a > /x{out}/a; cat /x{out}/secret",
    "a link to a folder": "ln -s {out} /d; echo a > /d/a; cp /etc/hosts /d/b; tee /d/c </etc/hosts; mkdir -p /d/e/f; "
    "touch /d/g; rm -rf /d/kept; cat /d/secret",
    "a link to a file": "ln -s {out}/secret /s; cat /s; echo a >> /s; sed -i s/top/a/ /s; chmod 777 /s; rm -f /s",
    "steps up": "cd ../../../../../..{out} && cat secret; cat ../../../../../..{out}/secret",
    "a relative link": "ln -s ../../../../../..{out} /r; ls /r; mv /etc/hosts /r/moved; cp -r /etc /r/etc",
    "install": "ln -s {out} /d; install -D /etc/hosts /d/x/y; install -d /d/z; readlink -f /d; realpath /d/secret",
    "scripts": "ln -s {out} /d; sh /d/script; bash -c '. /d/script'; /d/script; sh -c {out}/script; . /d/script",
    "copies of links": "ln -s {out} /d; cp -r /d /copy; cat /copy/secret; cp -a /d/. /copy2; cat /copy2/secret",
    "moves of links": "ln -s {out}/secret /l; mv /l /m; cat < /m; while read a; do echo $a; done < /m",
    "programs": "python3 -c 'print(1)'; perl -e 1; env sh -c 'echo a > {out}/a'; xargs touch {out}/a </dev/null; "
    "find {out} -delete; dd if=/etc/hosts of={out}/a; wget -O {out}/a http://127.0.0.1; curl file://{out}/secret",
    "kernel files": "cat /proc/self/environ; ls /proc/self/root; cat /proc/self/root{out}/secret /dev/mem",
    "overlong names": f"echo a > {LONG}; cat {LONG}; ls {LONG}; mkdir {LONG}; rm {LONG}; echo *{LONG}; cd {LONG}",
    "copies into themselves": "mkdir /q; cp -r /q /q/q; cp -r / /tmp/all",
    "links in a circle": "ln -s /o /o; cat /o; ls /o/*; cp /o /y; chmod 700 /o; echo a > /o; sed -i s/a/b/ /o; "
    "[ -d /o ]; for f in /o/*; do echo $f; done; cd /o; mv /o /p; rm /p; test ! -L /p",
    "folders for files": "cat /etc; sed -i s/a/b/ /etc; tee /etc </etc/hosts; base64 /etc; grep x /etc; base64 /none; "
    "touch /etc/hosts/x; mkdir /etc/hosts/x; cp /etc/hosts /etc/hosts/x; mv /etc/hosts /none/x",
}


def state_of(folder: Path) -> dict[Path, tuple[int, bytes]]:
    paths = [folder, *folder.rglob("*")]
    return {path: (path.stat().st_mode, path.read_bytes() if path.is_file() else b"") for path in paths}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_an_attempt_reaches_nothing_and_ends_no_guest(attempt: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "kept").mkdir(parents=True)
    (outside / "secret").write_text("topsecret\n")
    (outside / "script").write_text("echo ran outside\n")
    (outside / "script").chmod(0o755)
    before = state_of(outside)
    host = make_host(tmp_path / "guest")

    _, printed = await run_script(host, attempt.replace("{out}", str(outside)))
    alive = await run_script(host, "echo alive")

    assert state_of(outside) == before
    assert "topsecret" not in printed
    assert "ran outside" not in printed
    assert str(tmp_path / "guest") not in printed
    assert alive == (0, "alive\n")


async def test_a_link_inside_the_guest_is_moved_and_matched_by_its_own_name(tmp_path: Path) -> None:
    host = make_host(tmp_path / "guest")

    printed = await run_script(host, "ln -s /etc/only-here /l; mv /l /m && echo /m /n*; ls /m; readlink /m")

    assert printed[1].splitlines()[0] == "/m /n*"
    assert printed[1].splitlines()[-1] == "/etc/only-here"


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        ("f() { f; }; f", (139, "Segmentation fault\n")),
        (". /root/script.sh", (139, "Segmentation fault\n")),
        ("tail -n x /etc/hosts", (1, "tail: invalid argument\n")),
    ],
)
async def test_a_script_that_goes_wrong_ends_as_a_program_does(
    script: str, ended: tuple[int, str], tmp_path: Path
) -> None:
    host = make_host(tmp_path / "guest")

    assert await run_script(host, script) == ended
    assert await run_script(host, "echo alive") == (0, "alive\n")
