"""Find the line of a console that says why a boot failed; pure."""

import re
from typing import Final

from kubecapy.controllers.findings import status_message

CONSOLE_LINES: Final = 200
"""How much of a console's end is read; kubeadm says its last word within it."""

_FAILED_STEP = re.compile(r"kubecapy: bootstrap failed: (?P<step>.+)")
_FINISHED = "kubecapy: bootstrap finished"
_REASONS = (
    # Ordered by how much they tell: kubeadm's own verdict, its preflight findings, then what tools print.
    re.compile(r"error execution phase .+"),
    re.compile(r"\[ERROR [^\]]+\].*"),
    re.compile(r"\b(?:[Ee]rror|ERROR|E|curl|[Ff]atal): .+"),
    re.compile(r"(?:unable to|couldn't|could not|failed to) .+", re.IGNORECASE),
    re.compile(r".+: (?:command )?not found\b.*"),
)
_MAX_REASON_CHARACTERS = 400


def find_boot_failure(console: str) -> str | None:
    """Return why the boot failed, such as `run kubeadm: error execution phase preflight: ...`; None where it did not.

    Only the step that failed and the line before it that tells most are taken, without tokens: a console may hold
    whatever a person's own commands print.
    """
    lines = [line.strip() for line in console.splitlines()]
    marks = [(index, found["step"]) for index, line in enumerate(lines) if (found := _FAILED_STEP.search(line))]
    if not marks or any(_FINISHED in line for line in lines):
        return None
    index, step = marks[-1]
    reason = _reason(_lines_of_step(lines[:index], step))
    return status_message(f"{step}: {reason}" if reason else step)


def _lines_of_step(lines: list[str], step: str) -> list[str]:
    """Return what was printed since `step` announced itself."""
    start = max((index for index, line in enumerate(lines) if line.endswith(f"kubecapy: {step}")), default=0)
    return lines[start:]


def _reason(lines: list[str]) -> str:
    for pattern in _REASONS:
        found = [match[0] for line in lines if (match := pattern.search(line))]
        if found:
            return found[-1][:_MAX_REASON_CHARACTERS]
    return ""
