"""Make the keys of clusters at once, without a thread: elliptic-curve keys in place of RSA."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from kubecapy.api.cluster.v1alpha1 import ApiEndpoint
from kubecapy.bootstrap.certificates import Authorities, KeyPair, make_authorities
from kubecapy.bootstrap.kubeconfig import render_admin_kubeconfig
from kubecapy.telemetry.secrets import Secret


class QuickCertificates:
    """Implements `kubecapy.controllers.cluster.certificates.CertificateMaker`."""

    def __init__(self) -> None:
        """Begin with none made."""
        self.made = 0
        """How many clusters got authorities."""

    async def make_authorities(self, now: datetime) -> Authorities:
        """Return new authorities for one cluster."""
        self.made += 1
        return make_authorities(now, _quick_key)

    async def make_kubeconfig(
        self, name: str, endpoint: ApiEndpoint, authority: KeyPair, now: datetime
    ) -> Secret[bytes]:
        """Return a new administrator's kubeconfig of the cluster called `name`."""
        return render_admin_kubeconfig(name, endpoint, authority, now, _quick_key)


def _quick_key() -> EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
