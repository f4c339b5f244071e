"""Map the article's manifests onto the demo's cloud: addresses and credentials change, the shape stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "01-article"
MANIFESTS = ("cluster.yaml", "machines.yaml", "machine.yaml")
MASTER_ADDRESS = "9.20.206.22"
WORKER_ADDRESS = "9.20.206.8"


@dataclass(frozen=True)
class CloudFacts:
    """What the demo's cloud calls the things that the article names."""

    clouds_yaml: str
    """Text of the cloud's own clouds.yaml, one cloud `openstack`."""
    floating_addresses: tuple[str, ...]
    """Addresses that the project holds; two are needed."""


def map_manifests(facts: CloudFacts) -> Mapping[str, str]:
    """Return the text of each manifest by its file name, clouds.yaml included."""
    addresses = dict(zip((MASTER_ADDRESS, WORKER_ADDRESS), facts.floating_addresses, strict=False))
    mapped = {name: _replace(_read(name), addresses) for name in MANIFESTS}
    return {"clouds.yaml": facts.clouds_yaml, **mapped}


def _read(name: str) -> str:
    return (EXAMPLES / name).read_text()


def _replace(text: str, replacements: Mapping[str, str]) -> str:
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text
