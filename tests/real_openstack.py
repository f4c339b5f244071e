"""Give tests real OpenStack services: `real_openstack` is known to all of them; mark what asks for it with `MARKS`.

The services start once for each process of a run, which takes a while: `MARKS` keeps all that needs them in one process
and is patient with the first. Who works on such tests saves the start: with `KUBECAPY_OPENSTACK` the folder of an
instance that `make openstack-up` has started, they use that one.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from openstack_services.installation import NotInstalled, find_installation
from openstack_services.instance import Instance, run_openstack

MARKS = [pytest.mark.xdist_group("real-openstack"), pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def real_openstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run all services for the tests of this process; the project has what devcloud's has."""
    if os.environ.get("KUBECAPY_OPENSTACK"):
        yield Instance(Path(os.environ["KUBECAPY_OPENSTACK"]))
        return
    try:
        find_installation()
    except NotInstalled as error:
        pytest.skip(str(error))
    with run_openstack(tmp_path_factory.mktemp("openstack") / "run") as running:
        yield running
