"""Map the article's files onto the demo's cloud: addresses and credentials change, the shape stays."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "01-article"
FILES = ("clouds.yaml", "cluster.yaml", "machines.yaml", "machine.yaml")
ARTICLE_URL = "https://xxx.ibm.com:5000"
ARTICLE_USER = "your user name"
ARTICLE_PASSWORD = "your password"  # noqa: S105 - the article's own placeholder
ARTICLE_NETWORK = "e2d9ead6-759b-4592-873d-981d3db07c86"
ARTICLE_SECURITY_GROUP = "97acf9d4-e5bf-4fff-a2c0-be0b04fbc44b"
ARTICLE_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nxxxxxxxx\n-----END CERTIFICATE-----\n"
MASTER_ADDRESS = "9.20.206.22"
WORKER_ADDRESS = "9.20.206.8"


@dataclass(frozen=True)
class CloudFacts:
    """What the demo's cloud calls the things that the article names."""

    auth_url: str
    username: str
    password: str
    certificate: str
    """PEM of the authority that signed the cloud's certificates; empty where the cloud is reached by http."""
    network_id: str
    security_group_id: str
    master_address: str
    worker_address: str
    """Floating addresses that the project holds."""


def map_files(facts: CloudFacts) -> Mapping[str, str]:
    """Return the text of each file by its name."""
    replacements = {
        ARTICLE_URL: facts.auth_url,
        ARTICLE_USER: facts.username,
        ARTICLE_PASSWORD: facts.password,
        _authority(ARTICLE_CERTIFICATE): _authority(facts.certificate) if facts.certificate else "",
        ARTICLE_NETWORK: facts.network_id,
        ARTICLE_SECURITY_GROUP: facts.security_group_id,
        MASTER_ADDRESS: facts.master_address,
        WORKER_ADDRESS: facts.worker_address,
    }
    return {name: _replaced((EXAMPLES / name).read_text(), replacements) for name in FILES}


def _authority(certificate: str) -> str:
    """Return the lines of a clouds.yaml that name it."""
    return "    cacert: |\n" + textwrap.indent(certificate, " " * 6)


def _replaced(text: str, replacements: Mapping[str, str]) -> str:
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text
