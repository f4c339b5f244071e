"""Count with ranges of sizes and costs: at least so much, at most so much, and never more than 64 bits.

Source: checker/cost.go of cel-go.
"""

import math
from typing import Final

import msgspec

MOST: Final = 2**64 - 1


class Range(msgspec.Struct, frozen=True):
    """How large something is, or how much it costs."""

    least: int
    most: int

    def __add__(self, other: "Range") -> "Range":
        """Return the range of a sum."""
        return Range(min(self.least + other.least, MOST), min(self.most + other.most, MOST))

    def __mul__(self, other: "Range") -> "Range":
        """Return the range of a product."""
        return Range(min(self.least * other.least, MOST), min(self.most * other.most, MOST))

    def __or__(self, other: "Range") -> "Range":
        """Return the range of what is one or the other."""
        return Range(min(self.least, other.least), max(self.most, other.most))

    def times(self, factor: float) -> "Range":
        """Return the range of a multiple."""
        return Range(_times(self.least, factor), _times(self.most, factor))


def exactly(count: int) -> Range:
    """Return the range of one number."""
    return Range(count, count)


UNKNOWN: Final = Range(0, MOST)
NEVER: Final = Range(MOST, 0)
"""What adds nothing to a union."""
ONE: Final = exactly(1)


def _times(count: int, factor: float) -> int:
    product = float(count) * factor
    return MOST if product >= float(2**64) else min(math.ceil(product), MOST)
