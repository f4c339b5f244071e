"""List the functions that rules may call, with the types that they take and give.

These are what kube-apiserver 1.36 offers to new rules: those of all libraries that its release before knew too, so that
it can be rolled back. A letter is a type variable; `T::f(U)` is a method of T.

Sources: pkg/cel/environment/base.go and pkg/cel/library of k8s.io/apiserver 0.36; common/stdlib/standard.go,
cel/library.go and ext/{strings,sets,lists,comprehensions}.go of cel-go 0.26.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import msgspec

from kubecapy.apimachinery.cel import types
from kubecapy.apimachinery.cel.types import Kind, Type, list_of, map_of, type_of

_ORDERED: Final = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_NUMBERS: Final = ("int", "uint", "double")
_SUMMED: Final = ("int", "uint", "double", "duration")
_TIME_PARTS: Final = (
    "getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes",
    "getSeconds", "getMilliseconds",
)  # fmt: skip
_CONVERSIONS: Final = {
    "bool": "bool string", "bytes": "bytes string", "double": "double int string uint",
    "duration": "duration int string", "int": "int double duration string timestamp uint",
    "string": "string bool bytes double duration int timestamp uint", "timestamp": "timestamp int string",
    "uint": "uint double int string",
}  # fmt: skip
_CORE: Final = """
_?_:_(bool, A, A) -> A
_&&_(bool, bool) -> bool
_||_(bool, bool) -> bool
!_(bool) -> bool
@not_strictly_false(bool) -> bool
_==_(A, A) -> bool
_!=_(A, A) -> bool
_+_(bytes, bytes) -> bytes
_+_(double, double) -> double
_+_(duration, duration) -> duration
_+_(duration, timestamp) -> timestamp
_+_(timestamp, duration) -> timestamp
_+_(int, int) -> int
_+_(list(A), list(A)) -> list(A)
_+_(string, string) -> string
_+_(uint, uint) -> uint
_/_(double, double) -> double
_/_(int, int) -> int
_/_(uint, uint) -> uint
_%_(int, int) -> int
_%_(uint, uint) -> uint
_*_(double, double) -> double
_*_(int, int) -> int
_*_(uint, uint) -> uint
-_(double) -> double
-_(int) -> int
_-_(double, double) -> double
_-_(duration, duration) -> duration
_-_(int, int) -> int
_-_(timestamp, duration) -> timestamp
_-_(timestamp, timestamp) -> duration
_-_(uint, uint) -> uint
_[_](list(A), int) -> A
_[_](map(A, B), A) -> B
@in(A, list(A)) -> bool
@in(A, map(A, B)) -> bool
size(bytes) -> int
bytes::size() -> int
size(list(A)) -> int
list(A)::size() -> int
size(map(A, B)) -> int
map(A, B)::size() -> int
size(string) -> int
string::size() -> int
dyn(A) -> dyn
type(A) -> type(A)
string::contains(string) -> bool
string::endsWith(string) -> bool
string::startsWith(string) -> bool
matches(string, string) -> bool
string::matches(string) -> bool
duration::getHours() -> int
duration::getMinutes() -> int
duration::getSeconds() -> int
duration::getMilliseconds() -> int
"""
_OPTIONALS: Final = """
optional.of(V) -> optional(V)
optional.ofNonZeroValue(V) -> optional(V)
optional.none() -> optional(V)
optional(V)::value() -> V
optional(V)::hasValue() -> bool
optional(V)::or(optional(V)) -> optional(V)
optional(V)::orValue(V) -> V
_?._(dyn, string) -> optional(V)
_[?_](list(V), int) -> optional(V)
_[?_](optional(list(V)), int) -> optional(V)
_[?_](map(K, V), K) -> optional(V)
_[?_](optional(map(K, V)), K) -> optional(V)
_[_](optional(list(V)), int) -> optional(V)
_[_](optional(map(K, V)), K) -> optional(V)
list(V)::last() -> optional(V)
list(V)::first() -> optional(V)
optional.unwrap(list(optional(V))) -> list(V)
list(optional(V))::unwrapOpt() -> list(V)
"""
_EXTENSIONS: Final = """
cel.@mapInsert(map(K, V), K, V) -> map(K, V)
cel.@mapInsert(map(K, V), map(K, V)) -> map(K, V)
string::charAt(int) -> string
string::indexOf(string) -> int
string::indexOf(string, int) -> int
string::lastIndexOf(string) -> int
string::lastIndexOf(string, int) -> int
string::lowerAscii() -> string
string::replace(string, string) -> string
string::replace(string, string, int) -> string
string::split(string) -> list(string)
string::split(string, int) -> list(string)
string::substring(int) -> string
string::substring(int, int) -> string
string::trim() -> string
string::upperAscii() -> string
string::format(list(dyn)) -> string
strings.quote(string) -> string
list(string)::join() -> string
list(string)::join(string) -> string
sets.contains(list(T), list(T)) -> bool
sets.equivalent(list(T), list(T)) -> bool
sets.intersects(list(T), list(T)) -> bool
list(T)::slice(int, int) -> list(T)
list(list(T))::flatten() -> list(T)
list(dyn)::flatten(int) -> list(dyn)
lists.range(int) -> list(int)
list(T)::reverse() -> list(T)
list(T)::distinct() -> list(T)
"""
_KUBERNETES: Final = """
list(A)::indexOf(A) -> int
list(A)::lastIndexOf(A) -> int
string::find(string) -> string
string::findAll(string) -> list(string)
string::findAll(string, int) -> list(string)
url(string) -> URL
URL::getScheme() -> string
URL::getHost() -> string
URL::getHostname() -> string
URL::getPort() -> string
URL::getEscapedPath() -> string
URL::getQuery() -> map(string, list(string))
isURL(string) -> bool
quantity(string) -> Quantity
isQuantity(string) -> bool
sign(Quantity) -> int
Quantity::isGreaterThan(Quantity) -> bool
Quantity::isLessThan(Quantity) -> bool
Quantity::compareTo(Quantity) -> int
Quantity::asApproximateFloat() -> double
Quantity::asInteger() -> int
Quantity::isInteger() -> bool
Quantity::add(Quantity) -> Quantity
Quantity::add(int) -> Quantity
Quantity::sub(Quantity) -> Quantity
Quantity::sub(int) -> Quantity
ip(string) -> IP
IP::family() -> int
ip.isCanonical(string) -> bool
IP::isUnspecified() -> bool
IP::isLoopback() -> bool
IP::isLinkLocalMulticast() -> bool
IP::isLinkLocalUnicast() -> bool
IP::isGlobalUnicast() -> bool
isIP(string) -> bool
string(IP) -> string
cidr(string) -> CIDR
CIDR::containsIP(string) -> bool
CIDR::containsIP(IP) -> bool
CIDR::containsCIDR(string) -> bool
CIDR::containsCIDR(CIDR) -> bool
CIDR::ip() -> IP
CIDR::prefixLength() -> int
CIDR::masked() -> CIDR
isCIDR(string) -> bool
string(CIDR) -> string
Format::validate(string) -> optional(list(string))
format.named(string) -> optional(Format)
semver(string) -> Semver
semver(string, bool) -> Semver
isSemver(string) -> bool
isSemver(string, bool) -> bool
Semver::isGreaterThan(Semver) -> bool
Semver::isLessThan(Semver) -> bool
Semver::compareTo(Semver) -> int
Semver::major() -> int
Semver::minor() -> int
Semver::patch() -> int
Authorizer::path(string) -> PathCheck
Authorizer::group(string) -> GroupCheck
Authorizer::serviceAccount(string, string) -> Authorizer
GroupCheck::resource(string) -> ResourceCheck
ResourceCheck::subresource(string) -> ResourceCheck
ResourceCheck::namespace(string) -> ResourceCheck
ResourceCheck::name(string) -> ResourceCheck
ResourceCheck::fieldSelector(string) -> ResourceCheck
ResourceCheck::labelSelector(string) -> ResourceCheck
PathCheck::check(string) -> Decision
ResourceCheck::check(string) -> Decision
Decision::errored() -> bool
Decision::error() -> string
Decision::allowed() -> bool
Decision::reason() -> string
"""
FORMAT_NAMES: Final = (
    "dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix", "dns1123SubdomainPrefix",
    "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date", "datetime",
)  # fmt: skip
"""Formats that are there by name."""
_NAMED: Final[Mapping[str, Type]] = {
    "dyn": types.DYN,
    "bool": types.BOOL,
    "bytes": types.BYTES,
    "double": types.DOUBLE,
    "duration": types.DURATION,
    "int": types.INT,
    "string": types.STRING,
    "timestamp": types.TIMESTAMP,
    "uint": types.UINT,
    "URL": types.URL,
    "Quantity": types.QUANTITY,
    "IP": types.IP,
    "CIDR": types.CIDR,
    "Format": types.FORMAT,
    "Semver": types.SEMVER,
    **{
        name: types.object_of(f"kubernetes.authorization.{name}")
        for name in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")
    },
}
"""What the signatures call types. Rules have no authorizer; its functions are known all the same."""
_SIGNATURE: Final = re.compile(r"(?:(?P<target>\S.*?)::)?(?P<name>[^(]+)\((?P<taken>.*)\) -> (?P<given>.+)")
_WORD: Final = re.compile(r"\w+|[(),]")


class Overload(msgspec.Struct, frozen=True):
    """One way to call a function."""

    name: str
    taken: tuple[Type, ...]
    """What it takes, with the target of a method first."""
    given: Type
    is_method: bool
    variables: frozenset[Type]
    """The type variables in its types."""


@cache
def overloads() -> Mapping[str, tuple[Overload, ...]]:
    """Return every way to call each function by its name, in cel-go's order."""
    found: defaultdict[str, list[Overload]] = defaultdict(list)
    for line in _lines():
        overload = _read_overload(line)
        found[overload.name].append(overload)
    return {name: tuple(ways) for name, ways in found.items()}


@cache
def type_names() -> Mapping[str, Type]:
    """Return the types that an expression may name, as `type(self) == string` does."""
    a, b = types.parameter("A"), types.parameter("B")
    named = [types.BOOL, types.BYTES, types.DOUBLE, types.DURATION, types.INT, list_of(a), map_of(a, b), types.NULL]
    named += [types.STRING, types.TIMESTAMP, types.TYPE, types.UINT, types.optional_of(types.parameter("T"))]
    named += [types.IP, types.CIDR]
    moments = {"duration": type_of(types.DURATION), "timestamp": type_of(types.TIMESTAMP)}
    return {**moments, **{found.name: type_of(found) for found in named}}


def _lines() -> Iterator[str]:
    yield from _CORE.strip().splitlines()
    yield from _comparisons()
    for name, taken in _CONVERSIONS.items():
        yield from (f"{name}({given}) -> {name}" for given in taken.split())
    for part in _TIME_PARTS:
        yield from (f"timestamp::{part}() -> int", f"timestamp::{part}(string) -> int")
    for item in _ORDERED:
        yield f"list({item})::isSorted() -> bool"
        yield from (f"list({item})::{name}() -> {item}" for name in ("max", "min"))
        yield f"list({item})::sort() -> list({item})"
        yield f"list(T)::@sortByAssociatedKeys(list({item})) -> list(T)"
    yield from (f"list({item})::sum() -> {item}" for item in _SUMMED)
    for lines in (_OPTIONALS, _EXTENSIONS, _KUBERNETES):
        yield from lines.strip().splitlines()
    yield from (f"format.{name}() -> Format" for name in FORMAT_NAMES)


def _comparisons() -> Iterator[str]:
    for sign in ("<", "<=", ">", ">="):
        yield from (f"_{sign}_({one}, {one}) -> bool" for one in _ORDERED)
        pairs = [(one, other) for one in _NUMBERS for other in _NUMBERS if one != other]
        yield from (f"_{sign}_({one}, {other}) -> bool" for one, other in pairs)


def _read_overload(line: str) -> Overload:
    parts = _SIGNATURE.fullmatch(line)
    if parts is None:
        raise AssertionError(f"not a signature: {line}")
    target = _read_types(parts["target"] or "")
    taken = (*target, *_read_types(parts["taken"]))
    (given,) = _read_types(parts["given"])
    variables = frozenset(part for found in (*taken, given) for part in _variables(found))
    return Overload(parts["name"], taken, given, bool(target), variables)


def _read_types(text: str) -> tuple[Type, ...]:
    """Return the types that a text such as `list(A), int` names."""
    # Each open bracket has a list of its own; the last one is the innermost.
    open_: list[list[Type]] = [[]]
    names: list[str] = []
    words = _WORD.findall(text)
    for word, after in zip(words, [*words[1:], ""], strict=False):
        if after == "(":
            names.append(word)
            open_.append([])
        elif word == ")":
            parts = open_.pop()
            open_[-1].append(_composed(names.pop(), parts))
        elif word not in ("(", ","):
            open_[-1].append(_NAMED.get(word) or types.parameter(word))
    return tuple(open_[0])


def _composed(name: str, parts: list[Type]) -> Type:
    match name:
        case "list":
            return list_of(*parts)
        case "map":
            return map_of(*parts)
        case "optional":
            return types.optional_of(*parts)
        case _:
            return type_of(*parts)


def _variables(found: Type) -> Iterator[Type]:
    if found.kind is Kind.PARAMETER:
        yield found
    for part in found.parameters:
        yield from _variables(part)
