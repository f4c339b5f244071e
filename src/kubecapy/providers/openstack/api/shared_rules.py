"""Check what the providerSpecs of clusters and machines have in common: credentials, tags, addresses, selectors.

A field that asks for something this provider does not do is refused by name; it is never ignored.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from kubecapy.apimachinery.fields import FieldError
from kubecapy.providers.openstack.api.secret_reference import SecretReference
from kubecapy.providers.openstack.api.selectors import SubnetSelector, filter_query

TAGS_MAX: Final = 47
"""Limit: a Nova server has at most 50 tags (compute API, "Server tags"), of which three are our own."""
TAG_CHARACTERS_MAX: Final = 60
"""Limit: a Nova tag has 1 to 60 characters, none of them a comma or slash (compute API, "Server tags")."""

_TAG: Final = re.compile(rf"[^,/]{{1,{TAG_CHARACTERS_MAX}}}")


def each(groups: Iterable[Iterable[FieldError]]) -> Iterable[FieldError]:
    """Return the errors of all `groups` in their order."""
    for group in groups:
        yield from group


def credentials_errors(secret: SecretReference | None, cloud: str, path: str) -> Iterable[FieldError]:
    """Return what is wrong with the reference to credentials in the spec at `path`."""
    if secret is None:
        return
    if not secret.name:
        yield FieldError(f"{path}.cloudsSecret.name", "FieldValueRequired", "the Secret's name is required")
    if not cloud:
        detail = "required where cloudsSecret is set: the entry of its clouds.yaml"
        yield FieldError(f"{path}.cloudName", "FieldValueRequired", detail)


def subnet_errors(subnet: SubnetSelector, path: str) -> Iterable[FieldError]:
    """Return what is wrong with the selector of a subnet at `path`."""
    if not subnet.uuid and not filter_query(subnet.filter):
        yield FieldError(path, "FieldValueRequired", "give uuid or a filter that selects exactly one subnet")


def address_errors(address: str, path: str) -> Iterable[FieldError]:
    """Return what is wrong with an address at `path`; an empty one is none."""
    if address and not is_address(address):
        yield FieldError(path, "FieldValueInvalid", f'"{address}" is not an IP address')


def is_address(text: str) -> bool:
    """Return whether `text` is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def tag_errors(tags: tuple[str, ...], path: str) -> Iterable[FieldError]:
    """Return what is wrong with the tags of the spec at `path`."""
    if len(tags) > TAGS_MAX:
        yield FieldError(f"{path}.tags", "FieldValueTooLong", f"at most {TAGS_MAX} tags, three of Nova's 50 are ours")
    for index, tag in enumerate(tags):
        if not _TAG.fullmatch(tag):
            detail = f'"{tag}" is not a tag: 1 to {TAG_CHARACTERS_MAX} characters without commas and slashes'
            yield FieldError(f"{path}.tags[{index}]", "FieldValueInvalid", detail)


def refusal(path: str, name: str, detail: str) -> FieldError:
    """Return the error of a field that asks for what is not done."""
    return FieldError(f"{path}.{name}", "FieldValueForbidden", detail)


def misfit(path: str, name: str, detail: str) -> FieldError:
    """Return the error of a field that does not fit the others of its spec."""
    return FieldError(f"{path}.{name}", "FieldValueInvalid", detail)


def unsupported(path: str, value: str, supported: tuple[str, ...]) -> FieldError:
    """Return the error of a field whose value is none of those that it may have."""
    known = ", ".join(f'"{item}"' for item in supported)
    return FieldError(path, "FieldValueNotSupported", f'unsupported value "{value}", supported values: {known}')
