"""Keep what a cluster must not lose in Secrets beside it: its authorities and its kubeconfig.

| Secret                 | keys                 | holds                                        |
|------------------------|----------------------|----------------------------------------------|
| `<cluster>-ca`         | `tls.crt`, `tls.key` | the authority of the API server and clients  |
| `<cluster>-etcd`       | `tls.crt`, `tls.key` | the authority of etcd                        |
| `<cluster>-proxy`      | `tls.crt`, `tls.key` | the authority of the aggregation layer       |
| `<cluster>-sa`         | `tls.crt`, `tls.key` | the key pair that signs service accounts     |
| `<cluster>-kubeconfig` | `value`              | the administrator's kubeconfig               |
"""

from collections.abc import Mapping
from typing import Final, Literal

from kubecapy.api.cluster.v1alpha1 import CLUSTER_NAME_LABEL, CLUSTERS, Cluster
from kubecapy.api.core import SECRETS, Secret, encode_secret_data, secret_data
from kubecapy.apimachinery.meta import ObjectKey, ObjectMeta
from kubecapy.apimachinery.owner_references import owner_reference_to
from kubecapy.bootstrap.certificates import Authorities, KeyPair
from kubecapy.client.interfaces import Reader
from kubecapy.telemetry.secrets import Secret as Hidden

Purpose = Literal["ca", "etcd", "proxy", "sa", "kubeconfig"]

SECRET_TYPE: Final = "cluster.k8s.io/secret"  # noqa: S105 - a kind of Secret
AUTHORITY_PURPOSES: Final[tuple[Purpose, ...]] = ("ca", "etcd", "proxy", "sa")
KUBECONFIG_KEY: Final = "value"

_CERTIFICATE_KEY = "tls.crt"
_PRIVATE_KEY = "tls.key"


def secret_key(cluster: ObjectKey, purpose: Purpose) -> ObjectKey:
    """Return the address of the cluster's Secret for `purpose`."""
    return ObjectKey(cluster.namespace, f"{cluster.name}-{purpose}")


def new_secret(cluster: Cluster, purpose: Purpose, data: Mapping[str, bytes | str]) -> Secret:
    """Return a Secret to store: labeled, and owned by `cluster` so that it goes and moves with it."""
    meta = cluster.metadata
    key = secret_key(ObjectKey(meta.namespace, meta.name), purpose)
    return Secret(
        metadata=ObjectMeta(
            name=key.name,
            namespace=key.namespace,
            labels={CLUSTER_NAME_LABEL: meta.name},
            owner_references=(owner_reference_to(cluster, CLUSTERS, controller=True),),
        ),
        type=SECRET_TYPE,
        data=encode_secret_data(data),
    )


def key_pair_data(pair: KeyPair) -> dict[str, bytes | str]:
    """Return the data of a Secret that holds `pair`."""
    return {_CERTIFICATE_KEY: pair.certificate, _PRIVATE_KEY: pair.key.reveal()}


def key_pair_of(secret: Secret) -> KeyPair | None:
    """Return the pair that `secret` holds; None where a key is missing or no text."""
    try:
        data = secret_data(secret)
        return KeyPair(data[_CERTIFICATE_KEY].decode(), Hidden(data[_PRIVATE_KEY].decode()))
    except (ValueError, KeyError):
        return None


async def read_authorities(reader: Reader, cluster: ObjectKey) -> Authorities | None:
    """Return the authorities of `cluster`; None until all of their Secrets are there."""
    pairs: list[KeyPair] = []
    for purpose in AUTHORITY_PURPOSES:
        secret = await reader.find(SECRETS, secret_key(cluster, purpose))
        pair = key_pair_of(secret) if secret is not None else None
        if pair is None:
            return None
        pairs.append(pair)
    return Authorities(*pairs)
