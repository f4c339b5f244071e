"""Read the public key that a machine's spec holds, or the Secret that it names."""

from kubecapy.contract.actuators import SecretReader
from kubecapy.contract.errors import InvalidConfiguration, NotFound
from kubecapy.providers.openstack.api.machine_rules import is_public_key
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec


async def read_public_key(secrets: SecretReader, spec: MachineProviderSpec, namespace: str) -> str:
    """Return the key's line; empty where none is asked for. `namespace` is the machine's.

    Raises:
        NotFound: the Secret, or its entry, is not there.
        InvalidConfiguration: what it holds is no public key.
    """
    reference = spec.public_key_secret
    if reference is None:
        return spec.public_key.strip()
    source = f"Secret {reference.namespace or namespace}/{reference.name}"
    data = await secrets.read_secret(reference.namespace or namespace, reference.name)
    if data is None:
        raise NotFound(f"{source}, which publicKeySecret names, does not exist")
    if reference.key not in data:
        raise NotFound(f'{source}, which publicKeySecret names, has no key "{reference.key}"')
    text = data[reference.key].decode(errors="replace").strip()
    if not is_public_key(text):
        raise InvalidConfiguration(f'key "{reference.key}" of {source} holds no OpenSSH public key of one line')
    return text
