"""Ask the services as people do: by the SDK, and by the `openstack` command."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection
from openstack_services.connections import ADMIN_CLOUD, MEMBER_CLOUD, connect
from openstack_services.instance import Instance


@pytest.fixture
def member(real_openstack: Instance) -> Iterator[Connection]:
    """Connect as the project's member."""
    with connect(real_openstack.clouds_yaml, MEMBER_CLOUD) as connection:
        yield connection


@pytest.fixture
def admin(real_openstack: Instance) -> Iterator[Connection]:
    """Connect as the administrator."""
    with connect(real_openstack.clouds_yaml, ADMIN_CLOUD) as connection:
        yield connection


@pytest.fixture
def openstack(real_openstack: Instance, tmp_path: Path) -> Callable[..., Any]:
    """Type an `openstack` command as the project's member, and return what it prints, read as JSON."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "OS_CLIENT_CONFIG_FILE": str(real_openstack.clouds_yaml),
        "OS_CLOUD": MEMBER_CLOUD,
    }
    program = Path(sys.executable).parent / "openstack"

    def type_command(*words: str) -> Any:
        command = [program, *words, "-f", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return type_command
