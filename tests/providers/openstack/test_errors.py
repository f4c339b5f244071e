"""Each answer of a service becomes one of the contract's errors, in the service's own words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kubecapy.contract.errors import (
    CapacityExhausted,
    Conflict,
    InvalidConfiguration,
    NotFound,
    PermissionDenied,
    ProviderError,
    Throttled,
    Unavailable,
)
from kubecapy.providers.openstack.errors import Refusal, provider_error

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def translate(status: int, body: Any = None, service: str = "network", **headers: str) -> ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return provider_error(Refusal("creating port m-0", service, status, names, raw), NOW)


def neutron(message: str) -> dict[str, Any]:
    return {"NeutronError": {"type": "X", "message": message, "detail": ""}}


def nova(message: str, kind: str = "badRequest") -> dict[str, Any]:
    return {kind: {"code": 400, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, nova("Invalid input for field/attribute name."), InvalidConfiguration),
        (400, nova("Invalid key_name provided."), NotFound),
        (400, nova("Image abc could not be found."), NotFound),
        (400, nova("Can not find requested image"), NotFound),
        (401, {"error": {"message": "The request you have made requires authentication."}}, PermissionDenied),
        (403, nova("Policy doesn't allow it", "forbidden"), PermissionDenied),
        (403, nova("Quota exceeded for instances: Requested 1, but already used 4 of 4 instances"), CapacityExhausted),
        (404, neutron("Port x could not be found."), NotFound),
        (404, b"<html>nothing here</html>", Unavailable),
        (406, {"errors": [], "message": "Version 2.52 is not supported"}, InvalidConfiguration),
        (409, neutron("Quota exceeded for resources: ['port']."), CapacityExhausted),
        (409, neutron("No more IP addresses available on network x."), CapacityExhausted),
        (409, neutron("IP address 10.0.0.1 already allocated in subnet x"), Conflict),
        (412, neutron("Constrained to 1, but current revision is 2"), Conflict),
        (413, {"overLimit": {"message": "This request was rate-limited."}}, CapacityExhausted),
        (429, {}, Throttled),
        (500, {"computeFault": {"message": "Unexpected API Error."}}, Unavailable),
        (502, b"<html><h1>502 Bad Gateway</h1></html>", Unavailable),
        (503, {}, Unavailable),
        (300, {}, Unavailable),
        (599, b"\xff\xfe", Unavailable),
    ],
)
def test_an_answer_becomes_the_error_that_says_what_to_do(
    status: int, body: Any, expected: type[ProviderError]
) -> None:
    assert type(translate(status, body)) is expected


def test_the_message_says_what_was_attempted_what_came_back_and_by_which_request() -> None:
    error = translate(409, neutron("IP address 10.0.0.1 already allocated."), x_openstack_request_id="req-1")
    assert str(error) == "creating port m-0: IP address 10.0.0.1 already allocated (network 409, req-1)"


def test_an_answer_without_words_is_named_by_its_status() -> None:
    assert str(translate(503)) == "creating port m-0: service unavailable (network 503)"
    assert str(translate(499)) == "creating port m-0: an unknown answer (network 499)"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Mon, 23 Nov 2026 00:00:30 GMT", 30.0), ("99999", 300.0), ("soon", 10.0), ("", 10.0)],
)
def test_a_throttled_call_says_how_long_to_wait(header: str, seconds: float) -> None:
    error = translate(429, {}, retry_after=header)
    assert isinstance(error, Throttled)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize("status", [413, 503])
def test_a_wait_that_comes_with_another_status_is_obeyed(status: int) -> None:
    error = translate(status, {}, retry_after="3")
    assert isinstance(error, Throttled)
    assert error.retry_after_seconds == 3.0


def test_a_nova_that_is_too_old_for_tags_says_what_to_set() -> None:
    error = translate(406, {"message": "Version 2.52 is not supported by the API."}, service="compute")
    assert isinstance(error, InvalidConfiguration)
    assert str(error).endswith('this Nova knows no server tags, set "disableServerTags" in the Cluster\'s providerSpec')


def test_a_page_of_glance_is_read_without_its_tags() -> None:
    page = b"<html><head><title>404</title></head><body>No image found with ID x</body></html>"
    error = translate(404, page, service="image")
    assert isinstance(error, NotFound)
    assert "No image found with ID x (image 404)" in str(error)


def test_a_value_that_nova_repeats_is_cut_off() -> None:
    words = "Invalid input for field/attribute user_data. Value: c2VjcmV0. 'c2VjcmV0' is not a 'base64'"
    assert str(translate(400, nova(words), service="compute")) == (
        "creating port m-0: Invalid input for field/attribute user_data (compute 400)"
    )


def test_long_words_are_shortened_and_lines_joined() -> None:
    text = str(translate(400, nova("a\nb " + "x" * 1000)))
    assert "a b xxx" in text
    assert len(text) < 400
