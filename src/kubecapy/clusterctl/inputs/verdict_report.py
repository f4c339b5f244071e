"""Tell a person, or a program, what a validation found."""

import json

from kubecapy.clusterctl.inputs.validating import Verdict


def render_text(verdict: Verdict) -> str:
    """Return a line for each finding, and a last one that sums up."""
    return "\n".join([*(str(finding) for finding in verdict.findings), summary(verdict)])


def render_json(verdict: Verdict) -> str:
    """Return one JSON object: the counts, and every finding with its place in parts."""
    return json.dumps(
        {
            "files": verdict.file_count,
            "objects": verdict.object_count,
            "errors": verdict.count("error"),
            "warnings": verdict.count("warning"),
            "findings": [
                {
                    "severity": finding.severity,
                    "file": finding.source,
                    "line": finding.line,
                    "object": finding.object,
                    "path": finding.path,
                    "message": finding.message,
                }
                for finding in verdict.findings
            ],
        },
        indent=2,
    )


def summary(verdict: Verdict) -> str:
    """Return such as `3 files, 5 objects: 2 errors, 1 warning`."""
    found = [_counted(verdict.count("error"), "error") if verdict.count("error") else "no errors"]
    if verdict.count("warning"):
        found.append(_counted(verdict.count("warning"), "warning"))
    looked_at = f"{_counted(verdict.file_count, 'file')}, {_counted(verdict.object_count, 'object')}"
    return f"{looked_at}: {', '.join(found)}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
