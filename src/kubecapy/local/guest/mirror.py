"""Answer a guest's downloads: the few files of the internet that hosts of Kubernetes fetch, and the metadata service.

A guest has no way out of the machine. Programs of dl.k8s.io come as files that name their version, keys as plain
text, pod networks as manifests reduced to what a cluster shows of them; everything else does not resolve.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from kubecapy.local.guest.facts import ServerFacts
from kubecapy.local.guest.pod_networks import find_network_manifest
from kubecapy.local.guest.programs import Program, encode_program

METADATA_HOST = "169.254.169.254"

_PROGRAM = re.compile(
    r"https://(?:dl\.k8s\.io(?:/release)?|storage\.googleapis\.com/kubernetes-release/release)"
    r"/v(?P<version>\d+\.\d+\.\d+(?:-[\w.]+)?)/bin/linux/(?:amd64|arm64)/(?P<name>kubeadm|kubelet|kubectl)"
)
_KEYS = re.compile(
    r"https://(?:pkgs\.k8s\.io/core:/stable:/v1\.\d+/(?:deb/Release\.key|rpm/repodata/repomd\.xml\.key)"
    r"|download\.docker\.com/linux/(?:ubuntu|debian|centos)/gpg)"
)
_KEY_TEXT = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nsimulated package key\n-----END PGP PUBLIC KEY BLOCK-----\n"
_KNOWN_HOSTS = frozenset({
    "dl.k8s.io", "pkgs.k8s.io", "download.docker.com",
    "docs.projectcalico.org", "raw.githubusercontent.com", "projectcalico.docs.tigera.io", METADATA_HOST,
})  # fmt: skip


class DownloadError(Exception):
    """A URL that gives nothing: curl's exit status and its words."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


def download(url: str, facts: ServerFacts) -> bytes:
    """Return what `url` holds.

    Raises:
        DownloadError: 6, the name does not resolve; 7, nobody listens there; 22, there is no such file.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if re.fullmatch(r"[\d.:a-f]+|localhost", host) and host != METADATA_HOST:
        raise DownloadError(7, f"Failed to connect to {host} port {parts.port or 443}: Connection refused")
    if host not in _KNOWN_HOSTS:
        raise DownloadError(6, f"Could not resolve host: {host}")
    found = _find(url, parts.path, facts) if host != METADATA_HOST else find_metadata(parts.path, facts)
    if found is None:
        raise DownloadError(22, "The requested URL returned error: 404")
    return found


def _find(url: str, path: str, facts: ServerFacts) -> bytes | None:  # noqa: ARG001 - one shape for both finders
    if program := _PROGRAM.fullmatch(url):
        return encode_program(Program(program["name"], program["version"]))
    if _KEYS.fullmatch(url):
        return _KEY_TEXT
    return find_network_manifest(url)


def find_metadata(path: str, facts: ServerFacts) -> bytes | None:
    """Return what the metadata service answers to `path`: EC2's tree or OpenStack's document; None where nothing.

    Source: https://docs.openstack.org/nova/latest/user/metadata.html. User data is not served: it was read already.
    """
    plain = re.sub(r"^/(latest|\d{4}-\d{2}-\d{2})/", "/", path).rstrip("/")
    if path.startswith("/openstack/") and path.endswith("/meta_data.json"):
        return msgspec.json.encode(openstack_metadata(facts))
    values = {
        "/meta-data/instance-id": facts.server_id,
        "/meta-data/hostname": facts.name,
        "/meta-data/local-hostname": facts.name,
        "/meta-data/local-ipv4": next(iter(facts.fixed_addresses), ""),
        "/meta-data/public-ipv4": next(iter(facts.floating_addresses), ""),
        "/meta-data/placement/availability-zone": facts.availability_zone,
    }
    return values[plain].encode() if plain in values else None


def openstack_metadata(facts: ServerFacts) -> Mapping[str, object]:
    """Return the document `meta_data.json` of the OpenStack data source."""
    return {
        "uuid": facts.server_id,
        "name": facts.name,
        "hostname": facts.name,
        "availability_zone": facts.availability_zone,
        "project_id": facts.project_id,
        "meta": dict(facts.metadata),
        "public_keys": dict(facts.public_keys),
        "launch_index": 0,
    }
