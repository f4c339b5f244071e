"""Compute with sets of characters: ranges of code points, ordered and apart.

Sources: Go's regexp/syntax (Perl and POSIX classes) and Python's `unicodedata` (categories).
"""

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

Ranges = Sequence[tuple[int, int]]
"""First and last code point of each range."""

_DIGIT: Final = ((0x30, 0x39),)
_SPACE: Final = ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))
_WORD: Final = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
PERL: Final[Mapping[str, Ranges]] = MappingProxyType({"d": _DIGIT, "s": _SPACE, "w": _WORD})
"""What `\\d`, `\\s` and `\\w` mean: ASCII alone."""
POSIX: Final[Mapping[str, Ranges]] = MappingProxyType(
    {
        "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
        "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
        "ascii": ((0x00, 0x7F),),
        "blank": ((0x09, 0x09), (0x20, 0x20)),
        "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
        "digit": _DIGIT,
        "graph": ((0x21, 0x7E),),
        "lower": ((0x61, 0x7A),),
        "print": ((0x20, 0x7E),),
        "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
        "space": ((0x09, 0x0D), (0x20, 0x20)),
        "upper": ((0x41, 0x5A),),
        "word": _WORD,
        "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
    }
)


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges of all characters that are in any of `ranges`."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def complement(ranges: Ranges) -> Ranges:
    """Return the ranges of all characters that are in none of `ranges`, which are ordered and apart."""
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= sys.maxunicode:
        found.append((start, sys.maxunicode))
    return found


def find_category(name: str) -> Ranges | None:
    """Return the characters of a Unicode category such as `Lu` or `L`; None where there is none of that name.

    Limit: scripts, such as `Greek`, are not known.
    """
    if name == "Any":
        return ((0, sys.maxunicode),)
    by_category = _categories()
    if name in by_category:
        return by_category[name]
    found = [range_ for category, ranges in by_category.items() if category[0] == name for range_ in ranges]
    return union(found) if found else None


@lru_cache(maxsize=1)
def _categories() -> Mapping[str, Ranges]:
    """Return the characters of every category, read once: there are a million."""
    found: dict[str, list[tuple[int, int]]] = {}
    for code in range(sys.maxunicode + 1):
        ranges = found.setdefault(unicodedata.category(chr(code)), [])
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    # What is not assigned is in no category of Go's.
    found.pop("Cn", None)
    return found
