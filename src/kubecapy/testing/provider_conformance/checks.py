"""Judge what a provider returns and raises by what the contract says of it."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import msgspec

from kubecapy.contract.actuators import (
    BootFile,
    ClusterObservation,
    Deletion,
    Instance,
    InstanceState,
    Reservation,
)
from kubecapy.contract.errors import REACTIONS, NotReady, ProviderError, Throttled

_MESSAGE_CHARACTERS_MAX: Final = 1000
"""A status line wants less; beyond it something else than a sentence was passed on."""
_HOST_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PERMISSIONS: Final = re.compile(r"0?[0-7]{3}")
_PORT_MAX: Final = 65535


class Violation(AssertionError):
    """The provider broke a promise of the contract; the message says which, and what was seen."""


def expect(holds: object, promise: str, seen: object = None) -> None:
    """Do nothing where the promise `holds`.

    Raises:
        Violation: it does not; the message is the promise, and what was seen instead.
    """
    if not holds:
        raise Violation(promise if seen is None else f"{promise}; seen: {seen}")


def check_error(verb: str, error: ProviderError, hidden: Sequence[str]) -> None:
    """Check that a person can do something with an error, and that it holds no secret."""
    what, text = f"{verb} raised {type(error).__name__}", str(error)
    known = any(kind in REACTIONS for kind in type(error).__mro__)
    expect(known, f"{what}, which is none of the closed set")
    expect(text.strip(), f"{what} without a sentence")
    expect("\n" not in text, f"{what} with a line break in its sentence", text)
    expect(len(text) <= _MESSAGE_CHARACTERS_MAX, f"{what} with {len(text)} characters, no sentence for a status")
    if isinstance(error, NotReady | Throttled):
        _check_seconds(what, error.retry_after_seconds)
    check_hidden(what, text, hidden)


def check_result(verb: str, result: object, hidden: Sequence[str]) -> None:
    """Check the shape of what a verb returned, and that it holds no secret."""
    match result:
        case Reservation():
            _check_reservation(verb, result)
        case Instance():
            _check_instance(verb, result)
        case Deletion():
            expect(result.gone or result.waiting_for, f"{verb} does not say what it waits for")
            _check_seconds(verb, result.retry_after_seconds)
        case ClusterObservation():
            _check_json(verb, "provider_status", result.provider_status)
            _check_seconds(verb, result.retry_after_seconds)
            if result.endpoint is not None:
                expect(result.endpoint.host, f"{verb} returned an endpoint without a host")
                expect(0 < result.endpoint.port <= _PORT_MAX, f"{verb} returned a port that is none", result.endpoint)
    check_hidden(f"what {verb} returned", f"{result}", hidden)


def check_hidden(what: str, text: str, hidden: Sequence[str]) -> None:
    """Check that none of the `hidden` words stands in `text`; the words themselves are not repeated."""
    for number, word in enumerate(hidden):
        expect(word not in text, f"{what} holds secret {number} of the test cloud, or user data")


def _check_reservation(verb: str, reservation: Reservation) -> None:
    expect(reservation.addresses, f"{verb} returned no address: they are known before the server is made")
    for item in reservation.addresses:
        if item.type in ("InternalIP", "ExternalIP"):
            _check_address(verb, item.address)
    named = _HOST_NAME.fullmatch(reservation.hostname)
    expect(named, f"{verb} returned a host name that is none", reservation.hostname)
    for file in reservation.boot_files:
        _check_boot_file(verb, file)
    _check_texts(verb, "kubelet_arguments", reservation.kubelet_arguments)
    _check_texts(verb, "annotations", reservation.annotations)
    _check_json(verb, "provider_status", reservation.provider_status)


def _check_instance(verb: str, instance: Instance) -> None:
    scheme, found, rest = instance.provider_id.partition("://")
    expect(scheme and found and rest, f"{verb} returned a providerID that is none", instance.provider_id)
    expect(instance.state in get_args(InstanceState), f"{verb} returned a state that is none", instance.state)
    expect(instance.state != "Failed" or instance.fault, f"{verb} returned a Failed server without the cloud's words")
    _check_texts(verb, "annotations", instance.annotations)
    _check_json(verb, "provider_status", instance.provider_status)


def _check_boot_file(verb: str, file: BootFile) -> None:
    expect(file.path.startswith("/"), f"{verb} returned a boot file whose path is not absolute", file.path)
    allowed = _PERMISSIONS.fullmatch(file.permissions)
    expect(allowed, f"{verb} returned a boot file with permissions that are none", file.permissions)


def _check_address(verb: str, address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise Violation(f"{verb} returned an address that is none: {address}") from error


def _check_texts(verb: str, field: str, values: Mapping[str, str]) -> None:
    texts = all(isinstance(item, str) for pair in values.items() for item in pair)
    expect(texts, f"{field} that {verb} returned holds something else than texts", values)


def _check_json(verb: str, field: str, value: Mapping[str, Any] | None) -> None:
    """Check that the value comes back from the API server as it went, so that an equal status is seen as equal."""
    if value is None:
        return
    try:
        back = msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError) as error:
        raise Violation(f"{field} that {verb} returned cannot be stored: {error}") from error
    expect(isinstance(back, dict), f"{field} that {verb} returned is no object")


def _check_seconds(what: str, seconds: float) -> None:
    sensible = isinstance(seconds, int | float) and 0 <= seconds <= 3600
    expect(sensible, f"{what} with a wait that is none, from 0 to 3600 seconds", seconds)
