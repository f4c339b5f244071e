"""Read which objects a person means: `machines`, `machine NAME`, `machine/NAME`, `clusters,machines`."""

from collections.abc import Sequence

import msgspec

from kubecapy.clusterctl.errors import ClusterctlError


class Target(msgspec.Struct, frozen=True):
    """One kind, and one object of it where `name` is not empty."""

    type: str
    """As the person writes it; the server's discovery knows what it stands for."""
    name: str = ""


def parse_targets(arguments: Sequence[str]) -> list[Target]:
    """Return what `arguments` name.

    Raises:
        ClusterctlError: nothing is named, or the two forms are mixed.
    """
    if not arguments:
        raise ClusterctlError("no kind named; expected for example: machines, machine NAME or machine/NAME")
    if any("/" in argument for argument in arguments):
        return [_parse_pair(argument) for argument in arguments]
    types = [type_ for type_ in arguments[0].split(",") if type_]
    names = arguments[1:]
    if names and len(types) > 1:
        raise ClusterctlError("names cannot follow several kinds; write kind/name for each object")
    return [Target(type_, name) for type_ in types for name in names or ("",)]


def _parse_pair(argument: str) -> Target:
    type_, slash, name = argument.partition("/")
    if not slash or not type_ or not name or "/" in name:
        raise ClusterctlError(f'"{argument}" is no kind/name; where one argument has that form, all must')
    return Target(type_, name)
