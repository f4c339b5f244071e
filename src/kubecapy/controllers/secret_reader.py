"""Let a provider read Secrets, and nothing else, of the management cluster."""

from collections.abc import Mapping

from kubecapy.api.core import SECRETS, secret_data
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.client.interfaces import Reader


class ApiSecretReader:
    """Implements `kubecapy.contract.actuators.SecretReader` on an API client."""

    def __init__(self, reader: Reader) -> None:
        """Read through `reader`."""
        self._reader = reader

    async def read_secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """Return the decoded data of the Secret; None where it is absent.

        Raises:
            StatusError: the API refused.
            ValueError: a value is not base64; the message names Secret and key.
        """
        secret = await self._reader.find(SECRETS, ObjectKey(namespace, name))
        return secret_data(secret) if secret is not None else None
