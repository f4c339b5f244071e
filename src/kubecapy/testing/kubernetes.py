"""Run a real etcd, kube-apiserver and kube-controller-manager on this machine, for tests and benchmarks.

As envtest does (https://book.kubebuilder.io/reference/envtest), with two differences: every cluster has a loopback
address of its own, leased by `local.addresses`, so that fixed ports never meet; and kube-controller-manager can run,
for without it nothing collects garbage and no namespace ever ends.

Blocking on purpose: tests of any kind use it, and its processes outlive the event loop of a single test.
"""

import contextlib
import http.client
import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from kubecapy.apiserver.pki import LocalPki, make_local_pki
from kubecapy.clock import Clock
from kubecapy.local.addresses import lease_addresses

ADDRESS_PORT: Final = 6439
"""Where the lease of the address is bound; ranges of clouds are leased at another port and may be the same."""
AUDIT_LOG: Final = "audit.log"
"""In the cluster's folder: an audit.k8s.io/v1 Event a line."""
_CLIENT_PORT, _PEER_PORT, _API_PORT = 2379, 2380, 6443
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_PROBE_SECONDS: Final = 0.05
_LOG_LINES: Final = 15
_CONTROLLERS: Final = (
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
)
"""What the embedded server does by itself, and no more."""


class KubernetesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster without nodes."""

    binaries: Path
    """Folder that holds `etcd`, `kube-apiserver` and, where it is to run, `kube-controller-manager`."""
    folder: Path
    """Where keys, data and logs lie; made where it is missing."""
    has_controllers: bool = True
    """Whether kube-controller-manager runs too: garbage, namespaces, service accounts, aggregated roles."""
    is_as_shipped: bool = False
    """Whether etcd waits for the disk at every commit, and lists page through snapshots of the server's cache.

    Tests need no such patience, and the snapshots would outlive `Kubernetes.compact` by up to 15 seconds.
    """
    authorization: str = "Node,RBAC"
    """Authorization modes, as `--authorization-mode` takes them."""
    admission: tuple[str, ...] = ()
    """Admission plugins beyond those that are on by default."""
    is_audited: bool = False
    """Whether the API server notes who asked for what, and with what success, in `audit.log`."""


class Kubernetes(msgspec.Struct, frozen=True, kw_only=True):
    """A running cluster."""

    address: str
    """Loopback address that all of it listens on."""
    url: str
    """Of the API server."""
    pki: LocalPki
    etcd_url: str
    pids: tuple[int, ...]
    """Process ids of etcd, kube-apiserver and, where it runs, kube-controller-manager."""

    def compact(self) -> None:
        """Make etcd forget every earlier state, so that continue tokens and old revisions answer 410 Gone."""
        head = self._ask_etcd("kv/range", {"key": "AA=="})["header"]["revision"]
        self._ask_etcd("kv/compaction", {"revision": head, "physical": True})

    # Any: a JSON value of etcd's gateway
    def _ask_etcd(self, method: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
        connection = http.client.HTTPConnection(self.address, _CLIENT_PORT, timeout=_STOP_SECONDS)
        with contextlib.closing(connection):
            connection.request("POST", f"/v3/{method}", json.dumps(body))
            answer: dict[str, dict[str, str]] = json.loads(connection.getresponse().read())
            return answer


class KubernetesFailed(Exception):
    """A process ended or did not become ready; the message holds the last lines of its log."""


@contextlib.contextmanager
def run_kubernetes(settings: KubernetesSettings, clock: Clock, random: Random) -> Iterator[Kubernetes]:
    """Run a cluster for as long as the block lasts; it is ready once the block is entered.

    Raises:
        KubernetesFailed: it did not become ready.
        OSError: a binary is missing.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    with lease_addresses(random, ADDRESS_PORT) as plan, contextlib.ExitStack() as stack:
        address = plan.floating_cidr.partition("/")[0].rpartition(".")[0] + ".1"
        cluster = _Cluster(settings, address, make_local_pki(settings.folder / "pki", [address], clock), clock)
        processes = [stack.enter_context(_running(cluster, command)) for command in cluster.commands()]
        yield Kubernetes(
            address=address,
            url=cluster.url,
            pki=cluster.pki,
            etcd_url=cluster.etcd_url,
            pids=tuple(process.pid for process in processes),
        )


class _Command(msgspec.Struct, frozen=True):
    """One process of the cluster and how it says that it is ready."""

    name: str
    flags: dict[str, str]
    probe: tuple[str, ...] = ()
    """Paths of the API server that must answer 200."""

    def argv(self, binaries: Path) -> list[str]:
        return [str(binaries / self.name), *(f"--{name}={value}" for name, value in self.flags.items())]


class _Cluster:
    """What the processes of one cluster are started with."""

    def __init__(self, settings: KubernetesSettings, address: str, pki: LocalPki, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.address = address
        self.pki = pki
        self.url = f"https://{address}:{_API_PORT}"
        self.etcd_url = f"http://{address}:{_CLIENT_PORT}"

    def commands(self) -> Sequence[_Command]:
        """Return the processes in the order of their start."""
        first = [self._etcd(), self._apiserver()]
        return [*first, self._controller_manager()] if self.settings.has_controllers else first

    def is_ready(self, paths: Sequence[str]) -> bool:
        """Return whether the API server answers 200 at every path."""
        context = ssl.create_default_context(cafile=self.pki.ca_certificate)
        context.load_cert_chain(self.pki.admin_certificate, self.pki.admin_key)
        connection = http.client.HTTPSConnection(self.address, _API_PORT, timeout=_STOP_SECONDS, context=context)
        with contextlib.closing(connection):
            try:
                return all(_status(connection, path) == 200 for path in paths)
            except OSError:
                return False

    def _etcd(self) -> _Command:
        peer = f"http://{self.address}:{_PEER_PORT}"
        flags = {
            "data-dir": str(self.settings.folder / "etcd"),
            "listen-client-urls": self.etcd_url,
            "advertise-client-urls": self.etcd_url,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
            "log-level": "warn",
        }
        return _Command("etcd", flags if self.settings.is_as_shipped else {**flags, "unsafe-no-fsync": "true"})

    def _apiserver(self) -> _Command:
        pki = self.pki
        flags = {
            "etcd-servers": self.etcd_url,
            "bind-address": self.address,
            "secure-port": str(_API_PORT),
            "tls-cert-file": str(pki.serving_certificate),
            "tls-private-key-file": str(pki.serving_key),
            "client-ca-file": str(pki.ca_certificate),
            "kubelet-client-certificate": str(pki.kubelet_client_certificate),
            "kubelet-client-key": str(pki.kubelet_client_key),
            "service-account-key-file": str(pki.service_account_public_key),
            "service-account-signing-key-file": str(pki.service_account_key),
            "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
            "service-cluster-ip-range": "10.96.0.0/16",
            "authorization-mode": self.settings.authorization,
            "enable-bootstrap-token-auth": "true",
            # A loopback address cannot be an endpoint of the Service `kubernetes`, and nobody looks for it there.
            "endpoint-reconciler-type": "none",
        }
        if not self.settings.is_as_shipped:
            flags["feature-gates"] = "ListFromCacheSnapshot=false"
        if self.settings.admission:
            flags["enable-admission-plugins"] = ",".join(self.settings.admission)
        if self.settings.is_audited:
            flags |= self._audit()
        # Without its controller no service account is ever made, and the plugin would refuse every pod.
        extra = {} if self.settings.has_controllers else {"disable-admission-plugins": "ServiceAccount"}
        return _Command("kube-apiserver", flags | extra, ("/readyz", "/api/v1/namespaces/default"))

    def _audit(self) -> dict[str, str]:
        policy = self.settings.folder / "audit-policy.json"
        rules = [{"level": "Metadata", "omitStages": ["RequestReceived"]}]
        policy.write_text(json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}))
        log = self.settings.folder / AUDIT_LOG
        log.touch(mode=0o600)
        return {"audit-policy-file": str(policy), "audit-log-path": str(log)}

    def _controller_manager(self) -> _Command:
        kubeconfig = self.settings.folder / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_bytes(self.pki.admin_kubeconfig(self.url))
        flags = {
            "kubeconfig": str(kubeconfig),
            "controllers": ",".join(_CONTROLLERS),
            "leader-elect": "false",
            "secure-port": "0",
            "root-ca-file": str(self.pki.ca_certificate),
            "service-account-private-key-file": str(self.pki.service_account_key),
        }
        return _Command("kube-controller-manager", flags, ("/api/v1/namespaces/default/serviceaccounts/default",))


@contextlib.contextmanager
def _running(cluster: _Cluster, command: _Command) -> Iterator[subprocess.Popen[bytes]]:
    log = cluster.settings.folder / f"{command.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_dies_with_us(), *command.argv(cluster.settings.binaries)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        )
    try:
        _await_ready(cluster, command, process, log)
        yield process
    finally:
        _end(process)


def _dies_with_us() -> list[str]:
    """Return what makes the kernel end a process when we are killed; nothing on machines without util-linux."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _await_ready(cluster: _Cluster, command: _Command, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = cluster.clock.monotonic() + _START_SECONDS
    while not cluster.is_ready(command.probe):
        # To wait for the end of the process is to wait, and shows an early end at once.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PROBE_SECONDS)
        if process.returncode is not None or cluster.clock.monotonic() > deadline:
            how = "did not become ready" if process.returncode is None else f"ended with {process.returncode}"
            last = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
            raise KubernetesFailed(f"{command.name} {how}; its last lines:\n{last}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _status(connection: http.client.HTTPSConnection, path: str) -> int:
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.status
