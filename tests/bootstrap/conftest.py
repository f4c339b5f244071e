import pytest
from tests.bootstrap import builders

from kubecapy.bootstrap.certificates import Authorities


@pytest.fixture(scope="session")
def authorities() -> Authorities:
    return builders.authorities()
