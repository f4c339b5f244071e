from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from kubecapy.clock import SystemClock
from kubecapy.clusterctl.__main__ import run
from kubecapy.clusterctl.invocation import Invocation


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def invocation(tmp_path: Path) -> Invocation:
    home = tmp_path / "home"
    home.mkdir()
    return Invocation({"HOME": str(home)}, SystemClock(), Random(7))


@pytest.fixture
def clusterctl(capsys, invocation: Invocation) -> Callable[..., Outcome]:
    """Runs one command line in this process."""

    def call(*arguments: object) -> Outcome:
        code = run([str(argument) for argument in arguments], invocation)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
