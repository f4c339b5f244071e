import pytest
from tests.devcloud.core_client import CoreClient


@pytest.fixture
def client() -> CoreClient:
    """A member of the project on a fresh cloud: boots in 2 s, deletes in 1 s."""
    return CoreClient.fresh()


@pytest.fixture
def admin(client: CoreClient) -> CoreClient:
    """The administrator of the same cloud."""
    return client.as_admin()
