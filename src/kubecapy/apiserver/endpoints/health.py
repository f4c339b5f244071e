"""Answer whether the server lives, is ready and is healthy, as a whole and check by check.

Source: k8s.io/apiserver pkg/server/healthz/healthz.go.
"""

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

PROBES: Final = ("healthz", "livez", "readyz")
_NO_STORE = {"X-Content-Type-Options": "nosniff"}

Check = Callable[[], str]
"""Returns why something is not well; empty where it is."""


class HealthEndpoint:
    """Serves `/healthz`, `/livez`, `/readyz` and one path below each for every check."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """Ask `checks`, by name and in their order; `ping` is always the first and always well."""
        self._checks: Mapping[str, Check] = {"ping": _be_well, **checks}

    @property
    def paths(self) -> list[str]:
        """Every path that is served."""
        return [f"/{probe}{check}" for probe in PROBES for check in ("", *(f"/{name}" for name in self._checks))]

    def find(self, request: web.BaseRequest) -> web.Response | None:
        """Return the reply to `request`; None where its path is no probe and no check."""
        _, probe, *rest = request.path.split("/", 2)
        if probe not in PROBES:
            return None
        if not rest:
            return self._ask_all(request, probe)
        check = self._checks.get(rest[0])
        if check is None:
            return None
        why = check()
        return web.Response(text=f"internal server error: {why}\n" if why else "ok", status=500 if why else 200)

    def _ask_all(self, request: web.BaseRequest, probe: str) -> web.Response:
        excluded = set(request.query.getall("exclude", ()))
        lines, failed = [], []
        for name, check in self._checks.items():
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok")
            elif check():
                # The reason stays out of what anybody may read; it is at the path of the check.
                failed.append(name)
                lines.append(f"[-]{name} failed: reason withheld")
            else:
                lines.append(f"[+]{name} ok")
        unknown = sorted(excluded - self._checks.keys())
        if unknown:
            listed = ",".join(f'"{name}"' for name in unknown)
            lines.append(f"warn: some health checks cannot be excluded: no matches for {listed}")
        return _render(probe, lines, is_well=not failed, is_verbose="verbose" in request.query)


def _render(probe: str, lines: list[str], *, is_well: bool, is_verbose: bool) -> web.Response:
    if is_well and not is_verbose:
        return web.Response(text="ok", headers=_NO_STORE)
    verdict = f"{probe} check {'passed' if is_well else 'failed'}"
    return web.Response(text="\n".join((*lines, verdict, "")), status=200 if is_well else 500, headers=_NO_STORE)


def _be_well() -> str:
    return ""
