"""Say how long a failed key waits before its next pass.

Source: client-go util/workqueue/default_rate_limiters.go: per key 5 ms doubling up to 1000 s, and for all keys
together 10 a second with bursts of 100; the longer wait counts.
"""

from collections.abc import Hashable
from random import Random
from typing import Protocol

import msgspec

from kubecapy.clock import Clock


class RateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one queue."""

    base_seconds: float = 0.005
    """Wait after the first failure of a key; doubled after each further one."""
    max_seconds: float = 1000.0
    """Longest wait of a key, but for the jitter."""
    jitter: float = 0.0
    """By what part of itself a wait may grow at random, so that keys that failed together do not come back together."""
    per_second: float = 10.0
    """Failed keys that come back each second, all together."""
    burst: int = 100
    """Failed keys that may come back at once after a quiet time."""


class RateLimiter(Protocol):
    """Says how long a key waits."""

    def delay(self, key: Hashable) -> float:
        """Count a failure of `key` and return the seconds until it may run again."""
        ...

    def forget(self, key: Hashable) -> None:
        """Let `key` begin anew."""
        ...


def rate_limiter(limits: RateLimits, clock: Clock, random: Random) -> RateLimiter:
    """Return the limiter that keeps `limits`."""
    backoff = Jittered(KeyBackoff(limits.base_seconds, limits.max_seconds), limits.jitter, random)
    return Slowest(backoff, TokenBucket(limits.per_second, limits.burst, clock))


class KeyBackoff:
    """Doubles the wait of each key with each of its failures."""

    def __init__(self, base_seconds: float, max_seconds: float) -> None:
        """Begin at `base_seconds`, end at `max_seconds`."""
        self._base = base_seconds
        self._max = max_seconds
        self._failures: dict[Hashable, int] = {}

    def delay(self, key: Hashable) -> float:
        """Count a failure of `key` and return its wait in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        # Limit: 2.0 ** 1024 overflows a float; no wait is that long.
        return min(self._base * 2.0 ** min(failures, 64), self._max)

    def forget(self, key: Hashable) -> None:
        """Forget the failures of `key`."""
        self._failures.pop(key, None)


class Jittered:
    """Makes the waits of another limiter longer by a random part of themselves."""

    def __init__(self, limiter: RateLimiter, jitter: float, random: Random) -> None:
        """Let each wait of `limiter` grow by up to `jitter` of itself."""
        self._limiter = limiter
        self._jitter = jitter
        self._random = random

    def delay(self, key: Hashable) -> float:
        """Count a failure of `key` and return its wait in seconds."""
        return self._limiter.delay(key) * (1.0 + self._jitter * self._random.random())

    def forget(self, key: Hashable) -> None:
        """Let `key` begin anew."""
        self._limiter.forget(key)


class TokenBucket:
    """Lets a number of keys a second through, whatever keys they are."""

    def __init__(self, per_second: float, burst: int, clock: Clock) -> None:
        """Begin with a full bucket."""
        self._per_second = per_second
        self._burst = float(burst)
        self._clock = clock
        self._tokens = float(burst)
        self._counted_at: float | None = None

    def delay(self, key: Hashable) -> float:
        """Take a token and return the seconds until it is there; the bucket may owe tokens."""
        del key
        self._fill()
        self._tokens -= 1.0
        return max(0.0, -self._tokens / self._per_second)

    def take(self) -> bool:
        """Take a token where one is there, and return whether it was."""
        self._fill()
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def forget(self, key: Hashable) -> None:
        """Do nothing: tokens belong to nobody."""
        del key

    def _fill(self) -> None:
        now = self._clock.monotonic()
        elapsed = 0.0 if self._counted_at is None else now - self._counted_at
        self._counted_at = now
        self._tokens = min(self._burst, self._tokens + elapsed * self._per_second)


class Slowest:
    """Lets the longest wait of several limiters count."""

    def __init__(self, *limiters: RateLimiter) -> None:
        """Ask all of `limiters`."""
        self._limiters = limiters

    def delay(self, key: Hashable) -> float:
        """Count a failure of `key` everywhere and return the longest wait."""
        return max(limiter.delay(key) for limiter in self._limiters)

    def forget(self, key: Hashable) -> None:
        """Let `key` begin anew everywhere."""
        for limiter in self._limiters:
            limiter.forget(key)
