"""Count durations in buckets, a tenth of the cost of the metrics library's histogram.

Some are counted for every change and every request.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate


class Durations:
    """How many durations fell in each bucket."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Begin with none; `bounds` are the upper bounds of the buckets in seconds, growing."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float, /) -> None:
        """Count one duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> Sequence[tuple[str, float]]:
        """Return each upper bound with the number of durations up to it."""
        names = (*(str(float(bound)) for bound in self._bounds), "+Inf")
        return list(zip(names, accumulate(self._counts), strict=True))
