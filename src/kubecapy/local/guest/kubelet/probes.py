"""Ask a container whether it is ready and alive, by HTTP or by a connection.

Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/. Commands inside containers
are not simulated: such a probe always succeeds.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Literal

import aiohttp
import msgspec

from kubecapy.apimachinery.meta import JsonObject

ProbeKind = Literal["http", "tcp", "none"]


class Probe(msgspec.Struct, frozen=True):
    """One probe of a container."""

    kind: ProbeKind
    host: str = ""
    """Empty for the pod's own address."""
    port: int = 0
    url_path: str = "/"
    scheme: str = "http"
    headers: Mapping[str, str] = {}
    initial_delay_seconds: float = 0.0
    period_seconds: float = 10.0
    timeout_seconds: float = 1.0
    success_threshold: int = 1
    failure_threshold: int = 3


def read_probe(container: JsonObject, name: str) -> Probe | None:
    """Return the probe that `container` has under `name`, such as `readinessProbe`; None where it has none.

    A port that is named but not listed makes a probe that always fails, as it does with a real kubelet.
    """
    spec: JsonObject | None = container.get(name)
    if spec is None:
        return None
    kind: ProbeKind = "http" if "httpGet" in spec else "tcp" if "tcpSocket" in spec else "none"
    target: JsonObject = spec.get("httpGet") or spec.get("tcpSocket") or {}
    headers = {header["name"]: header["value"] for header in target.get("httpHeaders") or ()}
    return Probe(
        kind=kind,
        host=target.get("host", ""),
        port=_port(target.get("port", 0), container.get("ports") or ()),
        url_path=target.get("path") or "/",
        scheme=str(target.get("scheme") or "HTTP").lower(),
        headers=headers,
        initial_delay_seconds=float(spec.get("initialDelaySeconds") or 0),
        period_seconds=float(spec.get("periodSeconds") or 10),
        timeout_seconds=float(spec.get("timeoutSeconds") or 1),
        success_threshold=int(spec.get("successThreshold") or 1),
        failure_threshold=int(spec.get("failureThreshold") or 3),
    )


async def succeeds(probe: Probe, pod_ip: str) -> bool:
    """Ask once; return whether the answer is a success: a status from 200 to 399, or a connection."""
    host = probe.host or pod_ip
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            match probe.kind:
                case "http":
                    return await _http(probe, host)
                case "tcp":
                    return await _connects(host, probe.port)
                case "none":
                    return True
    except (OSError, TimeoutError, aiohttp.ClientError, ValueError, OverflowError):
        return False


class Verdict:
    """Turns answers into a verdict that changes only after so many answers in a row."""

    def __init__(self, probe: Probe, *, good: bool) -> None:
        """Begin with `good`."""
        self.good = good
        self._probe = probe
        self._row = 0

    def take(self, *, success: bool) -> bool:
        """Take one answer; return whether the verdict changed."""
        if success == self.good:
            self._row = 0
            return False
        self._row += 1
        threshold = self._probe.success_threshold if success else self._probe.failure_threshold
        if self._row < threshold:
            return False
        self.good, self._row = success, 0
        return True


async def _http(probe: Probe, host: str) -> bool:
    address = f"[{host}]" if ":" in host else host
    url = f"{probe.scheme}://{address}:{probe.port}/{probe.url_path.lstrip('/')}"
    # Certificates are not verified by kubelets either.
    connector = aiohttp.TCPConnector(ssl=False, force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get(url, headers=dict(probe.headers), allow_redirects=False) as reply,
    ):
        return 200 <= reply.status < 400


async def _connects(host: str, port: int) -> bool:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _port(value: int | str, ports: Sequence[JsonObject]) -> int:
    if isinstance(value, int) or value.isdigit():
        return int(value)
    return next((int(port["containerPort"]) for port in ports if port.get("name") == value), 0)
