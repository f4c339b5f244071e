"""What the functions of rules return, as plain functions."""

import itertools
import re
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from kubecapy.apimachinery.cel_functions import formats, networks, quantities, texts, versions, web
from kubecapy.apimachinery.cel_functions.formats import NamedFormat
from kubecapy.apimachinery.cel_functions.moments import (
    read_duration,
    read_timestamp,
    write_duration,
    write_timestamp,
)
from kubecapy.apimachinery.cel_functions.quantities import Quantity, compare_quantities
from kubecapy.apimachinery.cel_functions.versions import compare_versions

V4 = ip_address("10.1.2.3")
NET = ip_interface("10.1.2.3/8")
CALLS = [
    (texts, "charAt", ("abc", 3), ""),
    (texts, "find", ("ab12", "[0-9]+"), "12"),
    (texts, "find", ("ab", "[0-9]+"), ""),
    (texts, "findAll", ("a1b2", "[0-9]", 1), ["1"]),
    (texts, "findAll", ("a1b2", "[0-9]"), ["1", "2"]),
    (texts, "join", (["a", "b"], "-"), "a-b"),
    (texts, "lowerAscii", ("ÀB",), "Àb"),
    (texts, "upperAscii", ("àb",), "àB"),
    (texts, "replace", ("aaa", "a", "b", 2), "bba"),
    (texts, "split", ("a,b,c", ",", 2), ["a", "b,c"]),
    (texts, "split", ("abc", ""), ["a", "b", "c"]),
    (texts, "split", ("abc", "", 2), ["a", "bc"]),
    (texts, "split", ("abc", "b", 0), []),
    (texts, "substring", ("abc", 1), "bc"),
    (texts, "substring", ("abc", 1, 1), ""),
    (texts, "trim", (" \ta\u2003",), "a"),
    (texts, "strings.quote", ('a\n"',), '"a\\n\\""'),
    (quantities, "isQuantity", ("1Gi",), True),
    (quantities, "isQuantity", ("1GI",), False),
    (quantities, "sign", (Quantity(Decimal(-1)),), -1),
    (quantities, "isInteger", (Quantity(Decimal("0.5")),), False),
    (quantities, "asInteger", (Quantity(Decimal(2)),), 2),
    (quantities, "asApproximateFloat", (Quantity(Decimal("0.1")),), 0.1),
    (quantities, "add", (Quantity(Decimal(1)), 2), Quantity(Decimal(3))),
    (quantities, "sub", (Quantity(Decimal(1)), Quantity(Decimal(2))), Quantity(Decimal(-1))),
    (networks, "ip", ("10.1.2.3",), V4),
    (networks, "ip", (NET,), V4),
    (networks, "isIP", ("10.1.2.03",), False),
    (networks, "ip.isCanonical", ("0::1",), False),
    (networks, "family", (ip_address("::1"),), 6),
    (networks, "isUnspecified", (ip_address("::"),), True),
    (networks, "isLoopback", (ip_address("127.9.9.9"),), True),
    (networks, "isLinkLocalUnicast", (ip_address("fe80::1"),), True),
    (networks, "isLinkLocalMulticast", (ip_address("224.0.0.9"),), True),
    (networks, "isLinkLocalMulticast", (ip_address("224.0.1.9"),), False),
    (networks, "isGlobalUnicast", (V4,), True),
    (networks, "isGlobalUnicast", (ip_address("255.255.255.255"),), False),
    (networks, "cidr", ("10.1.2.3/8",), NET),
    (networks, "isCIDR", ("10.1.2.3/08",), False),
    (networks, "containsIP", (NET, "10.9.9.9"), True),
    (networks, "containsIP", (NET, ip_address("11.0.0.1")), False),
    (networks, "containsCIDR", (NET, "10.0.0.0/7"), False),
    (networks, "containsCIDR", (NET, ip_interface("10.0.0.0/16")), True),
    (networks, "masked", (NET,), ip_interface("10.0.0.0/8")),
    (networks, "prefixLength", (NET,), 8),
    (web, "isURL", ("../a",), False),
    (web, "isURL", ("/a",), True),
    (versions, "isSemver", ("1.2.3-rc.1+b",), True),
    (versions, "isSemver", ("v1.2",), False),
    (versions, "isSemver", ("v1.2", True), True),
    (versions, "isSemver", ("1-rc", True), False),
    (versions, "isSemver", ("1.2.3-",), False),
    (versions, "isSemver", ("1.2.3+",), False),
    (versions, "isSemver", ("1.2.18446744073709551616",), False),
]


@pytest.mark.parametrize(("module", "name", "given", "expected"), CALLS)
def test_a_function_returns(module: Any, name: str, given: tuple[Any, ...], expected: Any) -> None:
    assert module.FUNCTIONS[name](*given) == expected


@pytest.mark.parametrize(
    ("module", "name", "given", "message"),
    [
        (texts, "charAt", ("a", 2), "index out of range: 2"),
        (texts, "substring", ("abc", 2, 1), "invalid substring range. start: 2, end: 1"),
        (texts, "substring", ("abc", 1, 9), "index out of range: 9"),
        (texts, "find", ("a", "("), "Illegal regex: error parsing regexp: missing closing ): `(`"),
        (quantities, "asInteger", (Quantity(Decimal("0.5")),), "cannot convert value to integer"),
        (networks, "ip", ("::ffff:1.2.3.4",), 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'),
        (versions, "semver", ("",), "Version string empty"),
        (versions, "semver", ("1.2",), "No Major.Minor.Patch elements found"),
        (versions, "semver", ("1.02.3",), 'Minor number must not contain leading zeroes "02"'),
        (versions, "semver", ("1.2.x",), 'Invalid character(s) found in patch number "x"'),
        (versions, "semver", ("1.2.3-a..b",), "Prerelease is empty"),
        (versions, "semver", ("1.2.3+a_b",), 'Invalid character(s) found in build meta data "a_b"'),
        (versions, "semver", ("1.2.3-01",), 'Numeric PreRelease version must not contain leading zeroes "01"'),
    ],
)
def test_a_function_refuses(module: Any, name: str, given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        module.FUNCTIONS[name](*given)


@pytest.mark.parametrize(
    ("text", "part", "start", "expected"),
    [("hello", "l", 0, 2), ("hello", "l", 3, 3), ("hello", "", 9, 9), ("hello", "l", 9, -1), ("hello", "x", 0, -1)],
)
def test_a_part_is_found_from_a_place_on(text: str, part: str, start: int, expected: int) -> None:
    assert texts.index_of(text, part, start) == expected


@pytest.mark.parametrize(
    ("start", "expected"), [(None, 3), (2, 2), (1, -1), (9, -1)], ids=["anywhere", "before", "too early", "beyond"]
)
def test_a_part_is_found_up_to_a_place(start: int | None, expected: int) -> None:
    assert texts.last_index_of("hello", "l", start) == expected


def test_quantities_are_ordered_by_what_they_amount_to() -> None:
    quantity = quantities.FUNCTIONS["quantity"]

    assert quantity("1k") == quantity("1000")
    assert compare_quantities(quantity("1Ki"), quantity("1k")) == 1
    assert compare_quantities(quantity("-1"), quantity("1m")) == -1


def test_versions_are_ordered_as_semver_says() -> None:
    ordered = [
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
    ]
    read = [versions.FUNCTIONS["semver"](text) for text in [*ordered, "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0"]]

    assert [compare_versions(one, other) for one, other in itertools.pairwise(read)] == [-1] * (len(read) - 1)
    assert compare_versions(versions.FUNCTIONS["semver"]("1.0.0+a"), read[8]) == 0


def test_the_parts_of_a_url_are_as_go_reads_them() -> None:
    address = web.FUNCTIONS["url"]("https://[::1]:80/a b?k=1&k=2&e=")

    parts = {name: web.FUNCTIONS[name](address) for name in ("getScheme", "getHost", "getHostname", "getPort")}
    assert parts == {"getScheme": "https", "getHost": "[::1]:80", "getHostname": "::1", "getPort": "80"}
    assert web.FUNCTIONS["getEscapedPath"](address) == "/a%20b"
    assert web.FUNCTIONS["getQuery"](address) == {"k": ["1", "2"], "e": [""]}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("dns1123Label", "a-b", "A"),
        ("dns1123Subdomain", "a.b", "a..b"),
        ("dns1035Label", "a1", "1a"),
        ("dns1123LabelPrefix", "a-", "-a"),
        ("qualifiedName", "a.b/c", "a/b/c"),
        ("labelValue", "", "-a"),
        ("uri", "/a", "a"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("byte", "aGVsbG8=", "a"),
        ("date", "2021-02-28", "2021-02-29"),
        ("datetime", "2021-01-01T00:00:00Z", "2021-01-01"),
    ],
)
def test_a_format_tells_what_is_wrong(name: str, good: str, bad: str) -> None:
    named = formats.find_format(name)

    assert named == NamedFormat(name)
    assert formats.find_faults(named, good) is None
    assert formats.find_faults(named, bad)


def test_a_format_that_has_no_such_name_is_none() -> None:
    assert formats.find_format("dns") is None


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [
        ("1h30m", 5400, "5400s"),
        ("-1.5s", -1.5, "-1.5s"),
        ("100us", 0.0001, "0.0001s"),
        ("0", 0, "0s"),
        (".5m", 30, "30s"),
    ],
)
def test_a_duration_is_read_and_written(text: str, seconds: float, written: str) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)
    assert write_duration(read_duration(text)) == written


@pytest.mark.parametrize("text", ["", "1", "1d", "s", "1 s", "2562048h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        read_duration(text)


@pytest.mark.parametrize(
    "text",
    ["2021-02-03T04:05:06Z", "2021-02-03T04:05:06.5+01:00", "0001-01-01T00:00:00Z", "2021-02-03T04:05:06.000001Z"],
)
def test_a_time_is_written_as_it_was_read(text: str) -> None:
    assert write_timestamp(read_timestamp(text)) == text


@pytest.mark.parametrize("text", ["2021-02-03", "2021-02-03T04:05:06", "2021-02-30T04:05:06Z", "2021-02-03 04:05:06Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"parsing time|day is out of range"):
        read_timestamp(text)
