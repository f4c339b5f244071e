"""Check what types alone cannot say of a machine's providerSpec: required fields, forms, and what is not done yet."""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.header import MACHINE_KIND, header_errors
from kubecapy.providers.openstack.api.machine_spec import MachineProviderSpec
from kubecapy.providers.openstack.api.port_rules import (
    group_errors,
    network_errors,
    ports_errors,
    reference_errors,
)
from kubecapy.providers.openstack.api.shared_rules import (
    address_errors,
    credentials_errors,
    each,
    refusal,
    tag_errors,
)
from kubecapy.providers.openstack.api.volumes_spec import RootSource, RootVolume, VolumeWish

RESERVED_METADATA_PREFIX: Final = "kubecapy"
METADATA_CHARACTERS_MAX: Final = 255
"""Limit: a Nova metadata key or value has at most 255 characters (compute API, "Server metadata")."""
ROOT_VOLUME_NAME: Final = "root"

_VOLUME_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PUBLIC_KEY: Final = re.compile(r"(?P<type>[a-z0-9@.-]+) (?P<key>[A-Za-z0-9+/]+={0,3})( .*)?")


def machine_errors(spec: MachineProviderSpec, path: str) -> tuple[FieldError, ...]:
    """Return what is wrong with a machine's providerSpec whose types are right."""
    return (
        *header_errors(spec.api_version, spec.kind, (MACHINE_KIND,), path),
        *_required(_references(spec), path),
        *credentials_errors(spec.clouds_secret, spec.cloud_name, path),
        *each(network_errors(item, f"{path}.networks[{i}]") for i, item in enumerate(spec.networks)),
        *ports_errors(spec.ports, f"{path}.ports"),
        *each(group_errors(item, f"{path}.securityGroups[{i}]") for i, item in enumerate(spec.security_groups)),
        *address_errors(spec.floating_ip, f"{path}.floatingIP"),
        *reference_errors(spec.floating_ip_pool, f"{path}.floatingIPPool"),
        *tag_errors(spec.tags, path),
        *_metadata_errors(spec.server_metadata, f"{path}.serverMetadata"),
        *_root_errors(spec.root_volume, f"{path}.rootVolume"),
        *_volumes_errors(spec.volumes, f"{path}.volumes"),
        *_key_errors(spec, path),
        *_exclusive_errors(spec, path),
        *_machine_refusals(spec, path),
    )


def _references(spec: MachineProviderSpec) -> Mapping[str, str]:
    """Return what must be named; a server that boots from a person's volume or a snapshot needs no image."""
    root = spec.root_volume
    if root is not None and root.source in ("volume", "snapshot"):
        return {"flavor": spec.flavor}
    return {"flavor": spec.flavor, "image": spec.image}


def _required(values: Mapping[str, str], path: str) -> Iterable[FieldError]:
    for name, value in values.items():
        if not value:
            yield FieldError(f"{path}.{name}", "FieldValueRequired", f"{name} is required, give its name or id")


def _metadata_errors(metadata: Mapping[str, str], path: str) -> Iterable[FieldError]:
    for key, value in metadata.items():
        if key.startswith(RESERVED_METADATA_PREFIX):
            detail = f'keys that begin with "{RESERVED_METADATA_PREFIX}" mark what is ours, choose another'
            yield FieldError(f"{path}.{key}", "FieldValueForbidden", detail)
        if not key or max(len(key), len(value)) > METADATA_CHARACTERS_MAX:
            detail = f"keys and values have at most {METADATA_CHARACTERS_MAX} characters, keys at least 1"
            yield FieldError(f"{path}.{key}", "FieldValueTooLong", detail)


def _root_errors(root: RootVolume | None, path: str) -> Iterable[FieldError]:
    if root is None:
        return
    sources = get_args(RootSource)
    if root.source not in sources:
        detail = f'"{root.source_type}" is none of {", ".join(sources)}'
        yield FieldError(f"{path}.sourceType", "FieldValueInvalid", detail)
    if root.source in ("volume", "snapshot") and not root.source_uuid:
        detail = f"give the id of the {root.source} that the server boots from"
        yield FieldError(f"{path}.sourceUUID", "FieldValueRequired", detail)
    yield from _size_errors(root.disk_size, 0, f"{path}.diskSize")
    for name, value in (("volumeType", root.volume_type), ("availabilityZone", root.availability_zone)):
        if value and root.is_given:
            yield FieldError(f"{path}.{name}", "FieldValueForbidden", "the volume is given as it is, leave this out")


def _volumes_errors(volumes: Sequence[VolumeWish], path: str) -> Iterable[FieldError]:
    counted = Counter(volume.name for volume in volumes)
    for index, volume in enumerate(volumes):
        if not _VOLUME_NAME.fullmatch(volume.name) or volume.name == ROOT_VOLUME_NAME:
            detail = (
                f'"{volume.name}" is not a volume\'s name: lower-case letters, digits and hyphens; '
                f'"{ROOT_VOLUME_NAME}" is the root volume\'s'
            )
            yield FieldError(f"{path}[{index}].name", "FieldValueInvalid", detail)
        elif counted[volume.name] > 1:
            detail = f'"{volume.name}" is given to {counted[volume.name]} volumes'
            yield FieldError(f"{path}[{index}].name", "FieldValueDuplicate", detail)
        yield from _size_errors(volume.disk_size, 1, f"{path}[{index}].diskSize")


def _size_errors(size: int, least: int, path: str) -> Iterable[FieldError]:
    if size < least:
        yield FieldError(path, "FieldValueInvalid", f"{size} GiB are not a size, give {least} or more")


def _key_errors(spec: MachineProviderSpec, path: str) -> Iterable[FieldError]:
    if spec.public_key and not is_public_key(spec.public_key):
        detail = "not an OpenSSH public key of one line, as in `ssh-ed25519 AAAA...`"
        yield FieldError(f"{path}.publicKey", "FieldValueInvalid", detail)
    if spec.public_key_secret is not None and not spec.public_key_secret.name:
        yield FieldError(f"{path}.publicKeySecret.name", "FieldValueRequired", "the Secret's name is required")


def is_public_key(text: str) -> bool:
    """Return whether `text` is a public key as OpenSSH writes it: one line, whose base64 part names the key's type."""
    match = _PUBLIC_KEY.fullmatch(text.strip())
    if match is None:
        return False
    try:
        blob = base64.b64decode(match["key"], validate=True)
    except binascii.Error:
        return False
    # RFC 4253 6.6: the blob begins with the type's length in four bytes, then the type.
    return blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode(errors="replace") == match["type"]


def _exclusive_errors(spec: MachineProviderSpec, path: str) -> Iterable[FieldError]:
    """Return the fields of which only one may be given, each beside the one before it."""
    groups: Sequence[Mapping[str, object]] = (
        {"floatingIP": spec.floating_ip, "floatingIPPool": spec.floating_ip_pool},
        {"keyName": spec.key_name, "publicKey": spec.public_key, "publicKeySecret": spec.public_key_secret},
        {"serverGroup": spec.server_group, "schedulerHints.group": spec.scheduler_hints.get("group")},
    )
    for fields in groups:
        first, *others = [name for name, value in fields.items() if value] or [""]
        for name in others:
            yield FieldError(f"{path}.{name}", "FieldValueForbidden", f"{first} is given too, leave one of them out")


def _machine_refusals(spec: MachineProviderSpec, path: str) -> Iterable[FieldError]:
    kubeadm = spec.kubeadm_configuration
    if kubeadm is not None and (kubeadm.join or kubeadm.init):
        yield refusal(path, "kubeadmConfiguration", "not supported, change the template in the user-data Secret")
