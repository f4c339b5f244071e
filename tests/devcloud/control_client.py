"""Call a cloud's control endpoint from a test; blocking."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ControlError(Exception):
    """The control endpoint said no; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class ControlClient:
    """Knows where the control endpoint is, and its token."""

    url: str
    token: str

    @classmethod
    def from_file(cls, path: Path) -> "ControlClient":
        """Read `control.json`."""
        document = json.loads(path.read_text())
        return cls(document["url"], document["token"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer, `None` where it is empty; raise `ControlError` on refusal."""
        request = urllib.request.Request(  # noqa: S310 - loopback http only
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            raise ControlError(error.code, json.loads(error.read())["error"]) from error
        return json.loads(text) if text else None

    def fault(self, action: dict[str, Any], *, nth: int = 1, times: int | None = 1, **match: str) -> int:
        """Put a fault rule in force and return its id: `fault({"kind": "drop"}, service="compute", method="POST")`."""
        rule = {"action": action, "match": match, "nth": nth, "times": times}
        return int(self.call("POST", "/faults", rule)["id"])

    def clear_faults(self) -> None:
        """Take every rule out of force."""
        self.call("DELETE", "/faults")

    def entries(self, after: int = 0, **filters: str) -> list[dict[str, Any]]:
        """Return the ledger's entries, oldest first."""
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        entries: list[dict[str, Any]] = self.call("GET", f"/ledger?after={after}&limit=100000&{query}")["entries"]
        return entries

    def writes(self, after: int = 0, **filters: str) -> list[str]:
        """Return `method template` of every call that may have changed something."""
        return [f"{entry['method']} {entry['template']}" for entry in self.entries(after, effect="write", **filters)]

    def happen(self, path: str, **body: Any) -> Any:
        """Let something happen: `happen("/world/timing", boot_seconds=5)`."""
        return self.call("POST", path, body)

    def world(self) -> dict[str, int]:
        """Return how many resources there are."""
        counts: dict[str, int] = self.call("GET", "/world")
        return counts
