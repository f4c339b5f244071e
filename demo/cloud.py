"""Say what a cloud has to be for the story to be told in it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml

from demo.manifests import CloudFacts

CLOUDS = "clouds.yaml"
CONSOLES = "console"
MEMBER_CLOUD = "openstack"


class CloudFailed(Exception):
    """The cloud could not be had; the message says why, with what it said itself."""


@dataclass(frozen=True)
class RunningCloud:
    """A cloud whose servers boot."""

    folder: Path
    """Has `clouds.yaml`, with the clouds `openstack` and `admin`, and the servers' consoles in `console`."""
    facts: CloudFacts


class Cloud(Protocol):
    """One way to have a cloud."""

    @property
    def title(self) -> str:
        """What it is, for people."""

    @property
    def boot_seconds(self) -> float:
        """How long it pretends to build a server, from BUILD to ACTIVE."""

    def running(self, folder: Path, environment: Mapping[str, str]) -> AbstractContextManager[RunningCloud]:
        """Run the cloud with its guests for as long as the block lasts, its own files below `folder`.

        The project is given two floating addresses, as the article's person was. Nothing of what was started or given
        is left after the block.

        Raises:
            CloudFailed: it does not come up.
        """


def read_credentials(clouds_yaml: Path) -> Mapping[str, str]:
    """Return what the project's member logs in with: `auth_url`, `username`, `password` and more."""
    auth: Mapping[str, str] = yaml.safe_load(clouds_yaml.read_text())["clouds"][MEMBER_CLOUD]["auth"]
    return auth
