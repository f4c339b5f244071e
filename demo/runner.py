"""Type the story's commands, show what they print and hold it against the expected shape."""

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.story import Step

PROGRESS_SECONDS = 5.0
RETRY_PAUSE_SECONDS = 0.5
FOLLOW_PATIENCE_SECONDS = 15.0


class StoryBroken(Exception):
    """A command failed or printed something else; the message shows the command, what came and what was expected."""


@dataclass
class Runner:
    """Runs steps in one folder with one environment and remembers what they captured."""

    folder: Path
    environment: Mapping[str, str]
    known: dict[str, str]
    show: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict, init=False)
    """How long each step took, by its name."""
    _follower: "Follower | None" = field(default=None, init=False)

    def run(self, step: Step) -> str:
        """Run `step`; return what it printed on standard output.

        Raises:
            StoryBroken: the exit code is not 0, or the output's shape is another within the step's retry time.
        """
        command = [self._fill(word) for word in step.command]
        self.show(f"\n# {step.why}\n$ {' '.join(command)}{' &' if step.background else ''}")
        if step.background:
            self._follower = Follower(command, self.folder, self.environment, self._fill(step.until), self.show)
            return ""
        started = time.monotonic()
        output = self._run_until_shaped(step, command)
        self.seconds[step.name] = time.monotonic() - started
        self.show(output.rstrip("\n")) if output else None
        self._capture(step, output)
        if self._follower:
            self._follower.stop_when_seen(FOLLOW_PATIENCE_SECONDS)
            self._follower = None
        return output

    def close(self) -> None:
        """Stop a command that is still being followed."""
        if self._follower:
            self._follower.stop()

    def _run_until_shaped(self, step: Step, command: list[str]) -> str:
        deadline = time.monotonic() + step.retry_seconds
        with _progress(step.name):
            while True:
                done = subprocess.run(
                    command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True, check=False
                )
                problem = _problem(step, done)
                if problem is None:
                    return done.stdout
                if time.monotonic() > deadline:
                    raise StoryBroken(f"{' '.join(command)}: {problem}")
                time.sleep(RETRY_PAUSE_SECONDS)

    def _capture(self, step: Step, output: str) -> None:
        for name, pattern in step.captures.items():
            found = re.search(pattern, output)
            if found is None:
                raise StoryBroken(f"{step.name}: nothing in the output matches {pattern}")
            self.known[name] = found.group(1)

    def _fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.known.get(found.group(1), found.group(0)), text)


class Follower:
    """A command whose lines are shown as they come until one matches, then stopped as by ctrl-C."""

    def __init__(
        self, command: list[str], folder: Path, environment: Mapping[str, str], until: str, show: Callable[[str], None]
    ) -> None:
        """Start the command."""
        self._until = re.compile(until)
        self._show = show
        self._seen = threading.Event()
        self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, name="follower", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._show(f"  | {line.rstrip()}")
            if self._until.search(line):
                self._seen.set()
                return

    def stop_when_seen(self, patience_seconds: float) -> None:
        """Wait for the awaited line, then stop the command.

        Raises:
            StoryBroken: the line did not come in time.
        """
        seen = self._seen.wait(patience_seconds)
        self.stop()
        if not seen:
            raise StoryBroken(f"the followed log never said: {self._until.pattern}")

    def stop(self) -> None:
        """Stop the command and wait for its end."""
        self._process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=1)
        if self._process.stdout:
            self._process.stdout.close()


def _problem(step: Step, done: "subprocess.CompletedProcess[str]") -> str | None:
    """Return why the output is not what the story expects; None where it is."""
    if done.returncode != 0:
        return f"exit code {done.returncode}"
    if step.shape is None:
        return None
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if len(lines) != len(step.shape):
        return f"{len(step.shape)} lines expected, printed:\n{done.stdout}"
    for line, pattern in zip(lines, step.shape, strict=True):
        if not re.fullmatch(pattern, line):
            return f"{line!r} does not look like {pattern!r}"
    return None


@contextlib.contextmanager
def _progress(name: str) -> Iterator[None]:
    """Say every few seconds that a silent command still runs, on standard error."""
    ended = threading.Event()

    def tell() -> None:
        started = time.monotonic()
        while not ended.wait(PROGRESS_SECONDS):
            print(f"  ... {name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    thread = threading.Thread(target=tell, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
