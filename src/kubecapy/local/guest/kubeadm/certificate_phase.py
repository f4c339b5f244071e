"""Make sure that every certificate of a control plane is there: given authorities are used, what they sign is made."""

import ipaddress
from collections.abc import Sequence

from kubecapy.apiserver.pki.certificates import KeyPair, Profile, issue, issue_authority
from kubecapy.local.certificates import BadCertificate, load_authority, make_key_pair
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.kubeadm.errors import KubeadmError
from kubecapy.local.guest.kubeadm.manifests import ControlPlane
from kubecapy.local.guest.shell.streams import Write

PHASE = "certs"
PRIVATE = 0o600


class CertificatePhase:
    """Fills the certificates' folder of one host."""

    def __init__(self, host: Host, plane: ControlPlane, node_name: str, out: Write) -> None:
        """Write below `plane.cluster.certificates_dir`."""
        self._host = host
        self._plane = plane
        self._node_name = node_name
        self._folder = plane.cluster.certificates_dir
        self._out = out

    def run(self) -> KeyPair:
        """Fill the folder and return the cluster's authority.

        Raises:
            KubeadmError: a given certificate or key cannot be used.
        """
        self._out(f'[certs] Using certificateDir folder "{self._folder}"\n')
        cluster = self._authority("ca", "kubernetes")
        self._leaf(cluster, "apiserver", Profile("kube-apiserver", hosts=self._serving_names()))
        self._leaf(cluster, "apiserver-kubelet-client", Profile("kube-apiserver-kubelet-client", ("system:masters",)))
        front_proxy = self._authority("front-proxy-ca", "front-proxy-ca")
        self._leaf(front_proxy, "front-proxy-client", Profile("front-proxy-client"))
        etcd = self._authority("etcd/ca", "etcd-ca")
        local = (self._node_name, "localhost", self._plane.address, "127.0.0.1", "::1")
        for name in ("etcd/server", "etcd/peer"):
            self._leaf(etcd, name, Profile(self._node_name, hosts=_distinct(local)))
        self._leaf(etcd, "etcd/healthcheck-client", Profile("kube-etcd-healthcheck-client"))
        self._leaf(etcd, "apiserver-etcd-client", Profile("kube-apiserver-etcd-client"))
        self._service_account_keys()
        return cluster

    def _serving_names(self) -> tuple[str, ...]:
        """Return the names of the API server: those of the document and those that every cluster has, no others."""
        networking = self._plane.cluster.networking
        service = ipaddress.ip_network(networking.service_subnet.partition(",")[0], strict=False)[1]
        domain = f"kubernetes.default.svc.{networking.dns_domain}"
        usual = (self._node_name, "kubernetes", "kubernetes.default", "kubernetes.default.svc", domain)
        endpoint = self._plane.cluster.control_plane_endpoint.rpartition(":")[0].strip("[]")
        return _distinct(
            (*usual, str(service), self._plane.address, endpoint, *self._plane.cluster.api_server.cert_sans)
        )

    def _authority(self, name: str, common_name: str) -> KeyPair:
        files = self._host.files
        certificate, key = f"{self._folder}/{name}.crt", f"{self._folder}/{name}.key"
        if files.is_file(certificate) and files.is_file(key):
            self._out(f"[certs] Using existing {name} certificate authority\n")
            try:
                return load_authority(files.read(certificate), files.read(key))
            except BadCertificate as error:
                raise KubeadmError(PHASE, f"failure loading {name} certificate authority: {error}") from error
        self._out(f'[certs] Generating "{name}" certificate and key\n')
        authority = issue_authority(common_name, self._host.clock.now())
        files.install(certificate, authority.certificate_pem())
        files.install(key, authority.key_pem(), mode=PRIVATE)
        return authority

    def _leaf(self, authority: KeyPair, name: str, profile: Profile) -> None:
        files = self._host.files
        if files.is_file(f"{self._folder}/{name}.crt") and files.is_file(f"{self._folder}/{name}.key"):
            self._out(f"[certs] Using existing {name} certificate and key on disk\n")
            return
        self._out(f'[certs] Generating "{name}" certificate and key\n')
        if profile.hosts:
            names, addresses = _split(profile.hosts)
            self._out(
                f"[certs] {name} serving cert is signed for DNS names [{' '.join(names)}] "
                f"and IPs [{' '.join(addresses)}]\n"
            )
        pair = issue(authority, profile, self._host.clock.now())
        files.install(f"{self._folder}/{name}.crt", pair.certificate_pem())
        files.install(f"{self._folder}/{name}.key", pair.key_pem(), mode=PRIVATE)

    def _service_account_keys(self) -> None:
        files = self._host.files
        if files.is_file(f"{self._folder}/sa.key") and files.is_file(f"{self._folder}/sa.pub"):
            self._out('[certs] Using the existing "sa" key\n')
            return
        self._out('[certs] Generating "sa" key and public key\n')
        public, private = make_key_pair()
        files.install(f"{self._folder}/sa.pub", public)
        files.install(f"{self._folder}/sa.key", private, mode=PRIVATE)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _split(hosts: Sequence[str]) -> tuple[list[str], list[str]]:
    names: list[str] = []
    addresses: list[str] = []
    for host in hosts:
        try:
            addresses.append(str(ipaddress.ip_address(host)))
        except ValueError:
            names.append(host)
    return names, addresses
