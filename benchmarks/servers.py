"""Start the servers that are compared, each as processes of their own, and wait until they serve."""

import contextlib
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

from benchmarks.process_usage import measure_age_seconds, measure_cpu_seconds
from benchmarks.wire import Address
from kubecapy.clock import SystemClock
from kubecapy.testing import kubernetes

EMBEDDED, KUBERNETES = "embedded", "kubernetes"
ROOT = Path(__file__).resolve().parent.parent
_POLL_SECONDS = 0.05
"""As often as `kubernetes.run_kubernetes` looks; oftener would take the CPU that the start needs."""
_START_SECONDS = 60.0


class Server(NamedTuple):
    """A server that runs."""

    name: str
    """`EMBEDDED` or `KUBERNETES`."""
    address: Address
    pki: Path
    """Folder with `ca.crt`, `admin.crt` and `admin.key`."""
    pids: tuple[int, ...]
    ready_seconds: float
    """From the start of its first process until it served."""
    ready_cpu_seconds: float
    """What its processes had used by then."""


def compile_modules() -> None:
    """Compile the embedded server's Python files, as installing a package does: that is no part of a start.

    kube-apiserver and etcd come compiled, too. Without it a first start takes four times as long.
    """
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import kubecapy.daemons.__main__, kubecapy.daemons.apiserver, kubecapy.local.api_server",
        ],
        cwd=ROOT,
        env=compiled_environment(),
        check=True,
    )


@contextlib.contextmanager
def run_embedded(folder: Path) -> Iterator[Server]:
    """Run `kubecapy apiserver` on an empty state folder; making its keys is part of its start."""
    port = _free_port()
    command = [sys.executable, "-m", "kubecapy.daemons", "apiserver", "--state-dir", str(folder), f"--port={port}"]
    folder.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=compiled_environment()
    )
    try:
        pki, url, pids = folder / "pki", f"https://127.0.0.1:{port}", (process.pid,)
        _wait_until_ready(process, pki, port)
        ready_seconds, ready_cpu_seconds = measure_age_seconds(process.pid), measure_cpu_seconds(pids)
        yield Server(EMBEDDED, Address(url, _client_tls(pki)), pki, pids, ready_seconds, ready_cpu_seconds)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextlib.contextmanager
def run_kubernetes(folder: Path) -> Iterator[Server]:
    """Run etcd and kube-apiserver as they ship; their keys are made before they start."""
    settings = kubernetes.KubernetesSettings(
        binaries=find_binaries(), folder=folder, has_controllers=False, is_as_shipped=True
    )
    with kubernetes.run_kubernetes(settings, SystemClock(), SystemRandom()) as cluster:
        ready_seconds, ready_cpu_seconds = measure_age_seconds(cluster.pids[0]), measure_cpu_seconds(cluster.pids)
        pki = folder / "pki"
        address = Address(cluster.url, _client_tls(pki))
        yield Server(KUBERNETES, address, pki, cluster.pids, ready_seconds, ready_cpu_seconds)


def compiled_environment() -> dict[str, str]:
    """Return the environment, with a place for compiled files and leave to write there."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(ROOT / ".cache" / "pycache"), **kept}


def find_binaries() -> Path:
    """Return the folder of kube-apiserver and etcd; ends the process with a sentence where there are none."""
    command = [sys.executable, "tools/build_kubernetes.py", "--find"]
    found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode:
        sys.exit(found.returncode)
    return Path(found.stdout.strip())


def _wait_until_ready(process: subprocess.Popen[bytes], pki: Path, port: int) -> None:
    """Wait for /readyz, and for namespace default as the other server does."""
    deadline = time.monotonic() + _START_SECONDS
    while not _is_ready(pki, port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the embedded server did not start (exit code {process.returncode})")
        time.sleep(_POLL_SECONDS)


def _is_ready(pki: Path, port: int) -> bool:
    with contextlib.suppress(OSError):
        # Cheap as long as nobody listens.
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=_client_tls(pki))
        with contextlib.closing(connection):
            return all(_status(connection, path) == 200 for path in ("/readyz", "/api/v1/namespaces/default"))
    return False


def _status(connection: http.client.HTTPSConnection, path: str) -> int:
    connection.request("GET", path)
    with connection.getresponse() as response:
        response.read()
        return response.status


def _client_tls(pki: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=pki / "ca.crt")
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    return context


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
