"""Semantic versions as values of rules: `semver('1.2.3').isLessThan(semver('1.10.0'))`.

Sources: pkg/cel/library/semverlib.go of k8s.io/apiserver; https://semver.org; github.com/blang/semver/v4.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

_VERSION: Final = re.compile(r"([^.]*)\.([^.]*)\.([^+-]*)(?:-([^+]*))?(?:\+(.*))?", re.DOTALL)
_NUMBER: Final = re.compile("[0-9]+")
_WORD: Final = re.compile("[0-9A-Za-z-]+")
_MOST: Final = 2**64 - 1


class Version(msgspec.Struct, frozen=True):
    """A version; of the build, which has no part in the order, nothing is kept."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()


def _semver(text: str, is_lenient: bool = False) -> Version:  # noqa: FBT001, FBT002 - rules give it by place
    return _parse(_normalize(text) if is_lenient else text)


def _normalize(text: str) -> str:
    """Return a version without a `v` before it and zeros before its numbers, and with all three of those."""
    parts = [_without_zeros(part) for part in text.removeprefix("v").split(".", 2)]
    if len(parts) < 3 and re.search("[+-]", parts[-1]):
        raise ValueError("short version cannot contain PreRelease/Build meta data")
    return ".".join([*parts, "0", "0"][:3])


def _without_zeros(part: str) -> str:
    rest = part.lstrip("0")
    return part if len(part) < 2 else rest if rest[:1].isdecimal() else f"0{rest}"


def _parse(text: str) -> Version:
    if not text:
        raise ValueError("Version string empty")
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError("No Major.Minor.Patch elements found")
    named = zip(("major", "minor", "patch"), found.groups()[:3], strict=True)
    major, minor, patch = (_number(part, name) for name, part in named)
    prerelease = tuple(found[4].split(".")) if found[4] is not None else ()
    for word in prerelease:
        _check_word(word, "Prerelease")
        if word.isdecimal() and len(word) > 1 and word.startswith("0"):
            raise ValueError(f'Numeric PreRelease version must not contain leading zeroes "{word}"')
    for word in found[5].split(".") if found[5] is not None else ():
        _check_word(word, "Build meta data")
    return Version(major, minor, patch, prerelease)


def _number(text: str, name: str) -> int:
    if not _NUMBER.fullmatch(text):
        if not text:
            raise ValueError('strconv.ParseUint: parsing "": invalid syntax')
        raise ValueError(f'Invalid character(s) found in {name} number "{text}"')
    if len(text) > 1 and text.startswith("0"):
        raise ValueError(f'{name.capitalize()} number must not contain leading zeroes "{text}"')
    if int(text) > _MOST:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def _check_word(word: str, what: str) -> None:
    if not word:
        raise ValueError(f"{what} is empty")
    if not _WORD.fullmatch(word):
        kind = "prerelease" if what == "Prerelease" else "build meta data"
        raise ValueError(f'Invalid character(s) found in {kind} "{word}"')


def _is_semver(text: str, is_lenient: bool = False) -> bool:  # noqa: FBT001, FBT002 - rules give it by place
    try:
        _semver(text, is_lenient)
    except ValueError:
        return False
    return True


def compare_versions(one: Version, other: Version) -> int:
    """Return -1, 0 or 1 as one version comes before another, with it or after it."""
    return (_order(one) > _order(other)) - (_order(one) < _order(other))


def _order(version: Version) -> tuple[object, ...]:
    # Numbers come before words, and a version without any of both after all that have some.
    words = tuple((0, int(word), "") if word.isdecimal() else (1, 0, word) for word in version.prerelease)
    return (version.major, version.minor, version.patch, not words, words)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "semver": _semver,
        "isSemver": _is_semver,
        "major": lambda version: version.major,
        "minor": lambda version: version.minor,
        "patch": lambda version: version.patch,
    }
)
