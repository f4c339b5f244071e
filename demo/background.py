"""Run what a cloud consists of beside the story, and end it in good order."""

import contextlib
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from demo.cloud import CloudFailed

START_SECONDS = 30.0
END_PATIENCE_SECONDS = 10.0


@contextlib.contextmanager
def running_until_ready(
    command: Sequence[str], environment: Mapping[str, str], *, log: Path, ready: Path, place: Path | None = None
) -> Iterator[None]:
    """Run `command` in the folder `place`, what it says in `log`, from when it has made the file `ready`.

    Raises:
        CloudFailed: it ended, or did not make the file in time.
    """
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # ctrl-C reaches the commands first; the cloud ends last
        )
    try:
        _await_ready(process, ready, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=END_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise CloudFailed(f"the cloud did not start; it said:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)
