"""Give tests real OpenStack services: import `real_openstack` into a conftest, and mark what asks for it.

The services start once for each process of a run, which takes a while: `MARKS` keeps all that needs them in one process
and is patient with the first.
"""

from collections.abc import Iterator

import pytest
from openstack_services.installation import NotInstalled, find_installation
from openstack_services.instance import Instance, run_openstack

MARKS = [pytest.mark.xdist_group("real-openstack"), pytest.mark.timeout(600)]
MEMBER_CLOUD, ADMIN_CLOUD = "openstack", "admin"
"""In `clouds_yaml` of the instance, as in that of devcloud."""


@pytest.fixture(scope="session")
def real_openstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run all services for the tests of this process; the project has what devcloud's has."""
    try:
        find_installation()
    except NotInstalled as error:
        pytest.skip(str(error))
    with run_openstack(tmp_path_factory.mktemp("openstack") / "run") as running:
        yield running
