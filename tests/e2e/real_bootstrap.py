"""Run a real etcd and kube-apiserver as a bootstrap cluster, whose one node is a server of the stage's own cloud.

The node is what "Kubernetes the hard way" makes of a host: user data writes a kubelet's files and starts it. Its static
pods are the rest of a control plane, our own in small (`kubecapy.local.workloads`); its API server is elsewhere. So
nothing of the product is put together anew here: all of it is reached through user data, as a person would.

    kube-apiserver, etcd, kube-controller-manager (garbage, namespaces, service accounts) ── processes of this machine
    server bootstrap-node of the simulated cloud: kubelet, scheduler, Deployments, StatefulSets ── one guest
"""

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import yaml
from demo.stage import open_stage
from tests.e2e.quick_stage import QUICK_CLOUD, Typist

from kubecapy.apiserver.pki.certificates import KeyPair, Profile, issue
from kubecapy.client.connection import Connection
from kubecapy.client.kubeconfig import render_kubeconfig
from kubecapy.clock import SystemClock
from kubecapy.local.certificates import load_authority
from kubecapy.local.guest.kubeadm.cluster_objects import TOKEN_GROUP, join_rights, token_secret
from kubecapy.local.guest.kubeadm.configuration import BootstrapToken
from kubecapy.local.guest.kubeadm.layout import (
    BOOTSTRAP_KUBELET_CONF,
    CNI_CONFIG,
    CONTROLLER_MANAGER_CONF,
    DEFAULT_CA,
    DEFAULT_CERTIFICATES,
    KUBELET_CONFIG,
    MANIFESTS,
    SCHEDULER_CONF,
)
from kubecapy.telemetry.secrets import Secret
from kubecapy.testing.kubernetes import AUDIT_LOG, Kubernetes, KubernetesSettings, run_kubernetes

KUBECONFIG = "real.kubeconfig"
BORROWED = ("--bootstrap-cluster-kubeconfig", KUBECONFIG)
NODE = "bootstrap-node"
VERSION = "v1.36.1"
TOKEN = "abcdef.0123456789abcdef"
CA_KEY = f"{DEFAULT_CERTIFICATES}/ca.key"
PASSING = ("events", "leases")
"""Kinds whose objects come and go by themselves."""
CLOCK = SystemClock()


@dataclass(frozen=True)
class RealBootstrap:
    """A running bootstrap cluster."""

    kubernetes: Kubernetes
    kubeconfig: Path
    typist: Typist
    audit_log: Path
    """Who asked its API server for what."""

    def kubectl(self, *words: str) -> str:
        """Return what kubectl prints about this cluster."""
        return self.typist.must("kubectl", "--kubeconfig", str(self.kubeconfig), *words)

    def holdings(self) -> list[str]:
        """Return the name of everything that a run could leave here, as `namespace kind/name`."""
        served = self.kubectl("api-resources", "--verbs=list", "-o", "name").split()
        kinds = ",".join(kind for kind in served if kind.partition(".")[0] not in PASSING)
        columns = "custom-columns=NAMESPACE:.metadata.namespace,KIND:.kind,NAME:.metadata.name"
        return sorted(self.kubectl("get", kinds, "-A", "--no-headers", "-o", columns).splitlines())


@contextlib.contextmanager
def run_real_bootstrap(binaries: Path, folder: Path) -> Iterator[RealBootstrap]:
    """Run the cluster, and a stage with a cloud and manifests, for as long as the block lasts; its node is Ready."""
    settings = KubernetesSettings(
        binaries=binaries,
        folder=folder,
        # A cluster as careful as a person could make it: rights that are lacking show here.
        admission=("NodeRestriction", "OwnerReferencesPermissionEnforcement"),
        is_audited=True,
    )
    # Order: the node ends with its cloud before what it talks to does.
    with (
        run_kubernetes(settings, CLOCK, Random()) as kubernetes,
        open_stage(lambda _: None, QUICK_CLOUD) as stage,
    ):
        typist = Typist(stage)
        typist.prepare()
        kubeconfig = stage.work / KUBECONFIG
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_bytes(kubernetes.pki.admin_kubeconfig(kubernetes.url))
        cluster = RealBootstrap(kubernetes, kubeconfig, typist, folder / AUDIT_LOG)
        allow_joining(cluster)
        boot_node(typist, user_data(kubernetes))
        cluster.kubectl("wait", "--for=create", f"node/{NODE}", "--timeout=60s")
        cluster.kubectl("wait", "--for=condition=Ready", f"node/{NODE}", "--timeout=60s")
        mirrors = (f"pod/{name}-{NODE}" for name in ("kube-controller-manager", "kube-scheduler"))
        cluster.kubectl("wait", "--for=create", *mirrors, "-n", "kube-system", "--timeout=60s")
        yield cluster


def allow_joining(cluster: RealBootstrap) -> None:
    """Make the token valid and give it the rights that kubeadm gives: to ask for a kubelet's certificate."""
    token = BootstrapToken(token=TOKEN, groups=(TOKEN_GROUP,), usages=("authentication",))
    objects = {"apiVersion": "v1", "kind": "List", "items": [token_secret(token, CLOCK.now()), *join_rights()]}
    manifest = cluster.typist.stage.work / "joining.json"
    manifest.write_text(json.dumps(objects))
    cluster.kubectl("apply", "-f", str(manifest))


def boot_node(typist: Typist, text: str) -> None:
    """Make the server that becomes the node, as a member of the project would."""
    cloud = typist.cloud()
    network = next(found for found in cloud.network.networks() if not found.is_router_external)
    cloud.compute.create_server(
        name=NODE,
        image_id=cloud.image.find_image("KVM-Ubt18.04-Srv-x64").id,
        flavor_id=cloud.compute.find_flavor("m1.medium").id,
        networks=[{"uuid": network.id}],
        user_data=base64.b64encode(text.encode()).decode(),
    )
    cloud.close()


def user_data(kubernetes: Kubernetes) -> str:
    """Return what makes a host the node of `kubernetes`."""
    entries = [
        {"path": path, "content": content, "permissions": "0600"} for path, content in _files(kubernetes).items()
    ]
    config = {
        "hostname": NODE,
        "write_files": entries,
        "runcmd": [
            "swapoff -a",
            "apt-get update && apt-get install -y docker.io",
            ["curl", "-fsSL", "-o", "/usr/bin/kubelet", f"https://dl.k8s.io/release/{VERSION}/bin/linux/amd64/kubelet"],
            "chmod 0755 /usr/bin/kubelet",
            "systemctl enable --now kubelet",
        ],
    }
    return f"#cloud-config\n{yaml.safe_dump(config)}"


def _files(kubernetes: Kubernetes) -> Mapping[str, str]:
    pki = kubernetes.pki
    authority = load_authority(pki.ca_certificate.read_bytes(), pki.ca_key.read_bytes())
    token = Connection(server=kubernetes.url, ca=authority.certificate_pem(), token=Secret(TOKEN))
    signing = {"cluster-signing-cert-file": DEFAULT_CA, "cluster-signing-key-file": CA_KEY}
    return {
        DEFAULT_CA: pki.ca_certificate.read_text(),
        CA_KEY: pki.ca_key.read_text(),
        BOOTSTRAP_KUBELET_CONF: render_kubeconfig(token, user="bootstrap").decode(),
        CONTROLLER_MANAGER_CONF: pki.admin_kubeconfig(kubernetes.url).decode(),
        SCHEDULER_CONF: _kubeconfig(kubernetes.url, authority, "system:kube-scheduler"),
        KUBELET_CONFIG: "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
        f"{CNI_CONFIG}/10-bridge.conf": "{}\n",
        "/etc/systemd/system/kubelet.service": "[Service]\nExecStart=/usr/bin/kubelet\n",
        f"{MANIFESTS}/kube-controller-manager.yaml": _static_pod(
            "kube-controller-manager", {"kubeconfig": CONTROLLER_MANAGER_CONF, **signing}
        ),
        f"{MANIFESTS}/kube-scheduler.yaml": _static_pod("kube-scheduler", {"kubeconfig": SCHEDULER_CONF}),
    }


def _kubeconfig(url: str, authority: KeyPair, user: str) -> str:
    pair = issue(authority, Profile(user), CLOCK.now())
    connection = Connection(
        server=url,
        ca=authority.certificate_pem(),
        client_certificate=pair.certificate_pem(),
        client_key=Secret(pair.key_pem()),
    )
    return render_kubeconfig(connection, user=user).decode()


def _static_pod(name: str, flags: Mapping[str, str]) -> str:
    image = f"registry.k8s.io/{name}:{VERSION}"
    command = [name, *(f"--{flag}={value}" for flag, value in flags.items())]
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "kube-system", "labels": {"component": name}},
            "spec": {"hostNetwork": True, "containers": [{"name": name, "image": image, "command": command}]},
        }
    )
